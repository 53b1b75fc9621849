"""Brightness of objects: CellProfiler's Intensity, in the image's own units."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from cellscreen.cells import kernels_intensity as kernel
from cellscreen.cells.label_runs import LabelRuns
from cellscreen.cells.threads import Threads

LEVELS = ("IntegratedIntensity", "MeanIntensity", "MinIntensity", "MaxIntensity")
SPREADS = (
    "StdIntensity",
    "LowerQuartileIntensity",
    "MedianIntensity",
    "UpperQuartileIntensity",
    "MADIntensity",
    "MassDisplacement",
    "IntegratedIntensityEdge",
    "MeanIntensityEdge",
    "MinIntensityEdge",
    "MaxIntensityEdge",
    "StdIntensityEdge",
    "BoundingBoxIntensity",
)


def measure_levels(
    objects: LabelRuns, plane: np.ndarray, threads: Threads
) -> dict[str, np.ndarray]:
    """Sum, mean, lowest and highest value of each object; exact for planes of integers.

    Args:
        objects: of the field.
        plane: `(height, width)` uint8, uint16, float32 or float64, rows contiguous.
        threads: to work in.

    Returns:
        `(objects,)` float64 by the names in `LEVELS`.
    """
    out = np.empty((len(objects), len(LEVELS)))
    ranges = threads.cut(objects.first)
    threads.run(kernel.measure_levels, ranges, plane, objects.runs, objects.first, out)
    return dict(zip(LEVELS, out.T, strict=True))


def measure_spreads(
    objects: LabelRuns,
    plane: np.ndarray,
    values: np.ndarray,
    edge: np.ndarray,
    threads: Threads,
) -> dict[str, np.ndarray]:
    """Deviation, quartiles, mass displacement, edge and box intensities of each object.

    Quartiles and medians lie linearly between neighbours, as NumPy's and scikit-image's;
    CellProfiler's rank is n·q instead of (n − 1)·q. `MassDisplacement` is NaN where the sum is 0,
    edges are NaN for an object that fills the image. `BoundingBoxIntensity` is the sum over the
    whole box, other objects and background with it (paper 003's "bounding box sum", as we read it).

    Args:
        objects: of the field.
        plane: `(height, width)`.
        values: `(area of all,)` float64, the plane at `objects.places`.
        edge: `(area of all,)` bool, from `edges`.
        threads: to work in.

    Returns:
        `(objects,)` float64 by the names in `SPREADS`.
    """
    first, ranges = objects.first_pixels, threads.cut(objects.first_pixels)
    spreads = np.empty((len(objects), kernel.SPREADS))
    ordered = _rising(objects, values)
    threads.run(kernel.measure_spreads, ranges, values, ordered, objects.pixels, first, spreads)
    edges = np.empty((len(objects), kernel.EDGES))
    threads.run(kernel.measure_edges, ranges, values, edge, first, edges)
    columns = [*spreads.T, *edges.T, _box_sums(objects, plane)]
    return dict(zip(SPREADS, columns, strict=True))


def edges(objects: LabelRuns, threads: Threads) -> np.ndarray:
    """Which of `objects.pixels` have another label among their eight neighbours, as bool.

    The image's own border is no edge (CellProfiler's outline).
    """
    edge = np.empty(len(objects.pixels), np.bool_)
    threads.run(
        kernel.mark_edges,
        threads.cut(objects.first_pixels),
        objects.image,
        objects.pixels,
        objects.first_pixels,
        edge,
    )
    return edge


def _rising(objects: LabelRuns, values: np.ndarray) -> np.ndarray:
    """Each object's values sorted; NumPy's sorting is several times faster than Numba's."""
    ordered = values.copy()
    for start, stop in pairwise(objects.first_pixels.tolist()):
        ordered[start:stop].sort()
    return ordered


def _box_sums(objects: LabelRuns, plane: np.ndarray) -> np.ndarray:
    sums = np.empty(len(objects))
    kernel.sum_boxes(plane, objects.boxes, sums)
    return sums
