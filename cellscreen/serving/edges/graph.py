"""What an exported edge net holds beside its weights: raw pixels to edge maps, in the graph."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from cellscreen.images import in_graph
from cellscreen.pipelines.edge_input import EdgeInput
from cellscreen.serving.common.tracked import Tracked
from cellscreen.training.edges.config import EdgesConfig

EDGE_STEPS = "gauss3x3 reflect101; canny sobel3 L2 20 60; area pool; area resize"


def describe_edges(config: EdgesConfig) -> dict[str, Any]:
    """What only an edge net's `cellscreen.json` says."""
    return {
        "outputs": {"p0": config.data.classes[0], "p1": config.data.classes[1]},
        "channel_names": [config.data.channel],
        "edge_input": dataclasses.asdict(config.edge_input),
        "preprocessing_hash": preprocessing_hash(config.edge_input),
    }


def preprocessing_hash(edge_input: EdgeInput) -> str:
    """A digest of everything between raw pixels and the net: equal if the inputs are made equal."""
    text = f"{EDGE_STEPS}; {edge_input.reduce_factor}; {edge_input.input_size}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_edge_model(models: list[keras.Model], edge_input: EdgeInput, folder: Path) -> None:
    """Writes the mean of nets as a SavedModel; `export.export_run` says its signatures."""

    def probabilities(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        mean = tf.add_n([model(inputs, training=False) for model in models]) / len(models)
        return {"p0": mean[:, 0], "p1": mean[:, 1]}

    size = (edge_input.input_size, edge_input.input_size, 1)
    spec = tf.TensorSpec(size, tf.float32)

    def from_uint8(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return probabilities(
            tf.map_fn(lambda i: net_input(i[..., 0], edge_input), images, fn_output_signature=spec)
        )

    def scaled(args: tuple[tf.Tensor, ...]) -> tf.Tensor:
        image, low, high = args
        return net_input(in_graph.to_uint8(image[..., 0], low, high), edge_input)

    def from_uint16(images: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> dict[str, tf.Tensor]:
        return probabilities(tf.map_fn(scaled, (images, low, high), fn_output_signature=spec))

    def decoded(args: tuple[tf.Tensor, ...]) -> tf.Tensor:
        data, low, high = args
        gray = in_graph.to_gray(in_graph.decode_image(data))
        return net_input(in_graph.to_uint8(gray, low, high), edge_input)

    def from_bytes(data: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> dict[str, tf.Tensor]:
        return probabilities(tf.map_fn(decoded, (data, low, high), fn_output_signature=spec))

    def spec_of(name: str, dtype: tf.DType, *shape: int | None) -> tf.TensorSpec:
        return tf.TensorSpec((None, *shape), dtype, name=name)

    scale = [spec_of("low", tf.int32), spec_of("high", tf.int32)]
    archive = keras.export.ExportArchive()
    archive.track(Tracked(models))
    images8 = spec_of("images", tf.uint8, None, None, 1)
    archive.add_endpoint("serving_default", from_uint8, input_signature=[images8])
    images16 = spec_of("images", tf.uint16, None, None, 1)
    archive.add_endpoint("serve_uint16", from_uint16, input_signature=[images16, *scale])
    data = spec_of("data", tf.string)
    archive.add_endpoint("serve_bytes", from_bytes, input_signature=[data, *scale])
    archive.write_out(str(folder), verbose=False)


def net_input(gray8: tf.Tensor, edge_input: EdgeInput) -> tf.Tensor:
    """One 8-bit image to the net's input: edges, then the one reduction.

    Args:
        gray8: `(height, width)` uint8.
        edge_input: the net's input.

    Returns:
        `(size, size, 1)` float32 in [0, 1].
    """
    edges = tf.cast(in_graph.edge_map(gray8), tf.float32)[..., None]
    return in_graph.reduce_edges(edges, edge_input.reduce_factor, edge_input.input_size)
