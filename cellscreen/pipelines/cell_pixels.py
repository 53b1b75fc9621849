"""The planes of cells as 8-bit values, computed once and kept where they fit.

Cutting, resizing and measuring depths takes longer than a small net's step, and is the same every
epoch. Planes are kept in memory where those of all cells fit, else those of a fold on disk where
there is room for twice their size, else computed anew. Whether they are kept changes no value.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tensorflow as tf

from cellscreen.errors import CellscreenError, RecordError
from cellscreen.pipelines.cell_index import CellIndex
from cellscreen.pipelines.cell_input import CellInput
from cellscreen.pipelines.cell_planes import cell_planes, plane_names
from cellscreen.pipelines.cell_reading import read_cell
from cellscreen.pipelines.cell_turns import STEPS
from cellscreen.records.cells import Cell

LOGGER = logging.getLogger(__name__)
MEMORY_BYTES = 1 << 31
_AT_ONCE = 64
_FILE = "planes"


@dataclass
class _Kept:
    """Planes in one array; `slots` is the place of each cell in it, -1 where it has none."""

    array: np.ndarray
    slots: np.ndarray
    done: np.ndarray

    @property
    def there(self) -> np.ndarray:
        """Which cells have their planes in it, `(cells,)` bool."""
        return (self.slots >= 0) & self.done[self.slots]


@dataclass
class CellPixels:
    """The planes of the image branches of cells.

    Attributes:
        index: the cells.
        branches: the net's image branches.
        cell_input: how large, and how a box becomes a square.
        memory: bytes that planes may take in memory.
    """

    index: CellIndex
    branches: tuple[str, ...]
    cell_input: CellInput
    memory: int = MEMORY_BYTES
    _kept: _Kept | None = field(default=None, repr=False)

    @property
    def widths(self) -> list[int]:
        """How many planes each branch has."""
        names = plane_names(self.branches, self.index.channels)
        return [len(names[branch]) for branch in self.branches]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a cell's planes, all branches one behind the other."""
        size = self.cell_input.cell_size
        return size, size, sum(self.widths)

    def keep(self, rows: np.ndarray, disk: Path | None = None) -> None:
        """Computes the planes of cells that are to be read often, if there is room for them.

        Args:
            rows: of `index.cells`, `(n,)` int.
            disk: an empty folder for what memory cannot keep; None keeps nothing on disk.

        Raises:
            RecordError: a record is damaged, or its pixels or flow do not fit its box.
        """
        if not self.branches:
            return
        self._make_room(np.asarray(rows), disk)
        if self._kept is not None:
            self._fill(np.asarray(rows)[(self._kept.slots >= 0)[rows] & ~self._kept.there[rows]])

    def release(self) -> None:
        """Frees what is kept: TensorFlow keeps for good what its pipelines called."""
        if self._kept is not None:
            self._kept.array = np.empty((0, *self.shape), np.uint8)
            self._kept = None

    def holds(self, rows: np.ndarray) -> bool:
        """Whether the planes of all these cells are kept."""
        kept = self._kept
        return kept is not None and bool(kept.there[rows].all())

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Planes that are kept, `(n, size, size, planes)` uint8, a copy."""
        return self._held().array[self._held().slots[rows]]

    def planes(self, row: tf.Tensor) -> tf.Tensor:
        """The planes of a cell, in the graph: those that are kept are read, others computed.

        Args:
            row: of `index.cells`, int64.

        Returns:
            `shape` uint8, from 0 to `STEPS`.
        """
        if self._kept is None:
            return self._computed(row)
        with tf.init_scope():  # beside the graph, which holds 2 GB at most
            there = tf.constant(self._kept.there)
        planes = tf.cond(
            tf.gather(there, row),
            lambda: tf.numpy_function(self.read, [row], tf.uint8),
            lambda: self._computed(row),
        )
        return tf.ensure_shape(planes, self.shape)

    def crops(self, planes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Planes as a net takes them, `(…, size, size, planes)` float32 in [0, 1] by branch."""
        return as_crops(planes, self.branches, self.widths)

    def _held(self) -> _Kept:
        if self._kept is None:
            raise RecordError("Expected planes that are kept; they were released.")
        return self._kept

    def _computed(self, row: tf.Tensor) -> tf.Tensor:
        """The planes of a cell, read and cut out, `shape` uint8."""
        types = (tf.uint16, tf.uint8, tf.float32, tf.int32, tf.int32)

        def read(row: np.ndarray) -> tuple[np.ndarray, ...]:
            return read_cell(self.index, int(row))[:5]

        intensity, mask, flow, low, high = tf.numpy_function(read, [row], types)
        channels = len(self.index.channels)
        cell = Cell(
            intensity=tf.ensure_shape(intensity, (None, None, channels)),
            mask=tf.ensure_shape(mask, (None, None)),
            flow=tf.ensure_shape(flow, (None, None, None)),
            low=tf.ensure_shape(low, (channels,)),
            high=tf.ensure_shape(high, (channels,)),
            measured=tf.zeros([0]),
        )
        return eight_bit_planes(cell, self.branches, self.cell_input)

    def _make_room(self, rows: np.ndarray, disk: Path | None) -> None:
        cells, each = len(self.index.cells), int(np.prod(self.shape))
        if self._kept is not None and (self._kept.slots[rows] >= 0).all():
            return
        if cells * each <= self.memory:
            self._kept = _Kept(
                np.empty((cells, *self.shape), np.uint8), np.arange(cells), np.zeros(cells, bool)
            )
            return
        if disk is None:
            return
        self._kept, size = None, len(rows) * each
        if 2 * size > shutil.disk_usage(disk).free:
            LOGGER.info(
                "Planes of %d cells take %.1f GB, more than is kept: they are computed every "
                "epoch.",
                *(len(rows), size / 1e9),
            )
            return
        LOGGER.info("Planes of %d cells, %.1f GB, are kept on disk.", len(rows), size / 1e9)
        slots = np.full(cells, -1)
        slots[rows] = np.arange(len(rows))
        array = np.memmap(disk / _FILE, np.uint8, "w+", shape=(len(rows), *self.shape))
        self._kept = _Kept(array, slots, np.zeros(len(rows), bool))

    def _fill(self, rows: np.ndarray) -> None:
        """Computes planes side by side and keeps them."""
        kept = self._kept
        if kept is None or not len(rows):
            return
        numbers = tf.data.Dataset.from_tensor_slices(rows.astype(np.int64))
        planes = numbers.map(
            lambda row: (row, self._computed(row)), num_parallel_calls=tf.data.AUTOTUNE
        )
        try:
            for row, some in planes.batch(_AT_ONCE).as_numpy_iterator():
                kept.array[kept.slots[row]] = some
                kept.done[kept.slots[row]] = True
        except tf.errors.OpError as error:
            raise self._cause(rows, error) from error

    def _cause(self, rows: np.ndarray, error: tf.errors.OpError) -> CellscreenError:
        """The error of the cell at fault, which TensorFlow tells as text only."""
        for row in rows:
            try:
                read_cell(self.index, int(row))
            except CellscreenError as found:
                return found
        text = error.message.partition("\n")[0]
        return RecordError(f"Planes of cells cannot be computed: {text}")


