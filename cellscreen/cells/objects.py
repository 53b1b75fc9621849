"""Which objects of a label image stay: debris, borders, empty fields; every one is counted.

The rules, in this order:

1. An object smaller than the smallest area allowed is debris: it is removed.
2. An object with a pixel in the image's first or last row or column touches the border. It stays,
   counted, unless the border rule is `drop`.
3. What is left is numbered from 1 without gaps, in the order of the numbers before. A field
   where nothing is left is empty: no error, a count of 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from cellscreen.errors import ImageError

_AREA, _X, _Y, _LEFT, _TOP, _RIGHT, _BOTTOM = range(7)
_TABLE_PER_PIXEL = 4  # numbers up to this many a pixel are counted in a table


@dataclass(frozen=True)
class ObjectCounts:
    """What became of a field's objects.

    Attributes:
        found: objects before the rules.
        debris: removed because they are too small.
        border: touch the image's border, debris not counted, whether they stay or not.
        dropped: removed because they touch it.
        unmatched: nuclei without a cell, and cells without a nucleus, of given label images.
        kept: objects that stay.
    """

    found: int = 0
    debris: int = 0
    border: int = 0
    dropped: int = 0
    unmatched: int = 0
    kept: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing stays."""
        return self.kept == 0


@dataclass(frozen=True)
class Objects:
    """The objects that stay, in the order of their numbers.

    Attributes:
        labels: `(height, width)` int32, 0 the ground, 1 to n the objects.
        ids: `(n,)` int64, the number each object had before.
        areas: `(n,)` int64 pixels.
        centres: `(n, 2)` float64 x, y: the mean of the pixels' places, 0 the first pixel's middle.
        boxes: `(n, 4)` int64 left, top, right, bottom; the last two are not part of the object.
        counts: what the rules did.
    """

    labels: np.ndarray
    ids: np.ndarray
    areas: np.ndarray
    centres: np.ndarray
    boxes: np.ndarray
    counts: ObjectCounts


def keep_objects(labels: np.ndarray, *, min_area: float = 0, border: str = "keep") -> Objects:
    """Applies the rules to a label image.

    Args:
        labels: `(height, width)` whole numbers, 0 the ground; numbers may have gaps and be of any
            size. Is written to where it is int32.
        min_area: pixels that an object must have.
        border: `keep` or `drop`.

    Raises:
        ImageError: numbers below 0.

    Example:
        >>> kept = keep_objects(np.array([[7, 7, 0, 0], [7, 7, 0, 9]]), min_area=2)
        >>> kept.ids.tolist(), kept.centres.tolist(), kept.counts.debris
        ([7], [[0.5, 0.5]], 1)
    """
    numbers, compact = _numbered(labels)
    measured = np.zeros((len(numbers) + 1, 7), np.int64)
    measured[:, [_LEFT, _TOP]] = max(labels.shape)
    _measure(compact, measured)
    table = measured[1:]
    is_debris = table[:, _AREA] < min_area
    height, width = labels.shape
    touches = (table[:, [_LEFT, _TOP]] == 0).any(axis=1)
    touches |= (table[:, _RIGHT] == width) | (table[:, _BOTTOM] == height)
    at_border = touches & ~is_debris
    dropped = at_border if border == "drop" else np.zeros_like(at_border)
    stays = ~is_debris & ~dropped
    if not stays.all():
        places = np.concatenate([[0], np.cumsum(stays) * stays]).astype(np.int32)
        _renumber(compact, places)
    kept = table[stays]
    counts = ObjectCounts(
        found=len(table),
        debris=int(is_debris.sum()),
        border=int(at_border.sum()),
        dropped=int(dropped.sum()),
        kept=len(kept),
    )
    centres = kept[:, [_X, _Y]] / kept[:, [_AREA]]
    boxes = kept[:, [_LEFT, _TOP, _RIGHT, _BOTTOM]]
    return Objects(compact, numbers[stays], kept[:, _AREA], centres, boxes, counts)


def renumber(labels: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Gives the objects of another label image the numbers that `keep_objects` gave.

    Args:
        labels: `(height, width)` whole numbers as they were before.
        ids: `(n,)` int64, rising: `ids[k]` becomes k + 1, any other number 0.

    Returns:
        `(height, width)` int32.

    Example:
        >>> renumber(np.array([[7, 9, 0, 4]]), np.array([4, 9])).tolist()
        [[0, 2, 0, 1]]
    """
    if not len(ids):
        return np.zeros(labels.shape, np.int32)
    places = np.minimum(np.searchsorted(ids, labels), len(ids) - 1)
    return np.where(ids[places] == labels, places + 1, 0).astype(np.int32)


def _numbered(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers that occur, rising, and the same image numbered by their places from 1."""
    if labels.size and int(labels.min()) < 0:
        raise ImageError(
            f"Expected object numbers of 0 and more; got {int(labels.min())}.",
            fix="Save the labels as unsigned whole numbers, 0 the ground.",
        )
    highest = int(labels.max(initial=0))
    if highest > _TABLE_PER_PIXEL * labels.size:
        numbers, places = np.unique(labels, return_inverse=True)
        offset = int(numbers[0] != 0)
        return numbers[1 - offset :].astype(np.int64), (
            (places.reshape(labels.shape) + offset).astype(np.int32)
        )
    compact = np.ascontiguousarray(labels, np.int32)
    occurs = np.zeros(highest + 1, np.int32)
    _mark(compact, occurs)
    occurs[0] = 0
    if occurs.sum() < highest:
        _renumber(compact, (np.cumsum(occurs) * occurs).astype(np.int32))
    return np.flatnonzero(occurs).astype(np.int64), compact


@njit(nogil=True, cache=True)
def _mark(labels: np.ndarray, occurs: np.ndarray) -> None:
    for label in labels.ravel():
        occurs[label] = 1


@njit(nogil=True, cache=True)
def _renumber(labels: np.ndarray, places: np.ndarray) -> None:
    flat = labels.ravel()
    for at in range(flat.size):
        if flat[at] != 0:
            flat[at] = places[flat[at]]


@njit(nogil=True, cache=True)
def _measure(labels: np.ndarray, table: np.ndarray) -> None:
    """Adds up area, places and box of every object, a row of `table` each."""
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            label = labels[y, x]
            if label == 0:
                continue
            row = table[label]
            row[0] += 1
            row[1] += x
            row[2] += y
            row[3] = min(row[3], x)
            row[4] = min(row[4], y)
            row[5] = max(row[5], x + 1)
            row[6] = max(row[6], y + 1)
