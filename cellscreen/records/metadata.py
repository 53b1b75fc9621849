"""Metadata of a record, the same for every kind: known columns typed, all others as JSON text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import tensorflow_datasets as tfds

from cellscreen.plates.key import image_key
from cellscreen.records.fields import Row

TEXT = ("Plate", "Well", "Site", "Plane", "Timepoint")
TEXT_METADATA = ("cell_line", "condition", "batch", "pert_iname", "control_type")
NUMBER_METADATA = ("hours", "concentration_um")
OTHER = "metadata_json"
_TYPED = frozenset(f"Metadata_{n}" for n in (*TEXT, *TEXT_METADATA, *NUMBER_METADATA, "simulated"))


def metadata_features() -> dict[str, Any]:
    """The schema of a record's metadata; missing text is empty, missing numbers are NaN."""
    return {
        **{name.lower(): tfds.features.Text() for name in (*TEXT, *TEXT_METADATA)},
        **dict.fromkeys(NUMBER_METADATA, np.float32),
        "simulated": np.bool_,
        OTHER: tfds.features.Text(),
    }


def metadata_example(row: Row) -> dict[str, Any]:
    """The metadata of a row of a plate table, as `metadata_features` encodes it."""
    return {
        **{name.lower(): _text(row.get(f"Metadata_{name}")) for name in (*TEXT, *TEXT_METADATA)},
        **{name: _number(row.get(f"Metadata_{name}")) for name in NUMBER_METADATA},
        "simulated": bool(row.get("Metadata_simulated", False)),
        OTHER: json.dumps(_other_metadata(row), sort_keys=True),
    }


def row_key(row: Row) -> str:
    """The key of a row of a plate table, or of the metadata of a record."""
    return image_key(*(row[f"Metadata_{name}"] for name in TEXT))


def metadata_frame(records: list[dict[str, Any]]) -> pd.DataFrame:
    """Decoded records (less their pixels) as a frame with `Metadata_*` columns, a row a record."""
    names = {name.lower(): f"Metadata_{name}" for name in TEXT}
    names |= {n: f"Metadata_{n}" for n in (*TEXT_METADATA, *NUMBER_METADATA, "simulated")}
    rows = []
    for record in records:
        values = {k: v.decode() if isinstance(v, bytes) else v for k, v in record.items()}
        other = json.loads(values.pop(OTHER))
        rows.append({names.get(k, k): v for k, v in values.items()} | other)
    return pd.DataFrame(rows)


def field_row(rows: Sequence[Row]) -> Row:
    """One row for all channels of a field; metadata that differ get their channel's name.

    Example:
        >>> rows = [{"channel": c, "Metadata_Dye": d} for c, d in (("A", "x"), ("B", "y"))]
        >>> field_row(rows)
        {'Metadata_Dye_A': 'x', 'Metadata_Dye_B': 'y'}
    """
    merged: dict[str, Any] = {}
    for name in rows[0]:
        if not name.startswith("Metadata_"):
            continue
        if len({_text(row.get(name)) for row in rows}) == 1:
            merged[name] = rows[0][name]
        else:
            merged |= {f"{name}_{row['channel']}": row.get(name) for row in rows}
    return merged


def _other_metadata(row: Row) -> dict[str, Any]:
    return {
        name: None if pd.isna(value) else _plain(value)
        for name, value in row.items()
        if name.startswith("Metadata_") and name not in _TYPED
    }


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _number(value: Any) -> float:
    return float("nan") if value is None or pd.isna(value) else float(value)
