"""Text tables as laboratories save them: with commas, semicolons or tabs, with a BOM or without."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cellscreen.errors import PlateTableError
from cellscreen.plates.problems import Problems

DELIMITERS = (",", ";", "\t")
_RESAVE = "Save it again as CSV UTF-8."


@dataclass(frozen=True)
class Sheet:
    """A text table: every cell a string without outer space.

    Attributes:
        header: the names of the columns.
        rows: the cells, as many in each row as in the header.
        lines: the line of each row in the file; the header is line 1.
        delimiter: what stood between the cells.
    """

    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    delimiter: str


def read_sheet(path: Path, problems: Problems, is_known: Callable[[str], bool]) -> Sheet:
    """Reads a text table; rows with nothing in them are left out.

    Args:
        path: the file.
        problems: gets the rows that have too few or too many cells.
        is_known: whether the caller knows a column name; the delimiter is the one that makes most
            known names of the header line.

    Raises:
        PlateTableError: the file cannot be read as text, or is empty.
    """
    text = read_text(path)
    if not text.strip():
        raise PlateTableError("Expected a table, got an empty file.", file=path)
    delimiter = _delimiter(text, is_known)
    numbered = numbered_rows(path, text, delimiter)
    _, header = next(numbered)
    rows, lines = [], []
    for line, cells in numbered:
        while len(cells) > len(header) and not cells[-1]:
            cells.pop()
        if len(cells) == len(header):
            rows.append(cells)
            lines.append(line)
        else:
            problems.add(f"Expected {len(header)} cells, got {len(cells)}.", line=line)
    return Sheet(header, rows, lines, delimiter)


def read_text(path: Path) -> str:
    """Returns the text of a UTF-8 file, with a BOM or without.

    Raises:
        PlateTableError: the file cannot be read, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PlateTableError(f"The file cannot be read: {error.strerror}.", file=path) from error
    if b"\0" in data:
        raise PlateTableError("Expected UTF-8 text, got UTF-16 or binary.", file=path, fix=_RESAVE)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlateTableError(
            f"Expected UTF-8 text, got the byte 0x{data[error.start]:02x}.",
            file=path,
            line=data.count(b"\n", 0, error.start) + 1,
            fix=_RESAVE,
        ) from error


def _delimiter(text: str, is_known: Callable[[str], bool]) -> str:
    header = text.lstrip().splitlines()[0]

    def known_names(delimiter: str) -> int:
        return sum(is_known(name) for name in next(csv.reader([header], delimiter=delimiter)))

    return max(DELIMITERS, key=lambda delimiter: (known_names(delimiter), header.count(delimiter)))


def numbered_rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yields the first line and the cells of every row with something in it.

    Raises:
        PlateTableError: a quotation mark does not close.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield line, stripped
            line = reader.line_num + 1
    except csv.Error as error:
        raise PlateTableError(
            f"The quotation marks do not close: {error}.", file=path, line=line
        ) from error
