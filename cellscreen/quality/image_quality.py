"""One image's quality in a handful of numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from cellscreen.images.gray import to_gray
from cellscreen.images.levels import background, saturation
from cellscreen.quality.focus import laplacian_variance, power_slope
from cellscreen.quality.objects import find_objects


@dataclass(frozen=True)
class ImageQuality:
    """What can be said of an image without knowing the others; NaN is undefined.

    Attributes:
        focus_slope: power-log-log slope, as CellProfiler's; lower is blurrier.
        focus_laplacian: variance of the Laplacian, squared raw values; lower is blurrier.
        saturation: share of pixels at the sensor's ceiling; NaN where the ceiling is not known.
        background: raw value that 5 % of the pixels do not exceed.
        intensity: mean raw value.
        cells: number of cell-like bright objects, a proxy.
        debris: share of the objects' area in specks or glare, a proxy.
        empty: whether nothing stands out of the noise.
    """

    focus_slope: float
    focus_laplacian: float
    saturation: float
    background: float
    intensity: float
    cells: float
    debris: float
    empty: bool


MEASURES = tuple(field.name for field in fields(ImageQuality) if field.name != "empty")


def measure_image(image: np.ndarray, ceiling: int | None) -> ImageQuality:
    """Measures one image.

    Args:
        image: raw pixels, `(height, width)` or `(height, width, 3)` RGB, uint8 or uint16.
        ceiling: raw value of a saturated pixel (see `images.levels.sensor_ceiling`), None where it
            is not known.

    Example:
        >>> measure_image(np.full((64, 64), 7, np.uint8), 255).background
        7.0
    """
    gray = to_gray(image)
    objects = find_objects(gray)
    return ImageQuality(
        focus_slope=power_slope(gray),
        focus_laplacian=laplacian_variance(gray),
        saturation=math.nan if ceiling is None else saturation(image, ceiling),
        background=background(gray),
        intensity=float(gray.mean(dtype=np.float64)),
        cells=objects.cells,
        debris=objects.debris,
        empty=objects.empty,
    )
