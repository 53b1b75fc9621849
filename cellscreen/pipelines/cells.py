"""Cell records to batches: choose by fold, order, cut out or read what is kept, turn, batch.

The order and the turns follow from the seed alone, so that neither threads nor a restart change
them. Nothing that grows with the cells is held here but their table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from cellscreen.errors import DataError
from cellscreen.pipelines.cell_order import cells_in_order
from cellscreen.pipelines.cell_pixels import CellPixels
from cellscreen.pipelines.cell_turns import turn_cells
from cellscreen.pipelines.order import Share, Start

FLOW, TABLE = "flow", "table"
_TURN = 1
Inputs = dict[str, tf.Tensor]


@dataclass(frozen=True)
class CellInputs:
    """What nets take of cells.

    Attributes:
        pixels: the crops of their image branches, if there are any.
        table: `(cells, features)` float32, NaN where missing; no column where there is no table.
    """

    pixels: CellPixels
    table: np.ndarray

    def of_cells(self, rows: tf.Tensor, planes: tf.Tensor | None) -> Inputs:
        """The inputs of a cell or a batch of them, in the graph.

        Args:
            rows: of the cells, int64, of any shape.
            planes: theirs, uint8; None where there is no image branch.

        Returns:
            `mask`, `flow`, `intensity` `(…, size, size, planes)` float32 in [0, 1] and `table`
            `(…, features)` float32, those that there are.
        """
        inputs = {} if planes is None else self.pixels.crops(planes)
        if self.table.shape[1]:
            with tf.init_scope():  # beside the graph: inside it would count to its 2 GB
                table = tf.constant(self.table)
            inputs |= {TABLE: tf.gather(table, rows)}
        return inputs


@dataclass(frozen=True)
class TrainingCells:
    """The cells that a net is trained on.

    Attributes:
        inputs: of all cells.
        rows: of the cells that are trained on, `(count,)` int64.
        labels: class number of each cell, `(cells,)` int64.
        weights: of each class in the loss, `(classes,)` float32.
        probabilities: with which each class is drawn, `(classes,)`; None takes every cell once an
            epoch.
        seed: of order and turns.
    """

    inputs: CellInputs
    rows: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    probabilities: np.ndarray | None
    seed: int

    @property
    def count(self) -> int:
        """How many cells there are."""
        return len(self.rows)

    def batches(self, start: Start, share: Share) -> tf.data.Dataset:
        """Endless batches from a start on, the same for the same seed.

        Each cell is turned by a multiple of 90° and mirrored or not, all eight ways equally likely,
        if the config says so.

        Returns:
            `(inputs, labels, weights, rows)`: inputs as `CellInputs.of_cells` has them, `(batch,
            …)`; labels, weights and rows `(batch,)` int64, float32 and int64; every batch is full.
        """
        rows, labels = tf.constant(self.rows), tf.constant(self.labels)
        weights, pixels = tf.constant(self.weights), self.inputs.pixels
        salt = tf.constant(self.seed * 4 + _TURN, tf.int64)
        kept = not pixels.branches or pixels.holds(self.rows)

        def example(number: tf.Tensor, place: tf.Tensor) -> tuple:
            row = tf.gather(rows, place)
            coins = tf.random.stateless_uniform([3], tf.stack([salt, number])) < 0.5
            return row, coins, tf.zeros([0], tf.uint8) if kept else pixels.planes(row)

        def batch(row: tf.Tensor, coins: tf.Tensor, planes: tf.Tensor) -> tuple:
            label = tf.gather(labels, row)
            inputs = self.inputs.of_cells(row, self._turned(row, coins, planes, kept))
            return inputs, label, tf.gather(weights, label), row

        numbered = cells_in_order(
            self.count, self.seed, start, share, self.labels[self.rows], self.probabilities
        )
        examples = numbered.map(example, num_parallel_calls=tf.data.AUTOTUNE)
        batches = examples.batch(share.batch, drop_remainder=True)
        return batches.map(batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    def _turned(
        self, rows: tf.Tensor, coins: tf.Tensor, planes: tf.Tensor, kept: bool
    ) -> tf.Tensor | None:
        """The planes of a batch, turned where the config says so; None without image branches."""
        pixels = self.inputs.pixels
        if not pixels.branches:
            return None
        ahead = pixels.branches.index(FLOW) if FLOW in pixels.branches else None
        flow_at = None if ahead is None else sum(pixels.widths[:ahead])

        def turn(rows: np.ndarray, coins: np.ndarray, planes: np.ndarray) -> np.ndarray:
            planes = pixels.read(rows) if kept else planes
            return turn_cells(planes, coins, flow_at) if pixels.cell_input.turn_cells else planes

        turned = tf.numpy_function(turn, [rows, coins, planes], tf.uint8)
        return tf.ensure_shape(turned, (rows.shape[0], *pixels.shape))


def training_cells(
    inputs: CellInputs,
    rows: np.ndarray,
    labels: np.ndarray,
    seed: int,
    weights: np.ndarray,
    probabilities: np.ndarray | None = None,
) -> TrainingCells:
    """Chooses the cells of a fold; nothing of other cells is read.

    Args:
        inputs: of all cells.
        rows: the fold's, `(n,)`.
        labels: class number of each cell, `(cells,)` int; 0 or more for `rows`.
        seed: of order and turns, 0 or more.
        weights: of each class in the loss, `(classes,)`.
        probabilities: with which each class is drawn, `(classes,)`; None takes every cell once an
            epoch.

    Raises:
        DataError: there is none.

    Example:
        >>> cells = training_cells(inputs, rows, labels, 0, np.ones(3))  # doctest: +SKIP
        >>> next(iter(cells.batches(Start(), Share(8))))[0]["mask"].shape  # doctest: +SKIP
        TensorShape([8, 64, 64, 4])
    """
    if not len(rows):
        raise DataError("Expected cells to train on; the fold has none.")
    return TrainingCells(
        inputs,
        np.asarray(rows, np.int64),
        np.asarray(labels, np.int64),
        np.asarray(weights, np.float32),
        probabilities,
        seed,
    )


def cell_questions(inputs: CellInputs, rows: np.ndarray) -> tf.data.Dataset:
    """Each cell once, in order, as `(inputs, row)`, not turned.

    Args:
        inputs: of all cells.
        rows: those that are asked, `(n,)`.

    Returns:
        inputs as `CellInputs.of_cells` has them, and row int64.
    """
    pixels = inputs.pixels

    def question(row: tf.Tensor) -> tuple:
        return inputs.of_cells(row, pixels.planes(row) if pixels.branches else None), row

    numbers = tf.data.Dataset.from_tensor_slices(np.asarray(rows, np.int64))
    return numbers.map(question, num_parallel_calls=tf.data.AUTOTUNE)
