"""Compiled: moments and convex area of objects given as row runs."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

CONVEX, MAJOR, MINOR, ECCENTRICITY, ORIENTATION, CENTER_Y, CENTER_X = range(7)
COLUMNS = 7

_SAFE = 2**62  # integers stay below, else floats take over


@njit(nogil=True, cache=True)
def measure_shapes(
    begin: int,
    end: int,
    runs: np.ndarray,
    first: np.ndarray,
    areas: np.ndarray,
    boxes: np.ndarray,
    out: np.ndarray,
) -> None:
    """Writes the shape of the objects from `begin` to `end` to `out`."""
    sides = 1
    for k in range(begin, end):
        sides = max(sides, boxes[k, 2] - boxes[k, 0])
    ends = np.empty((2, 2 * sides + 3), np.int64)
    chain = np.empty((2, 2 * sides + 3), np.int64)
    columns = np.empty((2, sides), np.int64)
    for k in range(begin, end):
        mine = runs[first[k] : first[k + 1]]
        _write_moments(mine, boxes[k], areas[k], out[k])
        out[k, CONVEX] = _convex_area(mine, boxes[k], ends, chain, columns)


@njit(nogil=True, cache=True)
def _sum_of_squares(stop: int) -> int:
    return (stop - 1) * stop * (2 * stop - 1) // 6


@njit(nogil=True, cache=True)
def _write_moments(runs: np.ndarray, box: np.ndarray, n: int, out: np.ndarray) -> None:
    """Centre, axes, eccentricity and orientation, from sums that are exact integers.

    The origin is the middle of the box, which keeps the sums small.
    """
    y0, x0 = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
    sy = sx = syy = sxy = sxx = 0
    for run in range(len(runs)):
        y, start, stop = runs[run, 0] - y0, runs[run, 1] - x0, runs[run, 2] - x0
        length = stop - start
        along = length * (start + stop - 1) // 2
        sy += y * length
        sx += along
        syy += y * y * length
        sxy += y * along
        sxx += _sum_of_squares(stop) - _sum_of_squares(start)
    out[CENTER_Y] = (y0 * n + sy) / n
    out[CENTER_X] = (x0 * n + sx) / n
    if float(n) * float(max(sxx, syy)) < _SAFE:
        xx, yy, xy = n * sxx - sx * sx, n * syy - sy * sy, n * sxy - sx * sy
        _write_axes(float(xx), float(yy), float(xy), _determinant(xx, yy, xy), n, out)
        return
    fx, fy, fn = float(sx), float(sy), float(n)
    axx, ayy, axy = fn * sxx - fx * fx, fn * syy - fy * fy, fn * sxy - fx * fy
    _write_axes(axx, ayy, axy, axx * ayy - axy * axy, n, out)


@njit(nogil=True, cache=True)
def _determinant(xx: int, yy: int, xy: int) -> float:
    """Exact where it fits: an object on a straight line has a determinant of exactly 0."""
    if float(xx) * float(yy) < _SAFE:
        return float(xx * yy - xy * xy)
    return float(xx) * float(yy) - float(xy) * float(xy)


@njit(nogil=True, cache=True)
def _write_axes(
    xx: float, yy: float, xy: float, determinant: float, n: int, out: np.ndarray
) -> None:
    """Axes of the ellipse of the same second moments, which come multiplied by n²."""
    larger = ((xx + yy) + math.hypot(xx - yy, 2 * xy)) / 2
    smaller = max(determinant, 0.0) / larger if larger > 0 else 0.0
    smaller = min(smaller, larger)
    out[MAJOR] = 4 * math.sqrt(larger) / n
    out[MINOR] = 4 * math.sqrt(smaller) / n
    out[ECCENTRICITY] = math.sqrt(1 - smaller / larger) if larger > 0 else 0.0
    if xx == yy:
        out[ORIENTATION] = math.pi / 4 if xy > 0 else -math.pi / 4
    else:
        out[ORIENTATION] = 0.5 * math.atan2(2 * xy, yy - xx)


@njit(nogil=True, cache=True)
def _convex_area(
    runs: np.ndarray, box: np.ndarray, ends: np.ndarray, chain: np.ndarray, columns: np.ndarray
) -> float:
    """Pixels in or on the hull of the middles of all pixels' edges.

    Everything is doubled, so that those middles are integers: pixel `(y, x)` gives
    `(2y, 2x ± 1)` and `(2y ± 1, 2x)`. The right side is the left one of the mirrored object.
    """
    height = box[2] - box[0]
    none = 2**40
    left, right = ends[0], ends[1]
    for half in range(2 * height + 1):
        left[half] = right[half] = none
    for run in range(len(runs)):
        half = 2 * (runs[run, 0] - box[0]) + 1
        start, stop = 2 * runs[run, 1], -2 * (runs[run, 2] - 1)
        left[half], right[half] = min(left[half], start - 1), min(right[half], stop - 1)
        for near in (half - 1, half + 1):
            left[near], right[near] = min(left[near], start), min(right[near], stop)
    _write_first_columns(left, none, height, chain, columns[0])
    _write_first_columns(right, none, height, chain, columns[1])
    area = 0
    for y in range(height):
        area += 1 - columns[1, y] - columns[0, y]
    return float(area)


@njit(nogil=True, cache=True)
def _write_first_columns(
    ends: np.ndarray, none: int, height: int, chain: np.ndarray, columns: np.ndarray
) -> None:
    """The leftmost pixel of each row that is right of the chain around `ends` (monotone chain)."""
    at, xs = chain[0], chain[1]
    size = 0
    for half in range(2 * height + 1):
        x = ends[half]
        if x == none:
            continue
        while size >= 2 and (x - xs[size - 2]) * (at[size - 1] - at[size - 2]) <= (
            xs[size - 1] - xs[size - 2]
        ) * (half - at[size - 2]):
            size -= 1
        at[size], xs[size] = half, x
        size += 1
    piece = 0
    for y in range(height):
        half = 2 * y + 1
        while at[piece + 1] < half:
            piece += 1
        rise = at[piece + 1] - at[piece]
        x = xs[piece] * rise + (xs[piece + 1] - xs[piece]) * (half - at[piece])
        columns[y] = -((-x) // (2 * rise))
