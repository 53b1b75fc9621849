"""Plate maps as lists: a row a well, under a header that names a column of wells."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen.plates.platemap_cells import COLUMN, ROW, WELL, MapCells, names_of
from cellscreen.plates.platemap_grid import row_letters
from cellscreen.plates.problems import Problems
from cellscreen.plates.spreadsheet import CellSheet

TITLE_LINES = 20


def header_row(sheet: CellSheet) -> int | None:
    """Returns the row that names a column of wells (or of rows and columns), None if none does.

    It is looked for in the first rows, for a title may stand above it.
    """
    for row in list(sheet.rows)[:TITLE_LINES]:
        names = set(names_of(sheet.rows[row])[0])
        if WELL in names or {ROW, COLUMN} <= names:
            return row
    return None


def read_list(path: Path, sheet: CellSheet, problems: Problems) -> MapCells:
    """Returns the wells of a list.

    Args:
        path: the file, for messages.
        sheet: has a `header_row`.
        problems: gets headers that say one thing twice, cells outside of the columns, rows with
            too few cells, and cells that do not hold what one sees.
    """
    start = header_row(sheet) or 1
    headers = list(sheet.rows[start])
    while headers and not headers[-1]:
        headers.pop()
    names, unit, faults = names_of(headers)
    for fault in faults:
        problems.add(fault, line=start)
    rows = [row for row in sheet.rows if row > start]
    for row in rows:
        _check_width(sheet, row, names, problems)
    problems.raise_any()
    used = [column for column, name in enumerate(names) if name]
    table = [[sheet.cell(row, column) for column in used] for row in rows]
    places = [[sheet.place(row, column) for column in used] for row in rows]
    kept = [names[column] for column in used]
    texts = pd.DataFrame(table, columns=kept, dtype=object)
    cells = pd.DataFrame(places, columns=kept, dtype=object)
    if WELL not in texts:
        texts, cells = _with_wells(texts, cells)
    decimal_comma = sheet.delimiter not in (",", "")
    return MapCells(path, texts, cells, dict(enumerate(rows)), unit, decimal_comma)


def _check_width(sheet: CellSheet, row: int, names: list[str], problems: Problems) -> None:
    cells = sheet.rows[row]
    if sheet.delimiter and len(cells) < len(names):
        problems.add(f"Expected {len(names)} cells, got {len(cells)}.", line=row)
    for column, text in enumerate(cells):
        if text and not (column < len(names) and names[column]):
            text = f"Cell {sheet.place(row, column)} has the value {text!r}, its column no name."
            problems.add(text, line=row)
        fault = sheet.faults.get((row, column))
        if fault:
            problems.add(f"Cell {sheet.place(row, column)} cannot be used: {fault}.", line=row)


def _with_wells(texts: pd.DataFrame, places: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Makes wells of a column of rows (letters or numbers) and one of columns."""
    letters = [
        row_letters(int(row) - 1) if row.isdecimal() and 0 < int(row) <= 32 else row
        for row in texts[ROW]
    ]
    texts = texts.assign(**{WELL: [f"{a}{b}" for a, b in zip(letters, texts[COLUMN], strict=True)]})
    return texts, places.assign(**{WELL: places[ROW]})
