"""Cells as a spreadsheet shows them, of an .xlsx workbook or a text table, each with its place.

Nothing is taken for a header here: a plate map may be a list with a row a well, or a picture of the
plate (`platemap_grid`), with titles and blank lines around it.
"""

from __future__ import annotations

import datetime
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellscreen.errors import PlateTableError
from cellscreen.plates.delimited import DELIMITERS, numbered_rows, read_text

WORKBOOKS = (".xlsx", ".xlsm")
OLD_WORKBOOKS = (".xls", ".xlsb", ".ods", ".numbers")
MAX_BYTES = 200_000_000
_ERROR_VALUES = ("#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!")


@dataclass(frozen=True)
class CellSheet:
    """One sheet: every cell a string without outer space, rows without any value left out.

    Attributes:
        title: the sheet's name in its workbook, "" for a text table.
        rows: the cells of each row by its number in the sheet (from 1).
        delimiter: what stands between the cells of a text table, "" in a workbook.
        faults: cells that do not hold what one sees, by (row, column from 0), and why.
    """

    title: str
    rows: dict[int, list[str]]
    delimiter: str = ""
    faults: dict[tuple[int, int], str] = field(default_factory=dict)

    def cell(self, row: int, column: int) -> str:
        """Returns a cell's text, "" outside of the sheet."""
        cells = self.rows.get(row, [])
        return cells[column] if 0 <= column < len(cells) else ""

    def place(self, row: int, column: int) -> str:
        """Returns the name of a cell, like `C7` or `C7 of sheet 'doses'`."""
        name = cell_name(row, column)
        return f"{name} of sheet {self.title!r}" if self.title else name


def cell_name(row: int, column: int) -> str:
    """Returns a spreadsheet's name of a cell.

    Args:
        row: from 1.
        column: from 0.

    Example:
        >>> cell_name(7, 2), cell_name(1, 27)
        ('C7', 'AB1')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def read_cells(path: str | Path) -> list[CellSheet]:
    """Reads every sheet of a workbook, or a text table as the only sheet.

    Raises:
        PlateTableError: the file cannot be read, has no value, or is of a kind that is not read.

    Example:
        >>> read_cells("map.xlsx")[0].cell(7, 2)  # doctest: +SKIP
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in OLD_WORKBOOKS:
        raise PlateTableError(
            f"Expected an .xlsx, .csv or .tsv; got {suffix}.", file=path, fix="Save it as .xlsx."
        )
    sheets = _workbook(path) if suffix in WORKBOOKS else [_text_table(path)]
    sheets = [sheet for sheet in sheets if sheet.rows]
    if not sheets:
        raise PlateTableError("Expected a table, got an empty file.", file=path)
    return sheets


def _text_table(path: Path) -> CellSheet:
    text = read_text(path)
    delimiter = _delimiter(text)
    return CellSheet("", dict(numbered_rows(path, text, delimiter)), delimiter)


def _delimiter(text: str) -> str:
    """The sign that stands equally often in most lines: unlike one in names or in decimals."""
    lines = [line for line in re.sub('"[^"]*"', "", text).splitlines() if line.strip()]

    def evenness(delimiter: str) -> tuple[int, int]:
        counts = Counter(count for line in lines if (count := line.count(delimiter)))
        count, number = counts.most_common(1)[0] if counts else (0, 0)
        return number, count

    return max(DELIMITERS, key=evenness)


def _workbook(path: Path) -> list[CellSheet]:
    import openpyxl

    _check_size(path)
    try:
        shown, typed = (openpyxl.load_workbook(path, data_only=only) for only in (True, False))
    except (KeyError, ValueError, TypeError, SyntaxError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from error
    pairs = [(sheet, typed[sheet.title]) for sheet in shown.worksheets]
    return [_worksheet(*pair) for pair in pairs if pair[0].sheet_state == "visible"]


def _check_size(path: Path) -> None:
    """Refuses a workbook that unpacks to more than any plate map needs."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (OSError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from error
    if size > MAX_BYTES:
        raise PlateTableError(
            f"Expected a workbook of at most {MAX_BYTES:,} bytes; it unpacks to {size:,}.",
            file=path,
        )


def _unreadable(path: Path, error: Exception) -> PlateTableError:
    return PlateTableError(
        f"Expected a workbook; it cannot be read ({error}).", file=path, fix="Save it again."
    )


def _worksheet(shown: Any, typed: Any) -> CellSheet:
    rows: dict[int, list[str]] = {}
    faults = dict(_hidden_by_merging(shown))
    pairs = zip(shown.iter_rows(values_only=True), typed.iter_rows(values_only=True), strict=True)
    for number, (cells, sources) in enumerate(pairs, 1):
        texts = [_cell_text(value) for value in cells]
        for column, (value, source) in enumerate(zip(cells, sources, strict=True)):
            fault = _fault(value, source)
            if fault:
                faults[number, column] = fault
        if any(texts):
            rows[number] = texts
    return CellSheet(shown.title, rows, "", faults)


def _hidden_by_merging(sheet: Any) -> Iterator[tuple[tuple[int, int], str]]:
    for area in sheet.merged_cells.ranges:
        for row, column in area.cells:
            if (row, column) != (area.min_row, area.min_col):
                yield (row, column - 1), f"the merged cells {area.coord} hide it; unmerge them"


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def _fault(value: object, source: object) -> str:
    """Says why a cell does not hold what was meant; "" if it does."""
    if isinstance(value, datetime.date | datetime.time):
        return "the spreadsheet made a date of it; format the column as text and type it again"
    if str(value).casefold() in _ERROR_VALUES:
        return f"its formula has the error {value}"
    if value is None and source is not None:
        return "its formula has no value; open the file in a spreadsheet and save it"
    return ""
