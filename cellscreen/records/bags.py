"""The `bags` kind of record: all crops of one field, raw, around the centres of its cells.

The features are plain TFDS ones, so that prepared data opens without this package. The crops are
one bytes feature of little-endian values, cell by cell, row by row, channels last:
`np.frombuffer(crops, dtype).reshape(cells, crop_size, crop_size, len(channels))`.
A field without cells is a record with no crops.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from cellscreen.cells.crops import crop_buffer, crop_cells
from cellscreen.cells.segmentation import Segmentation
from cellscreen.records.field_cells import COUNTS, counts_of, hashed, whole_labels
from cellscreen.records.metadata import metadata_example, metadata_features
from cellscreen.records.planes import Planes
from cellscreen.records.record_config import RecordConfig

SCHEMA = "1.0.0"
PIXELS_FEATURE = "crops"
DTYPES = ("uint8", "uint16")


class Bag(NamedTuple):
    """A decoded `bags` record, in the graph or out of it.

    Attributes:
        crops: `(cells, size, size, channels)` uint16, raw values.
        low: `(channels,)` int32, the raw value that becomes 0.
        high: `(channels,)` int32, the raw value that becomes 255.
        centres: `(cells, 2)` float32 x, y in px.
        object_ids: `(cells,)` int64, the cells' numbers in the label image.
        padded: `(cells,)` bool, whether the crop leaves the field.
    """

    crops: tf.Tensor
    low: tf.Tensor
    high: tf.Tensor
    centres: tf.Tensor
    object_ids: tf.Tensor
    padded: tf.Tensor


def field_features() -> dict[str, Any]:
    """What `bags` and `cells` records both say of their field and its channels."""
    return {
        "key": tfds.features.Text(),
        **metadata_features(),
        "channels": tfds.features.Sequence(tfds.features.Text()),
        "bit_depths": tfds.features.Tensor(shape=(None,), dtype=np.int32),
        "low": tfds.features.Tensor(shape=(None,), dtype=np.int32),
        "high": tfds.features.Tensor(shape=(None,), dtype=np.int32),
        "sha256": tfds.features.Sequence(tfds.features.Text()),
        "perceptual_hash": tfds.features.Text(),
        "height": np.int32,
        "width": np.int32,
        "dtype": tfds.features.Text(),
    }


def field_example(planes: Planes, config: RecordConfig) -> dict[str, Any]:
    """A field as `field_features` encodes it."""
    return {
        "key": planes.key,
        **metadata_example(planes.row),
        "channels": list(planes.channels),
        "bit_depths": np.array(planes.bit_depths, np.int32),
        "low": np.array(planes.lows, np.int32),
        "high": np.array(planes.highs, np.int32),
        "sha256": list(planes.sha256),
        "perceptual_hash": hashed(planes, config.segment),
        "height": planes.pixels.shape[1],
        "width": planes.pixels.shape[2],
        "dtype": str(planes.pixels.dtype),
    }


def bags_features() -> tfds.features.FeaturesDict:
    """The schema of a `bags` record; missing text is empty, missing numbers are NaN."""
    return tfds.features.FeaturesDict(
        {
            **field_features(),
            "cells": np.int32,
            **dict.fromkeys(COUNTS, np.int32),
            "crop_size": np.int32,
            "excluded": np.int32,
            "centres": tfds.features.Tensor(shape=(None, 2), dtype=np.float32),
            "object_ids": tfds.features.Tensor(shape=(None,), dtype=np.int64),
            "padded": tfds.features.Tensor(shape=(None,), dtype=np.bool_),
            "larger": tfds.features.Tensor(shape=(None,), dtype=np.bool_),
            PIXELS_FEATURE: tfds.features.Tensor(shape=(), dtype=np.object_),
        }
    )


def bags_example(planes: Planes, found: Segmentation, config: RecordConfig) -> dict[str, Any]:
    """One field as the dict that `bags_features` encodes.

    Args:
        planes: all channels of the field.
        found: its cells.
        config: how they are cut out; cells whose crop leaves the field may be left out, counted.

    Raises:
        ConfigError: neighbours are to be masked, and the cells are centres only.
    """
    crops, pixels = config.crops, planes.pixels
    cut = crop_cells(
        pixels,
        found.centres,
        crops.crop_size,
        crops.crop_border,
        whole_labels(found, planes) if crops.mask_neighbours else None,
        boxes=found.boxes,
        buffer=crop_buffer(
            len(found.centres), len(pixels), crops.crop_size, pixels.dtype, channels_last=True
        ),
    )
    return {
        **field_example(planes, config),
        "cells": len(cut),
        **counts_of(found),
        "crop_size": crops.crop_size,
        "excluded": cut.excluded,
        "centres": cut.centres.astype(np.float32),
        "object_ids": found.ids[cut.index].astype(np.int64),
        "padded": cut.padded,
        "larger": cut.larger,
        PIXELS_FEATURE: little_endian(cut.pixels),
    }


def decode_bag(record: dict[str, tf.Tensor]) -> Bag:
    """Decodes a `bags` record in the graph.

    Args:
        record: its features, as TFDS gives them.
    """
    cells, size = record["cells"], record["crop_size"]
    values = decode_pixels(record[PIXELS_FEATURE], record["dtype"])
    shape = tf.stack([cells, size, size, tf.shape(record["low"])[0]])
    return Bag(
        crops=tf.reshape(values, shape),
        low=record["low"],
        high=record["high"],
        centres=record["centres"],
        object_ids=record["object_ids"],
        padded=record["padded"],
    )


def crops_of_record(record: bytes, at: np.ndarray) -> np.ndarray:
    """Some crops of a serialized `bags` record, without decoding the others.

    Args:
        record: as it lies in a shard.
        at: `(n,)` indices of the crops.

    Returns:
        `(n, size, size, channels)` uint8 or uint16, raw values.
    """
    said = tf.train.Example.FromString(record).features.feature
    dtype = np.dtype(said["dtype"].bytes_list.value[0].decode()).newbyteorder("<")
    size, channels = said["crop_size"].int64_list.value[0], len(said["low"].int64_list.value)
    crops = np.frombuffer(said[PIXELS_FEATURE].bytes_list.value[0], dtype)
    return crops.reshape(-1, size, size, channels)[at]


def decode_pixels(data: tf.Tensor, dtype: tf.Tensor) -> tf.Tensor:
    """Raw values of a pixel feature, `(values,)` uint16 whatever they were stored as."""
    return tf.cond(
        tf.equal(dtype, "uint8"),
        lambda: tf.cast(tf.io.decode_raw(data, tf.uint8), tf.uint16),
        lambda: tf.io.decode_raw(data, tf.uint16),
    )


def little_endian(pixels: np.ndarray) -> np.ndarray:
    """The values of a pixel feature as they lie in a record."""
    return np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
