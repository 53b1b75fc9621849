"""Reads `images.csv`, the table a lab writes by hand or by a few lines of code.

Needed: path, plate, well, site; channel where a site has several images. What verbs may ask for:
cell_line, condition, hours, batch, pert_iname, concentration_um, control_type, and bit_depth where
files hold 16-bit values. plane, timepoint and simulated are known too; any other column is carried
along as `Metadata_<name>`, as text. Paths are relative to the table's folder, or absolute.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen.plates import columns, values
from cellscreen.plates.delimited import Sheet, read_sheet
from cellscreen.plates.problems import Problems
from cellscreen.plates.rows import check_rows

NAME = "images.csv"


def read_images_csv(path: Path) -> pd.DataFrame:
    """Reads an `images.csv` to a plate table.

    Raises:
        PlateTableError: the file cannot be read, lacks a column, or has rows that cannot be right;
            all of them are told together, with line, plate and well.
    """
    problems = Problems(path, fix="Mend the table and try again.")
    sheet = read_sheet(path, problems, columns.is_known)
    cells = _named(sheet, problems)
    table = _parsed(cells, path.parent, sheet.delimiter, problems)
    if len(table):
        check_rows(table, cells, problems)
    elif not problems.found:
        problems.add("Expected a row an image, got a header only.")
    problems.raise_any()
    return columns.plate_table(table)


def _named(sheet: Sheet, problems: Problems) -> pd.DataFrame:
    """Returns the cells with the plate table's column names; the index is the line.

    Raises:
        PlateTableError: a required column is missing, or two have one name.
    """
    names = [columns.column_of(header) for header in sheet.header]
    cells = pd.DataFrame(sheet.rows, columns=names, index=sheet.lines, dtype=object)
    nameless = [place for place, header in enumerate(sheet.header) if not header]
    for place in nameless:
        if (cells.iloc[:, place] != "").any():
            problems.add(f"Column {place + 1} has values but no name.", line=1)
    found = [name for place, name in enumerate(names) if place not in nameless]
    missing = [name for name in columns.REQUIRED if columns.column_of(name) not in found]
    if missing:
        problems.found.clear()
        listed = ", ".join(header for header in sheet.header if header)
        problems.add(
            f"Expected the columns {', '.join(columns.REQUIRED)}; {', '.join(missing)} is missing. "
            f"Found: {listed}.",
            line=1,
        )
    for name in sorted({name for name in found if found.count(name) > 1}):
        problems.add(f"Two columns are called {name.removeprefix(columns.PREFIX)}.", line=1)
    if missing or len(set(found)) < len(found):
        problems.raise_any()
    return cells.iloc[:, [place for place in range(len(names)) if place not in nameless]]


def _parsed(cells: pd.DataFrame, folder: Path, delimiter: str, problems: Problems) -> pd.DataFrame:
    """Returns the cells as values; columns that are not known stay text."""
    number = values.number(decimal_comma=delimiter != ",")
    parsers = {
        "path": values.image_path(folder),
        "Metadata_Plate": values.plate,
        "Metadata_Well": values.well,
        "Metadata_Site": values.site,
        "Metadata_Plane": values.optional_name,
        "Metadata_Timepoint": values.optional_name,
        "bit_depth": values.bit_depth,
        columns.HOURS: number,
        columns.CONCENTRATION: number,
        columns.SIMULATED: values.flag,
    }
    parsers |= {name: values.word(words) for name, words in columns.VOCABULARIES.items()}
    table = cells.copy()
    for name in (name for name in cells if name in parsers):
        table[name] = values.parse_column(cells, name, parsers[name], problems)
    return table
