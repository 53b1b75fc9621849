"""Compiled: heat that spreads from an object's middle, and the way up it from every pixel."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_FLAT = 1e-9  # of a pixel's own height; what rounding leaves of no slope is far below


@njit(nogil=True, cache=True)
def write_flows(
    begin: int, end: int, pixels: np.ndarray, first: np.ndarray, boxes: np.ndarray, out: np.ndarray
) -> None:
    """Writes unit vectors towards the middle, of the objects from `begin` to `end`.

    Args:
        begin: first object.
        end: the object after the last.
        pixels: `(area of all, 2)` int32 y, x, object by object.
        first: `(objects + 1,)` int64, where each object's pixels begin, and the end.
        boxes: `(objects, 4)` int64 top, left, bottom, right.
        out: `(2, height, width)` float32; gets y and x, 0 where there is no slope.
    """
    for k in range(begin, end):
        mine = pixels[first[k] : first[k + 1]]
        top, left = boxes[k, 0] - 1, boxes[k, 1] - 1  # a pixel around the box belongs to nobody
        heat = _spread(mine, boxes[k])
        for i in range(len(mine)):
            y, x = mine[i, 0] - top, mine[i, 1] - left
            dy = math.log1p(heat[y + 1, x]) - math.log1p(heat[y - 1, x])
            dx = math.log1p(heat[y, x + 1]) - math.log1p(heat[y, x - 1])
            length = math.sqrt(dy * dy + dx * dx)
            if length > _FLAT * math.log1p(heat[y, x]):
                out[0, mine[i, 0], mine[i, 1]] = dy / length
                out[1, mine[i, 0], mine[i, 1]] = dx / length


@njit(nogil=True, cache=True)
def _spread(pixels: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The heat of an object's box and a pixel around it, float64.

    Each step adds 1 at the middle; then every pixel of the object becomes the mean of the 3×3
    around it, and all others stay 0.
    """
    height, width = box[2] - box[0], box[3] - box[1]
    heat = np.zeros((height + 2, width + 2))
    share = np.zeros((height + 2, width + 2))
    for i in range(len(pixels)):
        share[pixels[i, 0] - box[0] + 1, pixels[i, 1] - box[1] + 1] = 1 / 9
    middle = _middle(pixels)
    y, x = pixels[middle, 0] - box[0] + 1, pixels[middle, 1] - box[1] + 1
    threes = np.zeros((height + 2, width + 2))  # sums of three side by side
    for _ in range(2 * (height - 1 + width - 1)):
        heat[y, x] += 1
        for v in range(1, height + 1):
            for u in range(1, width + 1):
                threes[v, u] = heat[v, u - 1] + heat[v, u] + heat[v, u + 1]
        for v in range(1, height + 1):
            for u in range(1, width + 1):
                around = threes[v - 1, u] + threes[v, u] + threes[v + 1, u]
                heat[v, u] = share[v, u] * around
    return heat


@njit(nogil=True, cache=True)
def _middle(pixels: np.ndarray) -> int:
    """The pixel nearest to the median of all, the first in rows if several are."""
    y0, x0 = np.median(pixels[:, 0].copy()), np.median(pixels[:, 1].copy())
    nearest, least = 0, np.inf
    for i in range(len(pixels)):
        squared = (pixels[i, 0] - y0) ** 2 + (pixels[i, 1] - x0) ** 2
        if squared < least:
            nearest, least = i, squared
    return nearest
