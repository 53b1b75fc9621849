"""Watershed by buckets: every pixel goes once through a queue of its level, deepest levels first.

The result on whole numbers is that of a priority queue that takes equal values in the order of
their arrival, but in time proportional to the pixels.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LEVELS = 1024
_OPEN = -1  # in the mask, and not yet taken


def flood(depth: np.ndarray, mask: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Grows seeds into a mask, from the deepest places outwards.

    Args:
        depth: `(height, width)` float32; larger is taken first. Cut into 1,024 levels between its
            extremes in the mask.
        mask: `(height, width)` uint8; what lies at 0 is not taken.
        seeds: `(height, width)` int32, 0 or an object's number, all within the mask. They are
            grown in place: a copy of the field's size would cost as much as the growing.

    Returns:
        `seeds`, grown; pixels that no seed reaches through 4-neighbours stay 0.

    Example:
        >>> depth = np.array([[3, 2, 1, 2, 3]], np.float32)
        >>> flood(depth, np.ones((1, 5), np.uint8), np.array([[1, 0, 0, 0, 2]], np.int32))
        array([[1, 1, 1, 2, 2]], dtype=int32)
    """
    _flood(depth, mask, seeds)
    return seeds


@njit(nogil=True, cache=True)
def find_seeds(depth: np.ndarray, apart: int, mask: np.ndarray) -> np.ndarray:
    """Numbers the places where `depth` is the highest around; even tops are one seed.

    Args:
        depth: `(height, width)` float32.
        apart: pixels to each side within which nothing in the mask may be higher.
        mask: `(height, width)` uint8; outside of it are no seeds.

    Returns:
        `(height, width)` int32, 0 or the number of a seed, in the order of the rows.
    """
    height, width = depth.shape
    seeds = np.zeros((height, width), np.int32)
    waiting = [0]
    count = 0
    for y in range(height):
        for x in range(width):
            # Most pixels have a higher neighbour: only tops are compared with all around.
            if mask[y, x] == 0 or seeds[y, x] != 0 or not _is_top(depth, mask, y, x, 1):
                continue
            if not _is_top(depth, mask, y, x, apart):
                continue
            count += 1
            seeds[y, x] = count
            waiting.append(y * width + x)
            while len(waiting) > 1:
                here = waiting.pop()
                v, u = here // width, here % width
                for b in range(max(v - 1, 0), min(v + 2, height)):
                    for a in range(max(u - 1, 0), min(u + 2, width)):
                        level = mask[b, a] != 0 and depth[b, a] == depth[y, x]
                        if level and seeds[b, a] == 0:
                            seeds[b, a] = count
                            waiting.append(b * width + a)
    return seeds


@njit(nogil=True, cache=True)
def _is_top(depth: np.ndarray, mask: np.ndarray, y: int, x: int, apart: int) -> bool:
    """Whether nothing in the mask within a square around a pixel is higher."""
    here = depth[y, x]
    for b in range(max(y - apart, 0), min(y + apart + 1, depth.shape[0])):
        for a in range(max(x - apart, 0), min(x + apart + 1, depth.shape[1])):
            if depth[b, a] > here and mask[b, a] != 0:
                return False
    return True


@njit(nogil=True, cache=True)
def _flood(depth: np.ndarray, mask: np.ndarray, labels: np.ndarray) -> None:
    width = depth.shape[1]
    low, scale = _levels_of(depth, mask)
    depths, inside, out = depth.ravel(), mask.ravel(), labels.ravel()
    pixels = out.size
    # Every pixel goes into the queue of its level once, so that their lengths are known before.
    start = np.zeros(LEVELS + 1, np.int64)
    for place in range(pixels):
        if inside[place] != 0:
            start[int((depths[place] - low) * scale) + 1] += 1
            if out[place] == 0:
                out[place] = _OPEN
    start = np.cumsum(start)
    first, last = start[:-1].copy(), start[:-1].copy()
    queue = np.empty(start[-1], np.int32)
    current = 0
    for place in range(pixels):
        if inside[place] != 0 and out[place] != _OPEN:
            level = int((depths[place] - low) * scale)
            queue[last[level]] = place
            last[level] += 1
            current = max(current, level)
    while current >= 0:
        if first[current] == last[current]:
            current -= 1
            continue
        place = int(queue[first[current]])
        first[current] += 1
        for side in range(4):
            neighbour = place + (-width, -1, 1, width)[side]
            if neighbour < 0 or neighbour >= pixels or out[neighbour] != _OPEN:
                continue
            if (side == 1 and place % width == 0) or (side == 2 and neighbour % width == 0):
                continue
            out[neighbour] = out[place]
            level = int((depths[neighbour] - low) * scale)
            queue[last[level]] = neighbour
            last[level] += 1
            current = max(current, level)
    if (first != start[1:]).any():
        for place in range(pixels):
            if out[place] == _OPEN:
                out[place] = 0


@njit(nogil=True, cache=True)
def _levels_of(depth: np.ndarray, mask: np.ndarray) -> tuple[np.float32, np.float32]:
    """The lowest depth in the mask, and levels for each unit above it."""
    low, high = np.float32(np.inf), np.float32(-np.inf)
    for y in range(depth.shape[0]):
        for x in range(depth.shape[1]):
            if mask[y, x] != 0:
                low = depth[y, x] if depth[y, x] < low else low
                high = depth[y, x] if depth[y, x] > high else high
    return low, np.float32((LEVELS - 1) / (high - low)) if high > low else np.float32(0)
