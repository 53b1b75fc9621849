"""Bag records to batches: choose by fold, draw crops, augment each, batch.

Records are read where they lie and only when an example is made of them: a shuffle buffer of whole
bags would not fit into memory, and what another fold holds is never read. The order and the draws
follow from the seed alone, so that neither threads nor a restart change them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from cellscreen.errors import DataError
from cellscreen.pipelines.bag_draws import draw_crops, repeated_crops
from cellscreen.pipelines.bag_index import BagIndex
from cellscreen.pipelines.bag_input import BagInput
from cellscreen.pipelines.order import Draws, Share, Start, epochs_in_order

LOGGER = logging.getLogger(__name__)
_AUGMENT, _DRAW, _ASK = 1, 2, 3  # one seed, three uses


@dataclass(frozen=True)
class TrainingBags:
    """The bags that a net is trained on.

    Attributes:
        index: all bags.
        rows: the rows of `index.bags` that are trained on, `(count,)` int64; none without cells.
        labels: of each row of `index.bags`, `(bags, …)`.
        weights: of each row of `index.bags` in the loss, `(bags,)` float32.
        draws: balanced sampling of `rows`; None takes every bag once an epoch.
        bag_input: how many crops.
        seed: of order, draws and augmentation.
    """

    index: BagIndex
    rows: tf.Tensor
    labels: tf.Tensor
    weights: tf.Tensor
    draws: Draws | None
    bag_input: BagInput
    seed: int

    @property
    def count(self) -> int:
        """How many bags there are."""
        return int(self.rows.shape[0])

    def batches(self, start: Start, share: Share) -> tf.data.Dataset:
        """Endless augmented batches from a start on, the same for the same seed.

        Crops are drawn anew every epoch (MID, Methods); each is turned by a multiple of 90° and
        mirrored, all eight ways equally likely.

        Returns:
            `(inputs, labels, weights, rows)`: `inputs["crops"]` `(batch, crops, size, size,
            channels)` float32 in [0, 1] and `inputs["mask"]` `(batch, crops)` bool, True
            everywhere; labels, float32 and int64 `(batch,)`; every batch is full.
        """

        def example(number: tf.Tensor, element: tuple[tf.Tensor]) -> tuple:
            row = tf.gather(self.rows, element[0])
            crops = self._drawn(row, number)
            crops = tf.cast(augment_crops(crops, self._seeds(number, _AUGMENT)), tf.float32) / 255
            mask = tf.ones([self.bag_input.bag_crops], tf.bool)
            label, weight = tf.gather(self.labels, row), tf.gather(self.weights, row)
            return {"crops": crops, "mask": mask}, label, weight, row

        places = tf.data.Dataset.range(self.count).map(lambda place: (place,))
        numbered = epochs_in_order(places, self.count, self.seed, start, share, self.draws)
        examples = numbered.map(example, num_parallel_calls=tf.data.AUTOTUNE)
        return examples.batch(share.batch, drop_remainder=True).prefetch(tf.data.AUTOTUNE)

    def _drawn(self, row: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        """Crops of a bag, `(crops, size, size, channels)` uint8."""
        cells = self.index.bags["cells"].to_numpy()
        size = self.bag_input.bag_crops

        def read(row: np.ndarray, number: np.ndarray) -> np.ndarray:
            at = draw_crops(int(cells[row]), size, (self.seed, _DRAW, int(number)))
            return self.index.read_crops(int(row), at)

        crops = tf.numpy_function(read, [row, number], tf.uint8)
        side, channels = self.index.crop_size, len(self.index.channels)
        return tf.ensure_shape(crops, (size, side, side, channels))

    def _seeds(self, number: tf.Tensor, use: int) -> tf.Tensor:
        return tf.stack([tf.cast(self.seed, tf.int64) * 4 + use, number])


def training_bags(
    index: BagIndex,
    rows: np.ndarray,
    labels: np.ndarray,
    bag_input: BagInput,
    seed: int,
    weights: np.ndarray | None = None,
    probabilities: np.ndarray | None = None,
    class_of: np.ndarray | None = None,
) -> TrainingBags:
    """Chooses the bags of a fold that can be trained on; those without cells are left out, told.

    Args:
        index: all bags.
        rows: the fold's rows of `index.bags`, `(n,)`; nothing of other bags is read.
        labels: of each row of `index.bags`, `(bags, …)`.
        bag_input: how many crops.
        seed: of order, draws and augmentation, 0 or more.
        weights: of each row of `index.bags` in the loss, `(bags,)`; None for 1 each.
        probabilities: of drawing each class, `(classes,)` float32; None takes every bag once an
            epoch.
        class_of: class number of each row of `index.bags` that bags are drawn by, `(bags,)`; None
            where `labels` are class numbers.

    Raises:
        DataError: none of the rows has a cell.

    Example:
        >>> bags = training_bags(index, rows, labels, BagInput(), seed=0)  # doctest: +SKIP
        >>> next(iter(bags.batches(Start(), Share(8))))[0]["crops"].shape  # doctest: +SKIP
        TensorShape([8, 12, 96, 96, 3])
    """
    cells = index.bags["cells"].to_numpy()
    kept = np.asarray(rows, np.int64)[cells[rows] > 0]
    if not len(kept):
        raise DataError(
            f"Expected bags with cells to train on; all {len(rows)} have none.",
            fix="Look at the segmentation, or take another fold.",
        )
    if len(kept) < len(rows):
        LOGGER.warning(
            "%d of %d bags have no cells: not trained on.", len(rows) - len(kept), len(rows)
        )
    repeated = repeated_crops(cells[kept], bag_input.bag_crops)
    if repeated:
        total = len(kept) * bag_input.bag_crops
        LOGGER.warning(
            "%d of %d crops an epoch are repeated: their bags have fewer than %d cells.",
            *(repeated, total, bag_input.bag_crops),
        )
    weights = np.ones(len(index.bags)) if weights is None else weights
    draws = None
    if probabilities is not None:
        classes = (labels if class_of is None else class_of)[kept]
        draws = Draws(tf.constant(probabilities, tf.float32), tf.constant(classes, tf.int64))
    return TrainingBags(
        index=index,
        rows=tf.constant(kept),
        labels=tf.constant(labels),
        weights=tf.constant(weights, tf.float32),
        draws=draws,
        bag_input=bag_input,
        seed=seed,
    )


def bag_questions(
    index: BagIndex, rows: np.ndarray, bag_input: BagInput, seed: int
) -> tf.data.Dataset:
    """Each bag once, in order, as `(inputs, row)`: one draw of its crops, not augmented.

    The draw of a row is the same every time, so that figures of an epoch can be compared with those
    of another.

    Args:
        index: all bags.
        rows: rows of `index.bags` with cells, `(n,)`.
        bag_input: how many crops.
        seed: of the draws, 0 or more.

    Returns:
        inputs as `TrainingBags.batches` has them, without the batch, and row int64.
    """
    cells, size = index.bags["cells"].to_numpy(), bag_input.bag_crops
    shape = (size, index.crop_size, index.crop_size, len(index.channels))

    def read(row: np.ndarray) -> np.ndarray:
        at = draw_crops(int(cells[row]), size, (seed, _ASK, int(row)))
        return index.read_crops(int(row), at)

    def example(row: tf.Tensor) -> tuple:
        crops = tf.ensure_shape(tf.numpy_function(read, [row], tf.uint8), shape)
        return {"crops": tf.cast(crops, tf.float32) / 255, "mask": tf.ones([size], tf.bool)}, row

    numbers = tf.data.Dataset.from_tensor_slices(np.asarray(rows, np.int64))
    return numbers.map(example, num_parallel_calls=tf.data.AUTOTUNE)


def whole_bags(index: BagIndex, rows: np.ndarray | None = None) -> Iterator[tuple[int, np.ndarray]]:
    """All crops of each bag in order, not augmented; a bag without cells comes with none.

    Args:
        index: all bags.
        rows: of `index.bags`; None for all.

    Yields:
        The row, and its crops `(cells, size, size, channels)` uint8.
    """
    for row in range(len(index.bags)) if rows is None else rows:
        yield int(row), index.read_crops(int(row))


def augment_crops(crops: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Turns each crop by 0, 90, 180 or 270° and mirrors every second, drawn from `seed`.

    Nothing is interpolated, so that all crops stay as sharp as those that are scored.

    Args:
        crops: `(crops, size, size, channels)`, any type.
        seed: `(2,)` int64.

    Returns:
        The same shape and type.
    """
    heads = tf.random.stateless_uniform([3, tf.shape(crops)[0]], seed) < 0.5
    for coin, change in zip(
        tf.unstack(heads, num=3),
        (
            lambda some: tf.reverse(some, [1]),
            lambda some: tf.reverse(some, [2]),
            lambda some: tf.transpose(some, [0, 2, 1, 3]),
        ),
        strict=True,
    ):
        crops = tf.where(coin[:, None, None, None], change(crops), crops)
    return crops
