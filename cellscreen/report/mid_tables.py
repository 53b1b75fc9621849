"""Tables of an explanation as files beside its page."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen.atomic import replacing


def write_parquet(table: pd.DataFrame, folder: Path, name: str) -> Path:
    """Writes a table, whole or not at all; returns its path."""
    path = folder / f"{name}.parquet"
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)
    return path


def write_csv(table: pd.DataFrame, folder: Path, name: str) -> Path:
    """Writes a table, whole or not at all; returns its path. What is undefined is empty."""
    path = folder / f"{name}.csv"
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)
    return path
