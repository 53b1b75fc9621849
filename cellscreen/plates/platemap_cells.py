"""A plate map as it is written: the text of each variable in each well, and its cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.key import normalize_well
from cellscreen.plates.problems import Problems
from cellscreen.plates.units import header_unit

Value = TypeVar("Value")
UNIT = "unit"
WELL, PLATE, NAME = "Metadata_Well", "Metadata_Plate", "Metadata_pert_iname"
ROW, COLUMN = "Metadata_row", "Metadata_column"
ALIASES = {
    WELL: ("well", "well_position", "well_id", "well_name"),
    PLATE: ("plate", "plate_id", "plate_name", "plate_barcode", "barcode", "assay_plate_barcode"),
    NAME: ("pert_iname", "compound", "compound_name", "drug", "drug_name", "treatment"),
    columns.CONTROL_TYPE: ("control_type", "role", "well_type", "well_role"),
    UNIT: ("unit", "units", "concentration_unit", "concentration_units", "conc_unit", "dose_unit"),
}
_CANONICAL = {alias: name for name, aliases in ALIASES.items() for alias in aliases}


@dataclass(frozen=True)
class MapCells:
    """The cells of one plate map, before they are understood.

    Attributes:
        file: the file.
        texts: strings, a row a well, columns named as in a plate table or `unit`.
        places: of the same shape, the name of each cell, like `C7`.
        lines: the line of each row in a list with a row a well; empty for a grid.
        units: the unit that the header of a concentration names, "" if none.
        decimal_comma: whether numbers may be written `0,5`.
    """

    file: Path
    texts: pd.DataFrame
    places: pd.DataFrame
    lines: dict[Any, int]
    units: str = ""
    decimal_comma: bool = False

    def note(self, problems: Problems, row: Any, text: str, column: str = WELL) -> None:
        """Adds a problem of one cell, with its place and well."""
        plate = str(self.texts.at[row, PLATE]) if PLATE in self.texts else ""
        place = str(self.places.at[row, column]) if column in self.places else ""
        problems.add(
            f"Cell {place}: {text}" if place else text,
            line=self.lines.get(row),
            plate=plate,
            well=normalize_well(str(self.texts.at[row, WELL])),
        )

    def parsed(
        self, column: str, parse: Callable[[str], Value], problems: Problems, fallback: Value
    ) -> pd.Series:
        """Returns `parse` of each cell of a column; `fallback`, and a problem, where it fails."""
        values = []
        for row, text in self.texts[column].items():
            try:
                values.append(parse(text))
            except ValueError as error:
                values.append(fallback)
                name = column.removeprefix(columns.PREFIX)
                self.note(problems, row, f"Expected {name} to be {error}; got {text!r}.", column)
        return pd.Series(values, index=self.texts.index)


def bare_header(header: str) -> str:
    """Returns a header in lower case without `Metadata_`, words joined by `_`."""
    bare = header.strip().removeprefix(columns.PREFIX).casefold()
    return re.sub(r"[^\w%]+", "_", bare).strip("_")


def names_of(headers: Sequence[str]) -> tuple[list[str], str, list[str]]:
    """Returns the plate table's name of each header, the concentration's unit, and what is wrong.

    A header that is the name of a column itself goes before one that means the same: beside
    `pert_iname`, a column `compound` is text of its own. Headers without a name stay "".

    Example:
        >>> names_of(["well", "drug", "dose (nM)"])[:2]
        (['Metadata_Well', 'Metadata_pert_iname', 'Metadata_concentration_um'], 'nM')
    """
    meant, units, faults = [], [], []
    for header in headers:
        name = _CANONICAL.get(bare_header(header), "")
        if not name and header:
            try:
                unit = header_unit(header)
            except ValueError as error:
                faults.append(f"Expected the unit of {header!r} to be {error}.")
                unit = ""
            name = _text_column(header) if unit is None else columns.CONCENTRATION
            units += [unit] if unit else []
        meant.append(name)
    names = _exact_first(list(headers), meant)
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        same = [header for header, other in zip(headers, names, strict=True) if other == name]
        bare = name.removeprefix(columns.PREFIX)
        faults.append(f"The columns {' and '.join(map(repr, same))} both mean {bare}; keep one.")
    return names, units[0] if units else "", faults


def _text_column(header: str) -> str:
    name = columns.column_of(header)
    return name if name.startswith(columns.PREFIX) else columns.PREFIX + name


def _exact_first(headers: list[str], meant: list[str]) -> list[str]:
    exact = {n for h, n in zip(headers, meant, strict=True) if n and _says(h, n)}
    return [
        columns.PREFIX + header.strip() if name in exact and not _says(header, name) else name
        for header, name in zip(headers, meant, strict=True)
    ]


def _says(header: str, name: str) -> bool:
    return bare_header(header) == bare_header(name)
