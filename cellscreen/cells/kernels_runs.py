"""Compiled: a label image as row runs, the pieces of a row that carry one label."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def count_runs(top: int, bottom: int, labels: np.ndarray, counts: np.ndarray) -> None:
    """Writes to `counts` how many runs each row from `top` to `bottom` has."""
    width = labels.shape[1]
    for y in range(top, bottom):
        row = labels[y]
        count = int(row[0] != 0)
        for x in range(1, width):
            count += (row[x] != row[x - 1]) & (row[x] != 0)
        counts[y] = count


@njit(nogil=True, cache=True)
def write_runs(
    top: int,
    bottom: int,
    labels: np.ndarray,
    pairs: np.ndarray,
    first: np.ndarray,
    runs: np.ndarray,
) -> None:
    """Writes the runs of the rows from `top` to `bottom` as `(label, y, start, stop)`.

    `pairs` are the labels two by two, as int64, or have no column: what goes on like the pixel
    before is stepped over in pairs.
    """
    width, paired = labels.shape[1], pairs.shape[1]
    for y in range(top, bottom):
        row, twos = labels[y], pairs[y]
        at = first[y]
        before = np.int64(0)
        x = 0
        while x < width:
            if x % 2 == 0:
                two, same = x // 2, before | (before << 32)
                while two < paired and twos[two] == same:
                    two += 1
                x = 2 * two
                if x == width:
                    break
            label = np.int64(row[x])
            if label != before:
                if before != 0:
                    runs[at, 3] = x
                    at += 1
                if label != 0:
                    runs[at, 0], runs[at, 1], runs[at, 2] = label, y, x
                before = label
            x += 1
        if before != 0:
            runs[at, 3] = width


@njit(nogil=True, cache=True)
def number_labels(runs: np.ndarray, highest: int) -> tuple[np.ndarray, np.ndarray]:
    """The labels in rising order, and the place of each run's label among them."""
    places = np.zeros(highest + 1, np.int64)
    for run in range(len(runs)):
        places[runs[run, 0]] = 1
    labels = np.empty(places.sum(), np.int64)
    count = 0
    for label in range(highest + 1):
        if places[label]:
            labels[count] = label
            places[label] = count
            count += 1
    of_run = np.empty(len(runs), np.int64)
    for run in range(len(runs)):
        of_run[run] = places[runs[run, 0]]
    return labels, of_run


@njit(nogil=True, cache=True)
def sort_runs(
    runs: np.ndarray, of_run: np.ndarray, objects: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Runs brought into the order of their objects, rows rising within each.

    Returns:
        `(runs, 3)` y, start, stop; where each object's runs begin, and the end; the areas; the
        boxes `(objects, 4)` as top, left, bottom, right, the last two not part of them.
    """
    first = np.zeros(objects + 1, np.int64)
    for run in range(len(runs)):
        first[of_run[run] + 1] += 1
    for k in range(objects):
        first[k + 1] += first[k]
    place = first[:-1].copy()
    ordered = np.empty((len(runs), 3), np.int64)
    areas = np.zeros(objects, np.int64)
    boxes = np.empty((objects, 4), np.int64)
    for run in range(len(runs)):
        k = of_run[run]
        y, start, stop = runs[run, 1], runs[run, 2], runs[run, 3]
        at = place[k]
        if at == first[k]:
            boxes[k, 0], boxes[k, 1], boxes[k, 3] = y, start, stop
        boxes[k, 1] = min(boxes[k, 1], start)
        boxes[k, 2] = y + 1
        boxes[k, 3] = max(boxes[k, 3], stop)
        ordered[at, 0], ordered[at, 1], ordered[at, 2] = y, start, stop
        areas[k] += stop - start
        place[k] = at + 1
    return ordered, first, areas, boxes


@njit(nogil=True, cache=True)
def write_pixels(runs: np.ndarray, pixels: np.ndarray) -> None:
    """Writes each object's pixels as `(y, x)`, row by row."""
    at = 0
    for run in range(len(runs)):
        for x in range(runs[run, 1], runs[run, 2]):
            pixels[at, 0], pixels[at, 1] = runs[run, 0], x
            at += 1