def eight_bit_planes(cell: Cell, branches: Sequence[str], cell_input: CellInput) -> tf.Tensor:
    """A cell's planes on the grid that nets are trained with, all branches one behind the other.

    Args:
        cell: as decoded, in the graph.
        branches: the net's image branches, at least one.
        cell_input: how large, and how a box becomes a square.

    Returns:
        `(size, size, planes)` uint8, from 0 to `STEPS`.

    Example:
        >>> planes = eight_bit_planes(cell, ("mask",), CellInput(64))  # doctest: +SKIP
    """
    found = cell_planes(cell, cell_input.cell_size, branches, cell_input.cell_fit)
    whole = tf.concat([found[name] for name in branches], axis=-1)
    return tf.cast(tf.round(whole * STEPS), tf.uint8)


def as_crops(
    planes: tf.Tensor, branches: Sequence[str], widths: Sequence[int]
) -> dict[str, tf.Tensor]:
    """Planes of `eight_bit_planes` as a net takes them, float32 in [0, 1] by branch."""
    parts = tf.split(tf.cast(planes, tf.float32) / STEPS, list(widths), axis=-1)
    return dict(zip(branches, parts, strict=True))


def net_crops(
    cell: Cell, branches: Sequence[str], cell_input: CellInput, channels: Sequence[str]
) -> dict[str, tf.Tensor]:
    """The crops of one cell exactly as nets were trained on them, in the graph.

    Args:
        cell: as decoded.
        branches: the net's image branches.
        cell_input: of the training.
        channels: names of the intensities.

    Returns:
        `(size, size, planes)` float32 in [0, 1], by branch.

    Example:
        >>> crops = net_crops(decode_cell(record), ("mask",), CellInput(64), ())  # doctest: +SKIP
    """
    if not branches:
        return {}
    names = plane_names(branches, channels)
    widths = [len(names[branch]) for branch in branches]
    return as_crops(eight_bit_planes(cell, branches, cell_input), branches, widths)
