"""Reads the centres of nuclei that CellProfiler or DeepProfiler wrote, for crops without masks."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from cellscreen.cells.place import Place
from cellscreen.errors import PlateTableError
from cellscreen.plates.delimited import Sheet, read_sheet
from cellscreen.plates.problems import Problems

_X = ("Nuclei_Location_Center_X", "Location_Center_X")
_Y = ("Nuclei_Location_Center_Y", "Location_Center_Y")


def locations_path(folder: str | Path, place: Place) -> Path:
    """Returns where DeepProfiler keeps a field's nuclei: `<plate>/<well>-<site>-Nuclei.csv`.

    Example:
        >>> locations_path("inputs/locations", Place("P1", "A01", "2")).as_posix()
        'inputs/locations/P1/A01-2-Nuclei.csv'
    """
    site = place.site_name or place.site
    return Path(folder) / place.plate / f"{place.well}-{site}-Nuclei.csv"


def read_locations(
    path: str | Path, shape: tuple[int, int], place: Place | None = None
) -> np.ndarray:
    """Reads the centres of a field's nuclei.

    Args:
        path: CSV with the columns `Nuclei_Location_Center_X` and `…_Y` (or without `Nuclei_`), in
            pixels from the first pixel's middle. A header alone is a field without cells.
        shape: height and width of the field.
        place: the field, named in errors.

    Returns:
        `(n, 2)` float64 x, y, in the order of the file.

    Raises:
        PlateTableError: the file is missing (never zero cells), has no such columns, or has
            centres that are no numbers or lie outside the field; all of them are told together.

    Example:
        >>> read_locations("P1/A01-2-Nuclei.csv", (1080, 1080)).shape  # doctest: +SKIP
        (188, 2)
    """
    path, place = Path(path), place or Place()
    if not path.is_file():
        raise PlateTableError(
            "The field's nuclei are missing; a field without cells has a file with its header.",
            **place.named(file=path),
            fix="Export the nuclei of every field, or segment by another method.",
        )
    problems = Problems(path, fix="Export the nuclei again.")
    sheet = read_sheet(path, problems, lambda name: name in _X + _Y)
    columns = [_column(sheet, names, path, place) for names in (_X, _Y)]
    height, width = shape
    centres = [
        [
            _number(row[column], side, sheet.header[column], line, problems, place)
            for column, side in zip(columns, (width, height), strict=True)
        ]
        for row, line in zip(sheet.rows, sheet.lines, strict=True)
    ]
    problems.raise_any()
    return np.array(centres, np.float64).reshape(-1, 2)


def _column(sheet: Sheet, names: tuple[str, ...], path: Path, place: Place) -> int:
    for name in names:
        if name in sheet.header:
            return sheet.header.index(name)
    listed = ", ".join(sheet.header)
    text = f"Expected a column {names[0]}; got {listed}."
    raise PlateTableError(text, **place.named(file=path, line=1))


def _number(
    text: str, side: int, column: str, line: int, problems: Problems, place: Place
) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not -0.5 <= number < side - 0.5:
        fault = f"Expected {column} to be a place in the field, 0 to {side - 1}; got {text!r}."
        problems.add(fault, line=line, plate=place.plate, well=place.well)
    return number
