"""The `cells` kind of record: one cell, cut out by its own bounding box, with its features.

The features are plain TFDS ones, so that prepared data opens without this package. The pixel
features are bytes of little-endian values, row by row, channels last:

- `intensity` `(height, width, channels)` of `dtype`, raw;
- `mask` `(height, width)` uint8: 0 ground, 1 this cell, 2 another cell;
- `flow` `(height, width, flow_planes)` float32: Cellpose's, or made from the labels
  (`RecordConfig.flows`); empty where the method has none.

Nothing is resized. The box is that of the whole cell where cells were grown, else of the nucleus.
Names of the numbers in `measured` are in the prepared folder's metadata, as `feature_names`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import tensorflow as tf
import tensorflow_datasets as tfds

from cellscreen.cells.feature_config import FeatureConfig
from cellscreen.cells.features import measure_objects
from cellscreen.cells.label_flows import flows_of_labels
from cellscreen.cells.label_runs import find_runs
from cellscreen.cells.names import OBJECT_NUMBER
from cellscreen.cells.segmentation import Segmentation
from cellscreen.cells.threads import Threads
from cellscreen.records.bags import decode_pixels, field_example, field_features, little_endian
from cellscreen.records.field_cells import whole_labels
from cellscreen.records.planes import Planes
from cellscreen.records.record_config import FROM_LABELS, RecordConfig

SCHEMA = "1.0.0"
PIXELS_FEATURES = ("intensity", "mask", "flow")
OWN, OTHER = 1, 2


class Cell(NamedTuple):
    """A decoded `cells` record, in the graph or out of it.

    Attributes:
        intensity: `(height, width, channels)` uint16, raw values.
        mask: `(height, width)` uint8: 0 ground, 1 this cell, 2 another cell.
        flow: `(height, width, planes)` float32; no plane where the method has no flows.
        low: `(channels,)` int32, the raw value that becomes 0.
        high: `(channels,)` int32, the raw value that becomes 255.
        measured: `(features,)` float32, NaN where undefined.
    """

    intensity: tf.Tensor
    mask: tf.Tensor
    flow: tf.Tensor
    low: tf.Tensor
    high: tf.Tensor
    measured: tf.Tensor


def cells_features() -> tfds.features.FeaturesDict:
    """The schema of a `cells` record; missing text is empty, missing numbers are NaN."""
    pixels = {name: tfds.features.Tensor(shape=(), dtype=np.object_) for name in PIXELS_FEATURES}
    return tfds.features.FeaturesDict(
        {
            **field_features(),
            "object_id": np.int64,
            "centre": tfds.features.Tensor(shape=(2,), dtype=np.float32),
            "box": tfds.features.Tensor(shape=(4,), dtype=np.int32),  # left, top, right, bottom
            "flow_planes": np.int32,
            "measured": tfds.features.Tensor(shape=(None,), dtype=np.float32),
            **pixels,
        }
    )


def cells_examples(
    planes: Planes, found: Segmentation, config: RecordConfig
) -> Iterator[dict[str, Any]]:
    """The cells of one field as the dicts that `cells_features` encodes.

    Raises:
        ConfigError: the cells are centres only.
    """
    labels = whole_labels(found, planes)
    measured = measure_cells(planes, found, config.feature_groups)
    flows = flows_of_labels(labels) if config.flows == FROM_LABELS else found.flows
    field = field_example(planes, config)
    with Threads(1) as threads:
        boxes = find_runs(labels, threads).boxes
    for number, (top, left, bottom, right) in enumerate(boxes, 1):
        window = np.s_[top:bottom, left:right]
        own = labels[window]
        flow = _flow(flows, window)
        yield {
            **field,
            "object_id": found.ids[number - 1],
            "centre": found.centres[number - 1].astype(np.float32),
            "box": np.array([left, top, right, bottom], np.int32),
            "flow_planes": flow.shape[2],
            "measured": measured[number - 1],
            "intensity": _bytes(np.moveaxis(planes.pixels[:, *window], 0, -1)),
            "mask": _bytes(np.select([own == number, own != 0], [OWN, OTHER]).astype("u1")),
            "flow": _bytes(flow),
        }


def measure_cells(planes: Planes, found: Segmentation, groups: tuple[str, ...]) -> np.ndarray:
    """The features of a field's cells, `(cells, features)` float32; see `feature_names`."""
    return _features(planes, found, groups).to_numpy(np.float32)


def feature_names(planes: Planes, found: Segmentation, groups: tuple[str, ...]) -> list[str]:
    """The names of the numbers in `measured`; a field without cells has the same."""
    return [str(name) for name in _features(planes, found, groups).columns]


def decode_cell(record: Mapping[str, tf.Tensor]) -> Cell:
    """Decodes a `cells` record in the graph.

    Args:
        record: its features, as TFDS gives them.
    """
    box = record["box"]
    size = tf.stack([box[3] - box[1], box[2] - box[0]])
    channels = tf.shape(record["low"])
    return Cell(
        intensity=tf.reshape(
            decode_pixels(record["intensity"], record["dtype"]), tf.concat([size, channels], 0)
        ),
        mask=tf.reshape(tf.io.decode_raw(record["mask"], tf.uint8), size),
        flow=tf.reshape(
            tf.io.decode_raw(record["flow"], tf.float32),
            tf.concat([size, tf.reshape(record["flow_planes"], [1])], 0),
        ),
        low=record["low"],
        high=record["high"],
        measured=record["measured"],
    )


def _features(planes: Planes, found: Segmentation, groups: tuple[str, ...]) -> pd.DataFrame:
    limits = dict(zip(planes.channels, zip(planes.lows, planes.highs, strict=True), strict=True))
    config = FeatureConfig(groups=groups, limits=limits)
    whole_labels(found, planes)  # features need label images
    numbers = np.arange(1, len(found.ids) + 1)
    tables = []
    for compartment, labels in found.compartments.items():
        table = measure_objects(labels, planes.by_name(), compartment, config)
        table = table.set_index(OBJECT_NUMBER).reindex(numbers)
        tables.append(table[[name for name in table if not str(name).startswith("Metadata_")]])
    return pd.concat(tables, axis=1)


def _bytes(pixels: np.ndarray) -> bytes:
    return little_endian(pixels).tobytes()


def _flow(flows: np.ndarray | None, window: tuple[slice, slice]) -> np.ndarray:
    """The flows of a window, `(height, width, planes)` float32."""
    if flows is None:
        shape = tuple(part.stop - part.start for part in window)
        return np.empty((*shape, 0), np.float32)
    return np.moveaxis(flows[:, *window], 0, -1).astype(np.float32)
