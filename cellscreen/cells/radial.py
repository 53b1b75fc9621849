"""How brightness is spread from an object's middle to its edge: RadialDistribution."""

from __future__ import annotations

import numpy as np

from cellscreen.cells import kernels_radial as kernel
from cellscreen.cells.label_runs import LabelRuns
from cellscreen.cells.threads import Threads

RADIAL = ("FracAtD", "MeanFrac", "RadialCV")


def ring_bins(objects: LabelRuns, rings: int, threads: Threads) -> np.ndarray:
    """The ring and the wedge that each pixel lies in.

    The middle of an object is its pixel furthest from its edge (the first in rows, if several).
    With `c` px to the middle and `e` px to the nearest pixel outside, the ring is
    `⌊rings · c / (c + e)⌋`. Both are straight lines; CellProfiler's way to the middle stays within
    the object, which makes a difference in bent ones, and its objects do not end at the image's
    border. Wedges are the eight octants around the middle.

    Returns:
        `(area of all,)` int32: ring · 8 + wedge.
    """
    bins = np.empty(len(objects.pixels), np.int32)
    threads.run(
        kernel.write_bins,
        threads.cut(objects.first_pixels),
        objects.pixels,
        objects.first_pixels,
        objects.boxes,
        rings,
        bins,
    )
    return bins


def measure_radial(
    objects: LabelRuns, values: np.ndarray, bins: np.ndarray, rings: int, threads: Threads
) -> dict[tuple[str, int], np.ndarray]:
    """Share of brightness in each ring, the same over the ring's share of area, and its variation.

    `RadialCV` is the standard deviation over the mean of the wedges' mean values. NaN: everything
    where the object's sum is 0; of a ring without pixels, `MeanFrac` and `RadialCV`.

    Args:
        objects: of the field.
        values: `(area of all,)` float64, a plane at `objects.places`.
        bins: from `ring_bins`.
        rings: the number of rings there.
        threads: to work in.

    Returns:
        `(objects,)` float64 by feature and ring, counted from 1 at the middle.
    """
    out = np.empty((len(objects), len(RADIAL), rings))
    threads.run(
        kernel.measure_rings,
        threads.cut(objects.first_pixels),
        values,
        bins,
        objects.first_pixels,
        rings,
        out,
    )
    return {
        (feature, ring + 1): out[:, number, ring]
        for number, feature in enumerate(RADIAL)
        for ring in range(rings)
    }
