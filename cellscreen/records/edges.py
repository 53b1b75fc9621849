"""The `edges` kind of record: a native-size 1-bit edge map of one field and channel.

The features are plain TFDS ones, so that prepared data opens without this package. The map is
one bytes feature: `np.packbits` along each row, rows padded to whole bytes. Unpack it with
`np.unpackbits(np.frombuffer(edges, np.uint8).reshape(height, -1), axis=1)[:, :width]`.
"""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np
import pandas as pd
import tensorflow_datasets as tfds

from cellscreen.images import edges
from cellscreen.plates.key import image_key
from cellscreen.records.fields import Field, Row

TEXT = ("Plate", "Well", "Site", "Plane", "Timepoint")
TEXT_METADATA = ("cell_line", "condition", "batch", "pert_iname", "control_type")
NUMBER_METADATA = ("hours", "concentration_um")
PIXELS_FEATURE = "edges"


def edges_features() -> tfds.features.FeaturesDict:
    """The schema of an `edges` record; missing text is empty, missing numbers are NaN."""
    text = {name.lower(): tfds.features.Text() for name in (*TEXT, *TEXT_METADATA)}
    numbers = dict.fromkeys(NUMBER_METADATA, np.float32)
    return tfds.features.FeaturesDict(
        {
            "key": tfds.features.Text(),
            "channel": tfds.features.Text(),
            **text,
            **numbers,
            "simulated": np.bool_,
            "metadata_json": tfds.features.Text(),
            "bit_depth": np.int32,
            "low": np.int32,
            "high": np.int32,
            "sha256": tfds.features.Text(),
            "perceptual_hash": tfds.features.Text(),
            "edge_density": np.float32,
            "height": np.int32,
            "width": np.int32,
            PIXELS_FEATURE: tfds.features.Tensor(shape=(), dtype=np.object_),
        }
    )


def edges_example(field: Field) -> dict[str, Any]:
    """One field as the dict that `edges_features` encodes."""
    row = field.row
    height, width = field.edge_map.shape
    return {
        "key": row_key(row),
        "channel": row["channel"],
        **{name.lower(): _text(row.get(f"Metadata_{name}")) for name in (*TEXT, *TEXT_METADATA)},
        **{name: _number(row.get(f"Metadata_{name}")) for name in NUMBER_METADATA},
        "simulated": bool(row.get("Metadata_simulated", False)),
        "metadata_json": json.dumps(_other_metadata(row), sort_keys=True),
        "bit_depth": field.bit_depth,
        "low": field.low,
        "high": field.high,
        "sha256": field.sha256,
        "perceptual_hash": field.perceptual_hash,
        "edge_density": cv2.countNonZero(field.edge_map) / field.edge_map.size,
        "height": height,
        "width": width,
        PIXELS_FEATURE: edges.pack_edges(field.edge_map),
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
        other = json.loads(values.pop("metadata_json"))
        rows.append({names.get(k, k): v for k, v in values.items()} | other)
    return pd.DataFrame(rows)


def _other_metadata(row: Row) -> dict[str, Any]:
    typed = {f"Metadata_{n}" for n in (*TEXT, *TEXT_METADATA, *NUMBER_METADATA, "simulated")}
    return {
        name: None if pd.isna(value) else _plain(value)
        for name, value in row.items()
        if name.startswith("Metadata_") and name not in typed
    }


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _number(value: Any) -> float:
    return float("nan") if value is None or pd.isna(value) else float(value)
