"""Edge records to batches: filter by fold, reduce, cache, shuffle, augment, resize, batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import tensorflow as tf

from cellscreen.errors import ConfigError
from cellscreen.images.in_graph import reduce_edges, unpack_edges

CACHE_BYTES = 1 << 30
SHUFFLE_ROWS = 4096


@dataclass(frozen=True)
class EdgeInput:
    """How an edge map becomes the net's input; the same in training, scoring and export."""

    input_size: int = 128  # side of the net's square input, px
    reduce_factor: int = 1  # exact integer-factor reduction before anything else; 1 is none

    def __post_init__(self) -> None:
        if self.input_size < 8:
            raise ConfigError(f"Expected input_size of 8 px or more; got {self.input_size}.")
        if self.reduce_factor < 1:
            raise ConfigError(f"Expected reduce_factor of 1 or more; got {self.reduce_factor}.")


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


def evaluation_batches(
    maps: tf.data.Dataset, edge_input: EdgeInput, batch_size: int
) -> tf.data.Dataset:
    """Every map once, in order, as batches of `(images, rows)`; the last may be smaller.

    Returns:
        images `(batch, size, size, 1)` float32 in [0, 1] and rows `(batch,)` int64.
    """

    def prepare(row: tf.Tensor, height: tf.Tensor, width: tf.Tensor, packed: tf.Tensor) -> tuple:
        image = tf.cast(unpack_edges(packed, height, width), tf.float32)[..., None]
        image = reduce_edges(image, edge_input.reduce_factor, edge_input.input_size)
        return tf.ensure_shape(image, (edge_input.input_size, edge_input.input_size, 1)), row

    batches = maps.map(prepare, num_parallel_calls=tf.data.AUTOTUNE).batch(batch_size)
    return batches.prefetch(tf.data.AUTOTUNE)


def training_batches(
    maps: tf.data.Dataset,
    labels: tf.Tensor,
    edge_input: EdgeInput,
    batch_size: int,
    n_images: int,
    seed: int,
) -> tf.data.Dataset:
    """Endless augmented batches of `(images, labels)`, the same for the same seed.

    Each map is rotated by 0-360° and flipped with probability 0.5 in both directions, then scaled
    to the net's input (hypoxia paper, II.B). With `reduce_factor` above 1 it is reduced first,
    which is what is kept in memory.

    Args:
        maps: of `keyed_maps`.
        labels: class number of each `row`, `(rows,)` int64.
        edge_input: the net's input.
        batch_size: images a batch; every batch is full.
        n_images: how many maps there are.
        seed: of order and augmentation.
    """

    def reduce(row: tf.Tensor, height: tf.Tensor, width: tf.Tensor, packed: tf.Tensor) -> tuple:
        image = tf.cast(unpack_edges(packed, height, width), tf.float32)[..., None]
        return reduce_edges(image, edge_input.reduce_factor, None), tf.gather(labels, row)

    def augmented(index: tf.Tensor, pair: tuple) -> tuple[tf.Tensor, tf.Tensor]:
        image = augment(pair[0], tf.stack([tf.cast(seed, tf.int64), index]))
        image = reduce_edges(image, 1, edge_input.input_size)
        return tf.ensure_shape(image, (edge_input.input_size, edge_input.input_size, 1)), pair[1]

    reduced_first = edge_input.reduce_factor > 1
    if reduced_first:
        maps = maps.map(reduce, num_parallel_calls=tf.data.AUTOTUNE)
    if _bytes_of_first(maps) * n_images <= CACHE_BYTES:
        maps = maps.cache()
    # Shuffled while small (reduced, or still packed), so that a deep buffer stays cheap.
    maps = maps.shuffle(min(n_images, SHUFFLE_ROWS), seed=seed).repeat()
    if not reduced_first:
        maps = maps.map(reduce, num_parallel_calls=tf.data.AUTOTUNE)
    numbered = maps.enumerate()
    batches = numbered.map(augmented, num_parallel_calls=tf.data.AUTOTUNE)
    return batches.batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


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
