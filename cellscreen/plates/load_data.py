"""Reads the CSV files of CellProfiler's LoadData: a row a site, some columns a channel.

`FileName_Orig<Ch>` and `PathName_Orig<Ch>`, or `URL_Orig<Ch>`, become a row of channel `<Ch>`;
`…_Illum<Ch>` its column `illumination` (a function to divide by); `Frame_Orig<Ch>` its `page`.
`Metadata_<name>_Orig<Ch>` is said of that channel, any other `Metadata_<name>` of the site. A path
is relative to the CSV's folder, absolute, or moved by `replace_root`. Addresses stand in `URL_`
columns only; those of this machine (`file://`) are looked for, others handed on as they stand.

A folder may hold several such files, one a plate, or folders of them. `load_data_with_illum.csv`
is read in place of the `load_data.csv` beside it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cellscreen.plates import values
from cellscreen.plates.delimited import Sheet, read_sheet
from cellscreen.plates.export_files import files_below
from cellscreen.plates.file_roots import FileRoots
from cellscreen.plates.load_data_header import (
    COLUMN,
    FRAME,
    ROW,
    ChannelColumns,
    LoadDataHeader,
    is_image_header,
    is_load_data_header,
    parse_header,
    part_of_well,
)
from cellscreen.plates.load_data_paths import image_paths
from cellscreen.plates.problems import Problems
from cellscreen.plates.site_rows import (
    ILLUMINATION,
    check_one_path,
    check_one_table,
    join_tables,
    look_for_files,
    read_channel_cells,
    read_site_cells,
    unfold,
)
from cellscreen.plates.well_parts import well_from

LOGGER = logging.getLogger(__name__)
WITH_ILLUM = "_with_illum"
DEEPEST = 2
_HEAD = 1 << 16


def load_data_sign(folder: Path) -> str | None:
    """Returns what shows that a folder holds LoadData files, None if nothing does."""
    files = load_data_files(folder)
    if not files:
        return None
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return os.path.relpath(files[0], folder) + more


def load_data_files(folder: Path) -> list[Path]:
    """Returns the LoadData files of a folder, else of those in it, known by their header."""
    tables = [path for path in files_below(folder, DEEPEST) if path.suffix.lower() == ".csv"]
    found = [path for path in tables if _is_load_data(path)]
    shallowest = min((len(path.parts) for path in found), default=0)
    found = [path for path in found if len(path.parts) == shallowest]
    better = {path.with_stem(path.stem + WITH_ILLUM): path for path in found}
    replaced = [plain for corrected, plain in better.items() if corrected in found]
    return [path for path in found if path not in replaced]


def read_load_data(folder: Path, replaced: Sequence[tuple[str, str]] = ()) -> pd.DataFrame:
    """Reads LoadData files to a plate table.

    Args:
        folder: holds one or several of them.
        replaced: where images lie now (see `FileRoots`).

    Raises:
        PlateTableError: a file lacks columns, has cells that cannot be right, none of a plate's
            images is there, or two files have one plate; all of one file is told together.

    Example:
        >>> read_load_data(Path("load_data_csv/2020_11_04_CPJUMP1/BR00116991"))  # doctest: +SKIP
    """
    problems = Problems(folder, fix="Read one of them, in a folder of its own.")
    tables = {path: _read_file(path, replaced) for path in load_data_files(folder)}
    if not tables:
        problems.add("Expected a CSV with columns FileName_Orig<channel> and Metadata_Well.")
    check_one_table(tables, problems)
    problems.raise_any()
    return join_tables(tables.values())


def _is_load_data(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).decode("utf-8-sig", "replace")
    except OSError as error:
        LOGGER.warning("%s cannot be looked at: %s.", path, error.strerror)
        return False
    return is_load_data_header(head.lstrip().partition("\n")[0])


def _read_file(path: Path, replaced: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Returns the images of one file, checked; the index is the line."""
    problems = Problems(path, fix="Mend the table and try again.")
    sheet = read_sheet(path, problems, is_image_header)
    header = _header(sheet, problems)
    cells = pd.DataFrame(sheet.rows, columns=sheet.header, index=sheet.lines, dtype=object)
    sites = read_site_cells(
        _site_cells(cells, header, problems), sheet.delimiter, problems, values.site
    )
    roots = FileRoots(path.parent, replaced)
    with_functions = any(channel.function for channel in header.channels)
    channels = {}
    for channel in header.channels:
        own = _own_cells(cells, channel, header)
        own = read_channel_cells(own, sites, sheet.delimiter, problems)
        own["path"] = image_paths(cells, channel.image, sites, roots, problems)
        if with_functions:
            own[ILLUMINATION] = image_paths(cells, channel.function, sites, roots, problems)
        channels[channel.name] = own
    table = unfold(sites, channels)
    check_one_path(table, problems)
    problems.raise_any()
    table = look_for_files(table, problems)
    problems.raise_any()
    return table


def _header(sheet: Sheet, problems: Problems) -> LoadDataHeader:
    """Returns what the columns are.

    Raises:
        PlateTableError: they cannot be right, or there is no row.
    """
    header = parse_header(sheet.header, problems)
    if not sheet.rows and not problems.found:
        problems.add("Expected a row a site, got a header only.")
    if not sheet.rows or any(problem.line == 1 for problem in problems.found):
        problems.raise_any()
    if header.unused:
        LOGGER.info("%s: not read: %s.", problems.source, ", ".join(header.unused))
    return header


def _site_cells(cells: pd.DataFrame, header: LoadDataHeader, problems: Problems) -> pd.DataFrame:
    """Returns the cells of sites by the plate table's names; the well maybe of row and column."""
    named = {column: cells[name] for column, name in header.sites.items()}
    if "Metadata_Well" not in named:
        parts = {part_of_well(name): cells[name] for name in header.sites.values()}
        wells = []
        for line, row, column in zip(cells.index, parts[ROW], parts[COLUMN], strict=True):
            try:
                wells.append(well_from(row, column))
            except ValueError as error:
                problems.add(f"Expected {error}.", line=line)
                wells.append("unknown")
        named["Metadata_Well"] = pd.Series(wells, index=cells.index, dtype=object)
    return pd.DataFrame(named, index=cells.index)


def _own_cells(
    cells: pd.DataFrame, channel: ChannelColumns, header: LoadDataHeader
) -> pd.DataFrame:
    """Returns the cells of a channel's metadata, "" where only other channels have them."""
    names = dict.fromkeys(name for each in header.channels for name in each.metadata)
    own = {name: cells[channel.metadata[name]] for name in names if name in channel.metadata}
    table = pd.DataFrame(own, index=cells.index).reindex(columns=list(names), fill_value="")
    return table.assign(page=cells[channel.image[FRAME]]) if FRAME in channel.image else table
