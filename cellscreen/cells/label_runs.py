"""The objects of a label image as row runs, which everything about their shape is made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cellscreen.cells.kernels_runs import (
    count_runs,
    number_labels,
    sort_runs,
    write_pixels,
    write_runs,
)
from cellscreen.cells.threads import Threads

_TABLE_PER_PIXEL = 4  # a table as long as the highest label is fastest, up to this many a pixel


@dataclass(frozen=True)
class LabelRuns:
    """Objects in the order of their labels.

    Attributes:
        image: the label image, `(height, width)` int32.
        labels: `(objects,)` int64, rising.
        runs: `(runs, 3)` int64 y, start, stop; those of an object side by side, rows rising.
        first: `(objects + 1,)` where each object's runs begin, and the end.
        areas: `(objects,)` pixels.
        boxes: `(objects, 4)` top, left, bottom, right; the last two are not part of the object.
    """

    image: np.ndarray
    labels: np.ndarray
    runs: np.ndarray
    first: np.ndarray
    areas: np.ndarray
    boxes: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def pixels(self) -> np.ndarray:
        """`(area of all, 2)` int32 y, x: object by object, row by row."""
        pixels = np.empty((int(self.areas.sum()), 2), np.int32)
        write_pixels(self.runs, pixels)
        return pixels

    @cached_property
    def places(self) -> np.ndarray:
        """`(area of all,)` int64: the same pixels as places in the flattened image."""
        return self.pixels[:, 0] * np.int64(self.image.shape[1]) + self.pixels[:, 1]

    @cached_property
    def first_pixels(self) -> np.ndarray:
        """`(objects + 1,)` int64: where each object's pixels begin in `pixels`, and the end."""
        return np.concatenate([[0], np.cumsum(self.areas)])


def find_runs(labels: np.ndarray, threads: Threads) -> LabelRuns:
    """Finds all objects of a label image in one pass.

    Args:
        labels: `(height, width)` int32, rows contiguous; 0 is background, any other number an
            object, which may lie in several pieces.

    Example:
        >>> with Threads(1) as threads:
        ...     find_runs(np.array([[0, 7, 7], [3, 0, 7]], np.int32), threads).areas.tolist()
        [1, 3]
    """
    counts = np.empty(len(labels), np.int64)
    count_runs(0, len(labels), labels, counts)  # too quick to share out
    first = np.concatenate([[0], np.cumsum(counts)])
    runs = np.empty((first[-1], 4), np.int64)
    rows = threads.cut(range(len(labels) + 1))
    threads.run(write_runs, rows, labels, _pairs(labels), first, runs)
    ids, of_run = _numbered(runs, labels.size)
    return LabelRuns(labels, ids, *sort_runs(runs, of_run, len(ids)))


def _pairs(labels: np.ndarray) -> np.ndarray:
    if labels.shape[1] % 2:
        return np.empty((len(labels), 0), np.int64)
    return labels.view(np.int64)


def _numbered(runs: np.ndarray, pixels: int) -> tuple[np.ndarray, np.ndarray]:
    highest = int(runs[:, 0].max(initial=0))
    if highest <= _TABLE_PER_PIXEL * pixels and runs[:, 0].min(initial=0) >= 0:
        return number_labels(runs, highest)
    ids, of_run = np.unique(runs[:, 0], return_inverse=True)
    return ids, of_run.astype(np.int64)
