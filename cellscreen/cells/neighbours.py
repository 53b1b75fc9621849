"""Which objects lie around an object: CellProfiler's Neighbors."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from cellscreen.cells.kernels_neighbours import count_neighbours
from cellscreen.cells.label_runs import LabelRuns
from cellscreen.cells.threads import Threads

NEIGHBOURS = (
    "NumberOfNeighbors",
    "PercentTouching",
    "FirstClosestDistance",
    "SecondClosestDistance",
    "AngleBetweenNeighbors",
)


def measure_neighbours(
    objects: LabelRuns, edge: np.ndarray, distance_px: int, threads: Threads
) -> dict[str, np.ndarray]:
    """Number of neighbours, touching edge, distances to the two closest and the angle between.

    Distances and the angle (in degrees) are between centres; NaN where there is no such object.

    Args:
        objects: of the field.
        edge: `(area of all,)` bool, from `intensity.edges`.
        distance_px: how far a neighbour's nearest pixel may lie; 1 is side by side.
        threads: to work in.

    Returns:
        `(objects,)` float64 by the names in `NEIGHBOURS`.
    """
    out = np.empty((len(objects), 2))
    threads.run(
        count_neighbours,
        threads.cut(objects.first_pixels),
        objects.image,
        objects.pixels,
        edge,
        objects.first_pixels,
        distance_px,
        out,
    )
    columns = [*out.T, *_closest(_centres(objects))]
    return dict(zip(NEIGHBOURS, columns, strict=True))


def _centres(objects: LabelRuns) -> np.ndarray:
    """`(objects, 2)` y, x."""
    if not len(objects):
        return np.empty((0, 2))
    y, start, stop = objects.runs.T
    length = stop - start
    sums = np.stack([y * length, length * (start + stop - 1) // 2], axis=1)
    return np.add.reduceat(sums, objects.first[:-1], axis=0) / objects.areas[:, None]


def _closest(centres: np.ndarray) -> list[np.ndarray]:
    """Distance to the closest centre and to the second, and the angle between the two."""
    count = len(centres)
    first, second = (_ways(centres, rank) for rank in (1, 2))
    lengths = [np.hypot(*way.T) for way in (first, second)]
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = (first * second).sum(axis=1) / (lengths[0] * lengths[1])
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return [*lengths, angle] if count else [np.empty(0)] * 3


def _ways(centres: np.ndarray, rank: int) -> np.ndarray:
    """From each centre to the one of that rank in distance; NaN where there are too few."""
    if len(centres) <= rank:
        return np.full(centres.shape, np.nan)
    order = cKDTree(centres).query(centres, rank + 1)[1]
    # Of objects with one centre, the tree may name another before the object itself.
    own = order == np.arange(len(centres))[:, None]
    own[~own.any(axis=1), -1] = True
    others = order[~own].reshape(len(centres), rank)
    return centres[others[:, rank - 1]] - centres
