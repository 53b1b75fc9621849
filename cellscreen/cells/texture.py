"""Texture of objects: Haralick's features under CellProfiler's names."""

from __future__ import annotations

import numpy as np

from cellscreen.cells import kernels_texture as kernel
from cellscreen.cells.label_runs import LabelRuns
from cellscreen.cells.threads import Threads

HARALICK = (
    "AngularSecondMoment",
    "Contrast",
    "Correlation",
    "Variance",
    "InverseDifferenceMoment",
    "SumAverage",
    "SumVariance",
    "SumEntropy",
    "Entropy",
    "DifferenceVariance",
    "DifferenceEntropy",
    "InfoMeas1",
    "InfoMeas2",
)
DIRECTIONS = ("00", "01", "02", "03")  # right, down and right, down, down and left


def measure_texture(
    objects: LabelRuns, grey: np.ndarray, levels: int, scale: int, threads: Threads
) -> dict[tuple[str, str], np.ndarray]:
    """Haralick's thirteen features (1973, IEEE Trans Syst Man Cybern 3) in four directions.

    A pair of pixels counts where both lie in the object, in both orders. Entropies are in bits.
    All features of an object without pairs are NaN, and so is `InfoMeas1` of an even one; its
    `Correlation` is 1, as scikit-image's. `DifferenceVariance` is the variance of the difference
    of a pair, as Haralick's (CellProfiler's is that of its probabilities).

    Args:
        objects: of the field.
        grey: `(height, width)` uint8, from `to_grey`.
        levels: grey levels in it, 2 to 256.
        scale: px from one pixel of a pair to the other, in rows and in columns.
        threads: to work in.

    Returns:
        `(objects,)` float64 by feature and direction.
    """
    out = np.empty((len(objects), kernel.DIRECTIONS, kernel.FEATURES))
    threads.run(
        kernel.measure_textures,
        threads.cut(objects.first_pixels),
        grey,
        levels,
        scale,
        objects.image,
        objects.pixels,
        objects.first_pixels,
        out,
    )
    return {
        (feature, direction): out[:, at, number]
        for at, direction in enumerate(DIRECTIONS)
        for number, feature in enumerate(HARALICK)
    }


def to_grey(
    objects: LabelRuns, values: np.ndarray, limits: tuple[float, float], levels: int
) -> np.ndarray:
    """Values from the lowest to the highest limit, rounded to grey levels 0 to `levels` − 1.

    Args:
        objects: of the field.
        values: `(area of all,)` float64, a plane at `objects.places`; cut at the limits.
        limits: lowest and highest value.
        levels: 2 to 256.

    Returns:
        `(height, width)` uint8, 0 where no object is.
    """
    low, high = limits
    scaled = (np.clip(values, low, high) - low) * ((levels - 1) / (high - low))
    grey = np.zeros(objects.image.size, np.uint8)
    grey[objects.places] = np.rint(scaled)
    return grey.reshape(objects.image.shape)


def usual_limits(plane: np.ndarray) -> tuple[float, float]:
    """The full range of a plane's type; for floats 0 to 1, else their own range.

    Example:
        >>> usual_limits(np.zeros((2, 2), np.uint16))
        (0.0, 65535.0)
    """
    if plane.dtype.kind == "u":
        return 0.0, float(np.iinfo(plane.dtype).max)
    low, high = float(plane.min()), float(plane.max())
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    return low, high if high > low else low + 1
