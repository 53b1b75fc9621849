"""One value a row from a small CSV: labels and predefined folds, joined by key or metadata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.errors import ConfigError, DataError
from cellscreen.plates.columns import column_of, is_known, metadata_column
from cellscreen.plates.delimited import Sheet, read_sheet
from cellscreen.plates.key import normalize_well
from cellscreen.plates.problems import Problems

KEY = "key"


@dataclass(frozen=True)
class Joined:
    """What a CSV says of the rows of a frame.

    Attributes:
        values: text of the value column for every row of the frame; None where no line says any.
        lines: the line of the CSV for every distinct text, its first.
    """

    values: pd.Series
    lines: dict[str, int]


def join_csv(frame: pd.DataFrame, path: str | Path, value: str) -> Joined:
    """Joins a CSV's column `value` to the rows of a frame by all its other columns.

    Join columns are `key` or metadata columns, in the spellings of a plate table (`plate,well` or
    `Metadata_Plate,Metadata_Well`); wells may be `A1` or `A01`, numbers compare as numbers.

    Args:
        frame: has `key` and `Metadata_*` columns.
        path: the CSV, with commas, semicolons or tabs.
        value: the column that is wanted.

    Raises:
        ConfigError: the file is missing, or lacks the column or a join column.
        DataError: two lines contradict each other, or a line joins no row.
        PlateTableError: the file cannot be read as text, or a line has too few or many cells.

    Example:
        >>> join_csv(frame, "labels.csv", "label").values.isna().sum()  # doctest: +SKIP
        0
    """
    path = Path(path)
    sheet = _read(path, value)
    columns = {
        name: name if name == KEY else _column(frame, name, path)
        for name in sheet.header
        if name != value
    }
    if not columns:
        raise ConfigError("Expected a join column (key, or plate and well, …).", file=path)
    keys = list(zip(*(map(_plain(frame[c]), frame[c]) for c in columns.values()), strict=True))
    said, lines = _lines(sheet, value, {n: _plain(frame[c]) for n, c in columns.items()}, path)
    present = set(keys)
    unused = [key for key in said if key not in present]
    if unused:
        raise DataError(
            f"{len(unused)} rows of the {value} table match no image; the first is {unused[0]}.",
            file=path,
            line=lines[unused[0]],
            fix="Mend or remove them; look at --where and --channel, too.",
        )
    first = {text: lines[key] for key, text in reversed(said.items())}
    return Joined(pd.Series([said.get(key) for key in keys], frame.index, dtype=object), first)


def _read(path: Path, value: str) -> Sheet:
    if not path.is_file():
        raise ConfigError(f"Expected a CSV of {value}s; there is no such file.", file=path)
    problems = Problems(path)
    sheet = read_sheet(path, problems, lambda name: name in (value, KEY) or is_known(name))
    problems.raise_any()
    if value not in sheet.header:
        raise ConfigError(f"Expected a column {value}; got {', '.join(sheet.header)}.", file=path)
    if len(set(sheet.header)) < len(sheet.header):
        raise ConfigError(
            f"Expected every column once; got {', '.join(sheet.header)}.", file=path, line=1
        )
    return sheet


def _column(frame: pd.DataFrame, name: str, path: Path) -> str:
    known = column_of(name)
    if known in frame:
        return known
    try:
        return metadata_column(frame, name)
    except ConfigError as error:
        raise ConfigError(error.problem, file=path, line=1) from error


def _plain(column: pd.Series) -> Callable[[Any], Any]:
    """How a cell of this column, or of the CSV's, is compared."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return _number
    return (lambda cell: normalize_well(_text(cell))) if column.name == "Metadata_Well" else _text


def _text(cell: Any) -> str:
    return "" if cell is None or cell != cell else str(cell)


def _number(cell: Any) -> float | str:
    try:
        return float(cell) if cell == cell else ""  # NaN equals nothing, a blank cell a blank one
    except ValueError:
        return str(cell)


def _lines(
    sheet: Sheet, value: str, plain: dict[str, Callable[[Any], Any]], path: Path
) -> tuple[dict[tuple, str], dict[tuple, int]]:
    """What each line says of its join cells, and the line itself; equal lines count once."""
    said: dict[tuple, str] = {}
    lines: dict[tuple, int] = {}
    at = sheet.header.index(value)
    for line, cells in zip(sheet.lines, sheet.rows, strict=True):
        key = tuple(plain[n](c) for n, c in zip(sheet.header, cells, strict=True) if n != value)
        if said.setdefault(key, cells[at]) != cells[at]:
            raise DataError(
                f"Two {value}s for {key}: {cells[at]!r} here, {said[key]!r} in line {lines[key]}.",
                file=path,
                line=line,
            )
        lines.setdefault(key, line)
    return said, lines
