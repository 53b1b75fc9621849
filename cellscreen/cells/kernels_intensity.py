"""Compiled: how bright objects are."""

from __future__ import annotations

import numpy as np
from numba import njit

SUM, MEAN, LOW, HIGH = range(4)
LEVELS = 4
DEVIATION, LOWER, MEDIAN, UPPER, MAD, DISPLACEMENT = range(6)
SPREADS = 6
EDGES = 5


@njit(nogil=True, cache=True)
def measure_levels(
    begin: int, end: int, plane: np.ndarray, runs: np.ndarray, first: np.ndarray, out: np.ndarray
) -> None:
    """Sum, mean, lowest and highest value of the objects from `begin` to `end`."""
    for k in range(begin, end):
        total = plane[0, 0] * 0  # an integer for planes of integers: exact
        low = high = plane[runs[first[k], 0], runs[first[k], 1]]
        count = 0
        for run in range(first[k], first[k + 1]):
            row = plane[runs[run, 0], runs[run, 1] : runs[run, 2]]
            for i in range(len(row)):
                total += row[i]
                low = min(low, row[i])
                high = max(high, row[i])
            count += len(row)
        out[k, SUM], out[k, MEAN] = total, total / count
        out[k, LOW], out[k, HIGH] = low, high


@njit(nogil=True, cache=True)
def measure_spreads(
    begin: int,
    end: int,
    values: np.ndarray,
    ordered: np.ndarray,
    pixels: np.ndarray,
    first: np.ndarray,
    out: np.ndarray,
) -> None:
    """Spread, quartiles and mass displacement of the objects from `begin` to `end`.

    `ordered` has each object's values once more, rising.
    """
    for k in range(begin, end):
        mine, rising = values[first[k] : first[k + 1]], ordered[first[k] : first[k + 1]]
        out[k, DISPLACEMENT] = _displacement(mine, pixels[first[k] : first[k + 1]])
        out[k, DEVIATION] = np.std(mine)
        out[k, LOWER] = _quantile(rising, 0.25)
        out[k, MEDIAN] = _quantile(rising, 0.5)
        out[k, UPPER] = _quantile(rising, 0.75)
        out[k, MAD] = _median_deviation(rising, out[k, MEDIAN])


@njit(nogil=True, cache=True)
def _quantile(ordered: np.ndarray, share: float) -> float:
    """Linear between neighbours, as NumPy's default."""
    place = share * (len(ordered) - 1)
    below = int(place)
    if below + 1 == len(ordered):
        return ordered[below]
    return ordered[below] + (ordered[below + 1] - ordered[below]) * (place - below)


@njit(nogil=True, cache=True)
def _median_deviation(ordered: np.ndarray, median: float) -> float:
    """Median of the distances from the median: they rise outwards, so no second sorting."""
    n = len(ordered)
    right = np.searchsorted(ordered, median)
    left = right - 1
    before = last = 0.0
    for _ in range(n // 2 + 1):
        before = last
        if right == n or (left >= 0 and median - ordered[left] <= ordered[right] - median):
            last = median - ordered[left]
            left -= 1
        else:
            last = ordered[right] - median
            right += 1
    return last if n % 2 else (before + last) / 2


@njit(nogil=True, cache=True)
def _displacement(values: np.ndarray, pixels: np.ndarray) -> float:
    """Distance in px between an object's centre and the centre of its brightness."""
    y0, x0 = pixels[0, 0], pixels[0, 1]
    y = x = wy = wx = total = 0.0
    for i in range(len(values)):
        dy, dx = pixels[i, 0] - y0, pixels[i, 1] - x0
        y += dy
        x += dx
        wy += dy * values[i]
        wx += dx * values[i]
        total += values[i]
    if total == 0:
        return np.nan
    return np.hypot(wy / total - y / len(values), wx / total - x / len(values))


@njit(nogil=True, cache=True)
def mark_edges(
    begin: int, end: int, labels: np.ndarray, pixels: np.ndarray, first: np.ndarray, out: np.ndarray
) -> None:
    """Marks in `out` the pixels that have another label among their eight neighbours."""
    height, width = labels.shape
    for i in range(first[begin], first[end]):
        y, x = pixels[i, 0], pixels[i, 1]
        label = labels[y, x]
        out[i] = False
        for ny in range(max(y - 1, 0), min(y + 2, height)):
            for nx in range(max(x - 1, 0), min(x + 2, width)):
                if labels[ny, nx] != label:
                    out[i] = True


@njit(nogil=True, cache=True)
def measure_edges(
    begin: int, end: int, values: np.ndarray, edge: np.ndarray, first: np.ndarray, out: np.ndarray
) -> None:
    """Sum, mean, lowest and highest value, and deviation, of edge pixels; NaN without any."""
    for k in range(begin, end):
        mine = values[first[k] : first[k + 1]][edge[first[k] : first[k + 1]]]
        if len(mine) == 0:
            out[k] = np.nan
            continue
        out[k, 0], out[k, 1] = np.sum(mine), np.mean(mine)
        out[k, 2], out[k, 3] = np.min(mine), np.max(mine)
        out[k, 4] = np.std(mine)


@njit(nogil=True, cache=True)
def sum_boxes(plane: np.ndarray, boxes: np.ndarray, out: np.ndarray) -> None:
    """Sum of all pixels in each box."""
    for k in range(len(boxes)):
        total = plane[0, 0] * 0
        for y in range(boxes[k, 0], boxes[k, 2]):
            row = plane[y, boxes[k, 1] : boxes[k, 3]]
            for i in range(len(row)):
                total += row[i]
        out[k] = total
