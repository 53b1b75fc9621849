"""Compiled: rings and wedges of objects, and how brightness is spread over them."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

WEDGES = 8


@njit(nogil=True, cache=True)
def write_bins(
    begin: int,
    end: int,
    pixels: np.ndarray,
    first: np.ndarray,
    boxes: np.ndarray,
    rings: int,
    bins: np.ndarray,
) -> None:
    """Writes ring · WEDGES + wedge of each pixel of the objects from `begin` to `end`."""
    for k in range(begin, end):
        mine = pixels[first[k] : first[k + 1]]
        squares = _squared_depth(mine, boxes[k])
        y0, x0 = boxes[k, 0] - 1, boxes[k, 1] - 1
        cy, cx, deepest = 0, 0, 0
        for i in range(len(mine)):
            y, x = mine[i, 0] - y0, mine[i, 1] - x0
            if squares[y, x] > deepest:
                cy, cx, deepest = y, x, squares[y, x]
        for i in range(len(mine)):
            y, x = mine[i, 0] - y0, mine[i, 1] - x0
            dy, dx = y - cy, x - cx
            out = math.sqrt(dy * dy + dx * dx)
            ring = int(rings * (out / (out + math.sqrt(squares[y, x]))))
            wedge = int(dy > 0) + 2 * int(dx > 0) + 4 * int(abs(dy) > abs(dx))
            bins[first[k] + i] = ring * WEDGES + wedge


@njit(nogil=True, cache=True)
def _squared_depth(pixels: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Exact squared distance of each pixel to the nearest one that is not the object's.

    Pixels outside the image are not the object's. The array is the box and a pixel around it.
    """
    height, breadth = box[2] - box[0] + 2, box[3] - box[1] + 2
    down = np.zeros((height, breadth), np.int64)
    for i in range(len(pixels)):
        down[pixels[i, 0] - box[0] + 1, pixels[i, 1] - box[1] + 1] = 1
    for y in range(1, height):
        for x in range(breadth):
            if down[y, x]:
                down[y, x] = down[y - 1, x] + 1
    for y in range(height - 2, -1, -1):
        for x in range(breadth):
            down[y, x] = min(down[y, x], down[y + 1, x] + 1)
    squares = np.zeros((height, breadth), np.int64)
    for y in range(1, height - 1):
        for x in range(1, breadth - 1):
            nearest = down[y, x] ** 2
            aside = 1
            while aside * aside < nearest:
                nearest = min(nearest, aside * aside + down[y, x - aside] ** 2)
                nearest = min(nearest, aside * aside + down[y, x + aside] ** 2)
                aside += 1
            squares[y, x] = nearest
    return squares


@njit(nogil=True, cache=True)
def measure_rings(
    begin: int,
    end: int,
    values: np.ndarray,
    bins: np.ndarray,
    first: np.ndarray,
    rings: int,
    out: np.ndarray,
) -> None:
    """Writes, for each ring, the share of brightness, that share over the area's, and the CV.

    `out` is `(objects, 3, rings)`.
    """
    sums = np.empty((rings, WEDGES))
    counts = np.empty((rings, WEDGES))
    for k in range(begin, end):
        sums[:] = 0
        counts[:] = 0
        for i in range(first[k], first[k + 1]):
            ring, wedge = bins[i] // WEDGES, bins[i] % WEDGES
            sums[ring, wedge] += values[i]
            counts[ring, wedge] += 1
        total, area = sums.sum(), counts.sum()
        for ring in range(rings):
            here, mine = sums[ring].sum(), counts[ring].sum()
            out[k, 0, ring] = here / total if total != 0 else np.nan
            out[k, 1, ring] = out[k, 0, ring] / (mine / area) if mine > 0 else np.nan
            out[k, 2, ring] = _variation(sums[ring], counts[ring])


@njit(nogil=True, cache=True)
def _variation(sums: np.ndarray, counts: np.ndarray) -> float:
    """Coefficient of variation of the wedges' means, of those wedges that have pixels."""
    mean = square = 0.0
    full = 0
    for wedge in range(WEDGES):
        if counts[wedge] > 0:
            mean += sums[wedge] / counts[wedge]
            full += 1
    if full == 0 or mean == 0:
        return np.nan
    mean /= full
    for wedge in range(WEDGES):
        if counts[wedge] > 0:
            square += (sums[wedge] / counts[wedge] - mean) ** 2
    return math.sqrt(square / full) / mean
