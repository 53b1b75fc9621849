"""A digest of a plate's table, by which a conversion knows whether it was made from this one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.images.fingerprint import sha256_of
from cellscreen.images.flatfield import ILLUMINATION
from cellscreen.images.planes import STACK

Row = Mapping[str, Any]


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a plate table as dicts."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def table_fingerprint(table: pd.DataFrame) -> str:
    """A hex digest of a plate's table: equal if its rows say the same of the same files.

    Files are the same that have one name and size. The folder does not count, so that images may
    be moved after conversion.
    """
    lines = [
        repr(sorted((name, _text(name, value)) for name, value in row.items()))
        for row in rows_of(table.dropna(axis="columns", how="all"))
    ]
    return sha256_of("\n".join(sorted(lines)).encode())


def _text(name: str, value: Any) -> str:
    if not isinstance(value, list) and pd.isna(value):
        return ""
    if name in ("path", ILLUMINATION) and value:
        return _file(value)
    if name == STACK and value:
        return " ".join(f"{_file(path)} {page}" for path, page in json.loads(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _file(path: str) -> str:
    place = Path(path)
    return f"{place.name} {place.stat().st_size if place.exists() else 'missing'}"
