"""Tables and counts as text that a person can read."""

from __future__ import annotations

from typing import Any

import pandas as pd

_SINGULAR = {"batches": "batch"}


def aligned(frame: pd.DataFrame) -> str:
    """Returns a frame as a text table: numbers to the right, blanks and missing values as `-`."""
    columns = []
    for name in frame:
        cells = [str(name), *map(_cell, frame[name])]
        width = max(map(len, cells))
        right = pd.api.types.is_numeric_dtype(frame[name])
        columns.append([cell.rjust(width) if right else cell.ljust(width) for cell in cells])
    lines = ["  " + "  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]
    return "\n".join(lines)


def count(number: int, plural: str) -> str:
    """Returns `1 image`, `2 images`, `1 batch` …"""
    return f"{number} {_SINGULAR.get(plural, plural[:-1]) if number == 1 else plural}"


def _cell(value: Any) -> str:
    if value is None or value == "" or pd.isna(value):
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)
