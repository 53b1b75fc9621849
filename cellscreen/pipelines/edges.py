"""Edge records to batches: filter by fold, reduce, cache, shuffle, augment, resize, batch."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from cellscreen.images.in_graph import reduce_edges, unpack_edges
from cellscreen.pipelines.edge_input import EdgeInput
from cellscreen.pipelines.order import Draws, Share, Start, epochs_in_order

CACHE_BYTES, SHUFFLE_ROWS = 1 << 30, 4096


def keyed_maps(
    records: tf.data.Dataset, chosen: Mapping[str, int], channel: str = ""
) -> tf.data.Dataset:
    """The chosen records as `(row, height, width, packed map)`; nothing else is decoded.

    Args:
        records: feature dicts of the `edges` kind.
        chosen: key to any number of 0 or more, handed on as `row`.
        channel: keep this channel only; empty keeps all.
    """
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            tf.constant(list(chosen), tf.string), tf.constant(list(chosen.values()), tf.int64)
        ),
        default_value=-1,
    )

    def wanted(record: dict[str, tf.Tensor]) -> tf.Tensor:
        right_channel = tf.equal(record["channel"], channel) if channel else True
        return tf.logical_and(table.lookup(record["key"]) >= 0, right_channel)

    def slim(record: dict[str, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        row = table.lookup(record["key"])
        return row, record["height"], record["width"], record["edges"]

    return records.filter(wanted).map(slim, num_parallel_calls=tf.data.AUTOTUNE)


def questions(
    maps: tf.data.Dataset, edge_input: EdgeInput, cached_count: int = 0
) -> tf.data.Dataset:
    """Every map once, in order, as `(image, row)`, not augmented.

    Args:
        maps: of `keyed_maps`.
        edge_input: the net's input.
        cached_count: how many maps there are if they are asked for again and again, and so kept in
            memory where they fit; 0 keeps none.

    Returns:
        image `(size, size, 1)` float32 in [0, 1] and row int64.
    """

    def prepare(row: tf.Tensor, height: tf.Tensor, width: tf.Tensor, packed: tf.Tensor) -> tuple:
        image = tf.cast(unpack_edges(packed, height, width), tf.float32)[..., None]
        image = reduce_edges(image, edge_input.reduce_factor, edge_input.input_size)
        return tf.ensure_shape(image, (edge_input.input_size, edge_input.input_size, 1)), row

    asked = maps.map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
    fits = 4 * edge_input.input_size**2 * cached_count <= CACHE_BYTES
    return asked.cache() if cached_count and fits else asked


@dataclass(frozen=True)
class TrainingMaps:
    """The maps that a net is trained on, in memory where they fit.

    Attributes:
        maps: `(row, map)`: reduced, or `(row, height, width, packed map)` where nothing is to be
            reduced first.
        count: how many there are.
        labels: class number of each row, `(rows,)` int64.
        weights: weight of each class, `(classes,)` float32.
        draws: balanced sampling; None takes every map once an epoch.
        edge_input: the net's input.
        seed: of order and augmentation.
        cached: whether they are kept in memory.
    """

    maps: tf.data.Dataset
    count: int
    labels: tf.Tensor
    weights: tf.Tensor
    draws: Draws | None
    edge_input: EdgeInput
    seed: int
    cached: bool

    def batches(self, start: Start, share: Share) -> tf.data.Dataset:
        """Endless augmented batches from a start on, the same for the same seed.

        Each map is rotated by 0-360° and flipped with probability 0.5 in both directions, then
        scaled to the net's input (hypoxia paper, II.B).

        Returns:
            `(images, labels, weights, rows)`: `(batch, size, size, 1)` float32 in [0, 1],
            `(batch,)` int64, float32 and int64; every batch is full.
        """
        size = self.edge_input.input_size
        seed = tf.cast(self.seed, tf.int64)

        def augmented(number: tf.Tensor, example: tuple) -> tuple:
            row, image = example if len(example) == 2 else _reduced(1)(*example)
            image = augment(image, tf.stack([seed, number]))
            image = tf.ensure_shape(reduce_edges(image, 1, size), (size, size, 1))
            label = tf.gather(self.labels, row)
            return image, label, tf.gather(self.weights, label), row

        buffer = 0 if self.cached else SHUFFLE_ROWS  # all of them may be more than memory holds
        numbered = epochs_in_order(
            self.maps, self.count, self.seed, start, share, self.draws, buffer
        )
        examples = numbered.map(augmented, num_parallel_calls=tf.data.AUTOTUNE)
        return examples.batch(share.batch, drop_remainder=True).prefetch(tf.data.AUTOTUNE)

    def sample(self, count: int) -> np.ndarray:
        """The first images of a fit, `(count, size, size, 1)` float32; fewer if there are fewer."""
        return next(iter(self.batches(Start(), Share(min(count, self.count)))))[0].numpy()


def training_maps(
    maps: tf.data.Dataset,
    labels: tf.Tensor,
    edge_input: EdgeInput,
    count: int,
    seed: int,
    weights: tf.Tensor,
    probabilities: tf.Tensor | None = None,
    disk: Path | None = None,
) -> TrainingMaps:
    """Reduces the maps where that is asked for, and keeps them in memory where they fit.

    Reduced maps that do not fit are kept on disk, where there is room for twice their size; maps
    that are not reduced are as quickly read from the records.

    Args:
        maps: of `keyed_maps`.
        labels: class number of each `row`, `(rows,)` int64.
        edge_input: the net's input.
        count: how many maps there are.
        seed: of order and augmentation.
        weights: weight of each class, `(classes,)` float32.
        probabilities: of drawing each class, `(classes,)` float32; None takes every map once.
        disk: an empty folder of this fit's own; None keeps nothing on disk.
    """
    # What is kept, and shuffled, is small: reduced, or still packed.
    if edge_input.reduce_factor > 1:
        maps = maps.map(_reduced(edge_input.reduce_factor), num_parallel_calls=tf.data.AUTOTUNE)
    size = _bytes_of_first(maps) * count
    cached = size <= CACHE_BYTES
    if cached:
        maps = maps.cache()
    elif disk and edge_input.reduce_factor > 1 and 2 * size < shutil.disk_usage(disk).free:
        maps = maps.cache(str(disk / "maps"))
    draws = None if probabilities is None else Draws(probabilities, labels)
    return TrainingMaps(maps, count, labels, weights, draws, edge_input, seed, cached)


def _reduced(factor: int) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
    def reduce(row: tf.Tensor, height: tf.Tensor, width: tf.Tensor, packed: tf.Tensor) -> tuple:
        image = tf.cast(unpack_edges(packed, height, width), tf.float32)[..., None]
        return row, reduce_edges(image, factor, None)

    return reduce


def augment(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """A rotation by 0-360° and both flips with probability 0.5, all drawn from `seed`.

    Corners that the rotation leaves empty are filled by mirroring: as empty ones they would make
    every training map sparser than the maps that are scored.

    Args:
        image: `(height, width, 1)` float32.
        seed: `(2,)` int64.

    Returns:
        The same shape and type.
    """
    draws = tf.random.stateless_uniform([3], seed)
    angle = draws[0] * 2 * math.pi
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    rotated = tf.raw_ops.ImageProjectiveTransformV3(
        images=image[None],
        transforms=_rotation_about_centre(angle, height, width)[None],
        output_shape=tf.stack([height, width]),
        fill_value=0.0,  # of the op, unused when mirroring
        interpolation="NEAREST",
        fill_mode="REFLECT",
    )[0]
    rotated = tf.cond(draws[1] < 0.5, lambda: tf.reverse(rotated, [0]), lambda: rotated)
    return tf.cond(draws[2] < 0.5, lambda: tf.reverse(rotated, [1]), lambda: rotated)


def _rotation_about_centre(angle: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    cos, sin = tf.cos(angle), tf.sin(angle)
    x, y = (tf.cast(width, tf.float32) - 1) / 2, (tf.cast(height, tf.float32) - 1) / 2
    zero = tf.zeros([])
    return tf.stack([cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos, zero, zero])


def _bytes_of_first(maps: tf.data.Dataset) -> int:
    first = next(iter(maps.take(1).as_numpy_iterator()), ())
    return sum(len(part) if isinstance(part, bytes) else part.nbytes for part in first)
