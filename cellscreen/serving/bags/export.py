"""An exported net of bags: its signatures, and what is told of them."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from cellscreen.models.bag_nets import channels_of, crop_size_of
from cellscreen.serving.bags.columns import BagColumns
from cellscreen.serving.bags.graph import Answers, BagGraph
from cellscreen.serving.common.tracked import Tracked
from cellscreen.training.bags.config import BagsConfig

KIND = BagsConfig.TRAINER
CROP_STEPS = "crop floor(centre+0.5) at size//2 pad0; uint8 half up; /255"


def describe_bags(model: keras.Model, config: BagsConfig) -> dict[str, Any]:
    """What only the `cellscreen.json` of a net of bags says."""
    size, channels = crop_size_of(model), channels_of(model)
    return {
        "kind": KIND,
        "target": config.data.target,
        "tasks": list(config.data.tasks),
        "outputs": {columns_of(config).answer: columns_of(config).names},
        "channel_names": list(channels),
        "crop_size": size,
        "bag_input": dataclasses.asdict(config.bag_input),
        "inference": dataclasses.asdict(config.inference),
        "seed": config.fit.seed,
        "preprocessing_hash": crop_hash(size, channels),
    }


def columns_of(config: BagsConfig) -> BagColumns:
    """The score columns of a training's nets."""
    data = config.data
    return BagColumns(data.target, data.task, data.classes, data.tasks)


def crop_hash(crop_size: int, channels: tuple[str, ...]) -> str:
    """A digest of everything between raw pixels and the net: equal if the inputs are made equal."""
    text = f"{CROP_STEPS}; {crop_size}; {', '.join(channels)}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_bag_model(models: list[keras.Model], config: BagsConfig, folder: Path) -> None:
    """Writes the mean of nets as a SavedModel.

    Signatures, of raw pixels with the plate's scale, `low` and `high` int32 a channel:

    - `serve_bags` (also `serving_default`): `crops` `(batch, crops, size, size, channels)` uint16,
      `mask` `(batch, crops)` bool, `low` and `high` `(batch, channels)`. All real crops of a bag
      are one set; draw sets to ask it as `cellscreen score` does.
    - `serve_field`: `field` `(height, width, channels)` uint16, corrected for its light where the
      training's were, `centres` `(cells, 2)` float64 x, y in pixels, `low` and `high`
      `(channels,)`. Answers without the axis of the batch, NaN without cells.
    - `serve_bags_uint8` and `serve_field_uint8`: the same of 8-bit pixels.
    - `encode_crops`: `crops` `(n, size, size, channels)` uint16, `low` and `high`
      `(n, channels)`; gives `embeddings` `(n, units)`. `answer_sets`: `embeddings`
      `(batch, crops, units)` and `mask`. Together they answer many sets of a bag whose crops are
      encoded once.

    Answers are `probabilities` `(batch, outputs)` (`value` of nets of log-dose) and `attention`
    `(batch, crops)`, float32, means over nets.

    Args:
        models: nets of one training.
        config: of the training.
        folder: to be written.
    """
    graph = BagGraph(models, columns_of(config).answer)
    size, channels = graph.size, graph.channels
    archive = keras.export.ExportArchive()
    archive.track(Tracked(models))
    mask = _spec("mask", tf.bool, None, None)
    of_bags, of_field = _scales(None, channels), _scales(channels)
    for dtype in (tf.uint16, tf.uint8):
        more = "" if dtype == tf.uint16 else "_uint8"
        crops = _spec("crops", dtype, None, None, size, size, channels)
        field = _spec("field", dtype, None, None, channels)
        centres = _spec("centres", tf.float64, None, 2)
        archive.add_endpoint(f"serve_bags{more}", graph.serve_bags, [crops, mask, *of_bags])
        archive.add_endpoint(f"serve_field{more}", graph.serve_field, [field, centres, *of_field])
    crops = _spec("crops", tf.uint16, None, size, size, channels)
    sets = _spec("embeddings", tf.float32, None, None, graph.units)

    def encode_crops(crops: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> Answers:
        return {"embeddings": graph.encode_crops(crops, low, high)}

    archive.add_endpoint("encode_crops", encode_crops, [crops, *of_bags])
    archive.add_endpoint("answer_sets", graph.answer_sets, [sets, mask])
    archive.write_out(str(folder), verbose=False)


def _spec(name: str, dtype: tf.DType, *shape: int | None) -> tf.TensorSpec:
    return tf.TensorSpec(shape, dtype, name=name)


def _scales(*shape: int | None) -> list[tf.TensorSpec]:
    return [_spec(name, tf.int32, *shape) for name in ("low", "high")]
