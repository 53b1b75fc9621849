"""The `edges` kind of record: a native-size 1-bit edge map of one field and channel.

The features are plain TFDS ones, so that prepared data opens without this package. The map is
one bytes feature: `np.packbits` along each row, rows padded to whole bytes. Unpack it with
`np.unpackbits(np.frombuffer(edges, np.uint8).reshape(height, -1), axis=1)[:, :width]`.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import tensorflow_datasets as tfds

from cellscreen.images import edges
from cellscreen.records.fields import Field
from cellscreen.records.metadata import metadata_example, metadata_features, row_key

SCHEMA = "1.0.0"
PIXELS_FEATURE = "edges"


def edges_features() -> tfds.features.FeaturesDict:
    """The schema of an `edges` record; missing text is empty, missing numbers are NaN."""
    return tfds.features.FeaturesDict(
        {
            "key": tfds.features.Text(),
            "channel": tfds.features.Text(),
            **metadata_features(),
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
        **metadata_example(row),
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
