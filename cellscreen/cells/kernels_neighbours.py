"""Compiled: which objects lie near which."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def count_neighbours(
    begin: int,
    end: int,
    labels: np.ndarray,
    pixels: np.ndarray,
    edge: np.ndarray,
    first: np.ndarray,
    distance: int,
    out: np.ndarray,
) -> None:
    """Writes the number of neighbours and the percentage of edge pixels that touch one.

    A neighbour has a pixel no further than `distance` from one of the object's; an edge pixel
    touches what lies no further than `distance` + 0.5.
    """
    height, width = labels.shape
    near, touch = distance * distance, distance * distance + distance
    known = np.empty(16, np.int32)
    for k in range(begin, end):
        found = edges = touching = 0
        for i in range(first[k], first[k + 1]):
            if not edge[i]:
                continue
            y, x = pixels[i, 0], pixels[i, 1]
            edges += 1
            touched = False
            for ny in range(max(y - distance, 0), min(y + distance + 1, height)):
                for nx in range(max(x - distance, 0), min(x + distance + 1, width)):
                    other = labels[ny, nx]
                    apart = (ny - y) ** 2 + (nx - x) ** 2
                    if other == 0 or other == labels[y, x] or apart > touch:
                        continue
                    touched = True
                    if apart <= near and not _holds(known[:found], other):
                        if found == len(known):
                            known = np.append(known, np.empty(found, np.int32))
                        known[found] = other
                        found += 1
            touching += touched
        out[k, 0] = found
        out[k, 1] = 100 * touching / edges if edges > 0 else np.nan


@njit(nogil=True, cache=True)
def _holds(known: np.ndarray, label: int) -> bool:
    for one in known:  # noqa: SIM110 (Numba knows no generators in any())
        if one == label:
            return True
    return False
