"""Profiles as parquet, written piece by piece, for pycytominer, copairs and ourselves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cellscreen.atomic import replacing
from cellscreen.errors import DataError
from cellscreen.explain.spaces import PLATE, WELL, feature_columns

_ROWS_AT_ONCE = 4096


def write_profiles(parts: Iterable[pd.DataFrame], path: str | Path) -> int:
    """Writes profiles as they come; memory holds a few thousand rows.

    Args:
        parts: tables of the same columns and types, `Metadata_*` first.
        path: the parquet to be made, whole or not at all.

    Returns:
        How many rows were written.

    Raises:
        DataError: there is no row, or a part has other columns than the first.

    Example:
        >>> write_profiles([table], "profiles.parquet")  # doctest: +SKIP
        384
    """
    rows, waiting, schema = 0, [], None
    with replacing(path) as temporary:
        writer = None
        try:
            for part in parts:
                schema = schema or pa.Schema.from_pandas(part, preserve_index=False)
                waiting.append(_as_arrow(part, schema))
                rows += len(part)
                if sum(map(len, waiting)) >= _ROWS_AT_ONCE:
                    writer = writer or pq.ParquetWriter(temporary, schema)
                    writer.write_table(pa.concat_tables(waiting))
                    waiting = []
            if not rows:
                raise DataError("Expected profiles to write; there are none.", file=path)
            if waiting:
                writer = writer or pq.ParquetWriter(temporary, schema)
                writer.write_table(pa.concat_tables(waiting))
        finally:
            if writer is not None:
                writer.close()
    return rows


def read_profiles(path: str | Path) -> pd.DataFrame:
    """Reads profiles and checks that they are some.

    Raises:
        DataError: no such file, no parquet, or it lacks plate, well or features.
    """
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"Expected a parquet of profiles; it cannot be read ({error}).",
            file=path,
            fix="Make it with `cellscreen profiles`.",
        ) from error
    missing = [name for name in (PLATE, WELL) if name not in table]
    if missing or not feature_columns(table):
        lacking = ", ".join(missing) or "a feature (a column not named Metadata_…)"
        raise DataError(f"Expected a table of profiles; it lacks {lacking}.", file=path)
    return table


def _as_arrow(part: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    if list(part.columns) != schema.names:
        odd = sorted(set(map(str, part.columns)) ^ set(schema.names))
        raise DataError(f"Expected the columns of the first part; these differ: {odd[:5]}.")
    return pa.Table.from_pandas(part, schema=schema, preserve_index=False)
