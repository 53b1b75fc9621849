"""Compiled: grey reconstruction, and means over objects of an image made smaller."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def reconstruct(seed: np.ndarray, ceiling: np.ndarray) -> None:
    """Spreads `seed` upwards under `ceiling`, to four neighbours, until nothing changes.

    In place. Two sweeps, then a queue of the pixels that can still raise a neighbour
    (Vincent 1993, IEEE Trans Image Process 2, section IV.C).
    """
    height, width = seed.shape
    for y in range(height):
        for x in range(width):
            best = seed[y, x]
            if y > 0:
                best = max(best, seed[y - 1, x])
            if x > 0:
                best = max(best, seed[y, x - 1])
            seed[y, x] = min(best, ceiling[y, x])
    queue = np.empty(height * width + 1, np.int64)
    waits = np.zeros((height, width), np.bool_)
    count = 0
    for y in range(height - 1, -1, -1):
        for x in range(width - 1, -1, -1):
            best = seed[y, x]
            if y + 1 < height:
                best = max(best, seed[y + 1, x])
            if x + 1 < width:
                best = max(best, seed[y, x + 1])
            seed[y, x] = best = min(best, ceiling[y, x])
            below = y + 1 < height and seed[y + 1, x] < min(best, ceiling[y + 1, x])
            if below or (x + 1 < width and seed[y, x + 1] < min(best, ceiling[y, x + 1])):
                queue[count] = y * width + x
                waits[y, x] = True
                count += 1
    _spread(seed, ceiling, queue, count, waits)


@njit(nogil=True, cache=True)
def _spread(
    seed: np.ndarray, ceiling: np.ndarray, queue: np.ndarray, end: int, waits: np.ndarray
) -> None:
    """Works off the queue, a ring in which no pixel waits twice."""
    height, width = seed.shape
    at = 0
    while at != end:
        y, x = queue[at] // width, queue[at] % width
        waits[y, x] = False
        at = (at + 1) % len(queue)
        for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            ny, nx = y + dy, x + dx
            if ny < 0 or ny >= height or nx < 0 or nx >= width:
                continue
            raised = min(seed[y, x], ceiling[ny, nx])
            if seed[ny, nx] < raised:
                seed[ny, nx] = raised
                if not waits[ny, nx]:
                    waits[ny, nx] = True
                    queue[end] = ny * width + nx
                    end = (end + 1) % len(queue)


@njit(nogil=True, cache=True)
def write_means(
    begin: int,
    end: int,
    small: np.ndarray,
    blocks: np.ndarray,
    first: np.ndarray,
    out: np.ndarray,
) -> None:
    """Means over the objects from `begin` to `end`; each pixel has the value of its block."""
    for k in range(begin, end):
        total = 0.0
        for i in range(first[k], first[k + 1]):
            total += small[blocks[i]]
        out[k] = total / (first[k + 1] - first[k])
