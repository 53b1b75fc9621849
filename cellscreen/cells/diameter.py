"""How large the usual object is, from how far its middle lies from the ground."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numba import njit

from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.cells.threshold import foreground, otsu

SMALLEST = 5.0  # pixels; what is smaller cannot be told from noise
_STEP = 0.25  # pixels between radii that are told apart
_FROM_TOP = 2.3  # diameter over the height of the distance map, median of nuclei_dsb2018
_NEAREST = 1.5  # pixels; lower tops are noise at edges


def estimate_diameter(images: Iterable[np.ndarray], config: SegmentConfig) -> float:
    """Estimates the usual diameter of a plate's objects: the median over some of its fields.

    One field is enough where it is full of cells. Where treatments leave few, one size for the
    plate keeps debris from being taken for cells: state it as `diameter_px`.

    Args:
        images: `(height, width)` fields, uint8, uint16 or float32.
        config: smoothing, threshold and the contrast below which a field counts as empty.

    Returns:
        Pixels; NaN where all fields are empty.

    Example:
        >>> disc = cv2.circle(np.zeros((64, 64), np.uint8), (32, 32), 12, 200, -1)
        >>> 20 < estimate_diameter([disc], SegmentConfig()) < 32
        True
    """
    found = []
    for image in images:
        smooth = cv2.GaussianBlur(image, (0, 0), config.smoothing_px or 0.1)
        split = otsu(smooth)
        if split.contrast >= config.min_contrast:
            mask = foreground(smooth, split, config.threshold_factor, None)
            found.append(diameter_of(distance_inside(mask)))
    return float(np.median(found)) if found else float("nan")


def distance_inside(mask: np.ndarray) -> np.ndarray:
    """Returns for each pixel of a uint8 mask how far the ground is: float32, pixels."""
    return cv2.distanceTransform(mask, cv2.DIST_L2, 5)


def diameter_of(distance: np.ndarray) -> float:
    """Estimates the diameter of the object that the middle of the objects' area lies in.

    The height of the distance map's tops gives their radii, those of clumps too.

    Args:
        distance: `(height, width)` float32, how far each pixel lies from the ground.

    Returns:
        Pixels, at least 5.
    """
    counts = np.zeros(int(distance.max() / _STEP) + 1, np.int64)
    _count_tops(distance, np.float32(_NEAREST), np.float32(1 / _STEP), counts)
    areas = np.cumsum(counts * np.arange(len(counts)) ** 2)
    if not areas[-1]:
        return SMALLEST
    middle = (np.searchsorted(areas, areas[-1] / 2) + 0.5) * _STEP
    return max(SMALLEST, _FROM_TOP * float(middle))


@njit(nogil=True, cache=True)
def _count_tops(
    distance: np.ndarray, lowest: np.float32, scale: np.float32, counts: np.ndarray
) -> None:
    """Counts places that no neighbour is higher than, by height."""
    for y in range(1, distance.shape[0] - 1):
        for x in range(1, distance.shape[1] - 1):
            here = distance[y, x]
            if here <= lowest or max(distance[y, x - 1], distance[y, x + 1]) > here:
                continue
            above = max(distance[y - 1, x - 1], distance[y - 1, x], distance[y - 1, x + 1])
            below = max(distance[y + 1, x - 1], distance[y + 1, x], distance[y + 1, x + 1])
            if max(above, below) <= here:
                counts[int(here * scale)] += 1
