"""Numbers and names as people read them: three digits, a true minus, "undefined" in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from cellscreen.report.section import Table

UNDEFINED = "undefined"
_MINUS, _NO_BREAK = "\u2212", "\u00a0"
_NAMES_SHOWN = 12


def number(value: Any, digits: int = 3) -> str:
    """Returns a figure with `digits` decimals.

    Example:
        >>> number(0.98765), number(-1 / 3, 2), number(float("nan"))
        ('0.988', '−0.33', 'undefined')
    """
    return UNDEFINED if pd.isna(value) else f"{value:.{digits}f}".replace("-", _MINUS)


def short(value: Any, digits: int = 3) -> str:
    """Returns a figure with so many significant digits, such as a p-value."""
    return UNDEFINED if pd.isna(value) else f"{value:.{digits}g}".replace("-", _MINUS)


def signed(value: Any) -> str:
    """Returns a difference with its sign and three decimals."""
    return UNDEFINED if pd.isna(value) else f"{value:+.3f}".replace("-", _MINUS)


def spread(mean: float, sd: float) -> str:
    """Returns mean ± SD over folds."""
    if math.isnan(mean):
        return UNDEFINED
    return f"{number(mean)}{_NO_BREAK}±{_NO_BREAK}{number(sd)}"


def between(low: float, high: float) -> str:
    """Returns an interval.

    Example:
        >>> between(-0.25, 0.5)
        '−0.250 to 0.500'
    """
    return f"{number(low)} to {number(high)}"


def percent(share: float) -> str:
    """Returns a share as a whole percentage."""
    return UNDEFINED if pd.isna(share) else f"{100 * share:.0f}{_NO_BREAK}%"


def concentration(value: Any) -> str:
    """Returns a concentration with its unit; nothing if none is stated."""
    return "" if pd.isna(value) else f"{value:g} µM"


def listed(names: Sequence[str], most: int = _NAMES_SHOWN) -> str:
    """Returns names as an enumeration, cut after `most`.

    Example:
        >>> listed(["a", "b", "c"]), listed(["a", "b", "c"], most=1)
        ('a, b and c', 'a and 2 more')
    """
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def counted(count: int, thing: str) -> str:
    """Returns a count with its noun: `1 image`, `2 images`."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def cell(value: Any) -> str:
    """Returns any value as a table shows it: floats short, booleans in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return short(value) if pd.isna(value) or isinstance(value, float) else str(value)


def table_of(frame: pd.DataFrame, caption: str, headings: dict[str, str] | None = None) -> Table:
    """Returns a frame as a table; numeric columns are set flush right.

    Args:
        frame: at least one column; the first one names the rows.
        caption: what the table shows.
        headings: heading by column, where it is not the column's name.
    """
    headings = headings or {}
    numeric = [pd.api.types.is_numeric_dtype(frame[c].dtype) for c in frame.columns]
    return Table(
        caption=caption,
        headings=tuple(headings.get(str(c), str(c)) for c in frame.columns),
        rows=tuple(
            tuple(cell(value) for value in row) for row in frame.itertuples(index=False, name=None)
        ),
        right=frozenset(place for place, is_number in enumerate(numeric) if is_number),
    )
