"""Saturation and background of an image, set against what its sensor can say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError

BACKGROUND_PERCENT = 5


def sensor_ceiling(row: Mapping[Any, Any], dtype: np.dtype | type | str) -> int | None:
    """The value of a saturated pixel: stated by the microscope, or by the bit depth, or 255.

    It is never the image's own maximum: an image without a saturated pixel has one too.

    Args:
        row: a row of a plate table; `sensor_max` goes before `bit_depth`, and both may be missing.
        dtype: the image's type, uint8 or uint16.

    Returns:
        The ceiling; None for a 16-bit image of which neither is stated. An 8-bit image's ceiling
        is at most 255: its values are of 8 bits, whatever the sensor was.

    Example:
        >>> sensor_ceiling({"sensor_max": None, "bit_depth": 12}, np.uint16)
        4095
        >>> sensor_ceiling({}, np.uint8)
        255
    """
    most = int(np.iinfo(dtype).max)
    stated, depth = row.get("sensor_max"), row.get("bit_depth")
    if stated is not None and not pd.isna(stated):
        return min(int(stated), most)
    if depth is not None and not pd.isna(depth):
        return min(2 ** int(depth) - 1, most)
    return most if most == 255 else None


def saturation(image: np.ndarray, ceiling: int) -> float:
    """The share of pixels at the sensor's ceiling or above it.

    Args:
        image: `(height, width)` or `(height, width, 3)`, uint8 or uint16; a colour pixel is
            saturated if one of its colours is.
        ceiling: the value of a saturated pixel (see `sensor_ceiling`).

    Returns:
        0 to 1; NaN for an image without pixels.

    Raises:
        ConfigError: the ceiling is below 1.

    Example:
        >>> saturation(np.array([[4095, 4094], [0, 4095]], np.uint16), 4095)
        0.5
    """
    if ceiling < 1:
        raise ConfigError(f"Expected a sensor's ceiling of 1 or more; got {ceiling}.")
    if not image.size:
        return math.nan
    brightest = image.max(axis=-1) if image.ndim == 3 else image
    full = brightest >= ceiling
    return float(np.count_nonzero(full) / full.size)


def background(image: np.ndarray) -> float:
    """The raw value that 5 % of the pixels do not exceed: a fluorescence image's dark ground.

    A low percentile and not the minimum, which is a dead pixel's, and not the mode, which is the
    cells' in a grown culture. Of a phase-contrast image, whose ground is gray, it tells nothing.

    Args:
        image: any shape, uint8 or uint16.

    Returns:
        The lowest value that at least 5 % of the values are at or below; NaN for an image without
        pixels.

    Example:
        >>> background(np.array([[90] * 10 + [100] * 90], np.uint16))
        90.0
    """
    if not image.size:
        return math.nan
    counts = np.cumsum(np.bincount(image.ravel()))
    # In whole numbers, so that 5 % of 100 pixels are 5 of them.
    needed = -(-BACKGROUND_PERCENT * image.size // 100)
    return float(np.searchsorted(counts, needed))
