"""Choosing rows by their metadata, in a small grammar that can run no code."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.plates.columns import metadata_column


def select(frame: pd.DataFrame, where: str) -> pd.Series:
    """Which rows meet every clause of `where`.

    Args:
        frame: has `Metadata_*` columns.
        where: clauses joined by `;`, each `column=value` or `column=value,value` (any of them);
            columns with or without `Metadata_`. Numbers compare as numbers. Empty: every row.

    Returns:
        A boolean series on the index of `frame`.

    Raises:
        ConfigError: a clause is malformed, names no column, or gives a value that no row has.

    Example:
        >>> frame = pd.DataFrame({"Metadata_line": ["AC16", "H9C2"], "Metadata_hours": [48, 36]})
        >>> select(frame, "line=AC16; hours=24,48").tolist()
        [True, False]
    """
    chosen = pd.Series(True, index=frame.index)
    for clause in filter(None, (part.strip() for part in where.split(";"))):
        name, equals, values = clause.partition("=")
        if not equals or not values.strip():
            raise ConfigError(
                f"Expected clauses like 'cell_line=AC16; hours=24,48'; got {clause!r}."
            )
        series = frame[metadata_column(frame, name.strip())]
        chosen &= _matches(series, [value.strip() for value in values.split(",")], clause)
    return chosen


def _matches(series: pd.Series, values: list[str], clause: str) -> pd.Series:
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        try:
            wanted: list[Any] = [float(value) for value in values]
        except ValueError as error:
            raise ConfigError(
                f"Expected numbers in {clause!r}: the column holds numbers."
            ) from error
        present: set[Any] = set(series.dropna().astype(float))
    else:
        series = series.astype(str)
        wanted, present = list(values), set(series)
    absent = [value for value, number in zip(values, wanted, strict=True) if number not in present]
    if absent:
        seen = ", ".join(str(value) for value in sorted(present)[:12])
        raise ConfigError(f"No row has {', '.join(absent)} in {clause!r}; the column holds {seen}.")
    return series.isin(wanted)
