"""Nuclei without a net: threshold, distance map, seeds at its tops, watershed; cells around them.

Sizes are shares of the usual object's diameter, so that one setting serves every magnification.
"""

from __future__ import annotations

import logging
import math

import cv2
import numpy as np

from cellscreen.cells.diameter import diameter_of, distance_inside
from cellscreen.cells.flood import find_seeds, flood
from cellscreen.cells.ground import flattened
from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.cells.threshold import Split, foreground, otsu

LOGGER = logging.getLogger(__name__)
_BLUR = 0.1  # of the diameter: bumps of an outline make no seeds
_APART = 0.24  # of the diameter: a higher top this near takes a seed's place
_LEAST_BLUR, _LEAST_APART = 1.0, 3
_FINE = 2.0  # pixels of sigma that stay after reducing
_CUT = 2.5  # sigmas of the blur that are worked out


def find_nuclei(
    image: np.ndarray, config: SegmentConfig, diameter: float | None = None
) -> tuple[np.ndarray, float]:
    """Finds nuclei: bright on a dark ground, roundish, touching or not.

    Args:
        image: `(height, width)`, uint8, uint16 or float32.
        config: smoothing, threshold and the contrast below which a field counts as empty.
        diameter: usual diameter in pixels; None to estimate it from this image.

    Returns:
        The label image, `(height, width)` int32, 0 the ground, debris not yet removed; and the
        diameter in pixels, NaN where the field is empty and none was given.

    Example:
        >>> image = cv2.circle(np.zeros((64, 64), np.uint8), (32, 32), 9, 200, -1)
        >>> labels, diameter = find_nuclei(image, SegmentConfig())
        >>> labels[32, 30:44].tolist(), 16 < diameter < 24
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0], True)
    """
    smooth, split = _split(image, config)
    if split.contrast < config.min_contrast:
        empty = float("nan") if diameter is None else diameter
        return np.zeros(image.shape, np.int32), empty
    mask = foreground(smooth, split, config.threshold_factor, None)
    distance = distance_inside(mask)
    size = diameter_of(distance) if diameter is None else diameter
    if config.threshold == "local":
        mask = foreground(smooth, split, config.threshold_factor, size)
        distance = distance_inside(mask)
    return split_touching(mask, distance, size), size


def split_touching(mask: np.ndarray, distance: np.ndarray, diameter: float) -> np.ndarray:
    """Parts a mask into roundish objects.

    Args:
        mask: `(height, width)` uint8, 1 inside.
        distance: `(height, width)` float32, how far each pixel lies from the ground.
        diameter: of a usual object, in pixels.

    Returns:
        The label image, `(height, width)` int32.
    """
    depth = _blurred(distance, max(_LEAST_BLUR, _BLUR * diameter))
    apart = max(_LEAST_APART, round(_APART * diameter))
    return flood(depth, mask, find_seeds(depth, apart, mask))


def grow_cells(
    image: np.ndarray, nuclei: np.ndarray, config: SegmentConfig, diameter: float
) -> np.ndarray:
    """Grows whole cells from nuclei into the bright parts of another channel, brightest first.

    Args:
        image: `(height, width)` of a channel that shows the cells' bodies.
        nuclei: `(height, width)` int32 label image.
        config: smoothing, threshold, contrast and how far a cell may reach.
        diameter: of a usual nucleus, in pixels.

    Returns:
        `(height, width)` int32 with the numbers of the nuclei, each nucleus within its cell. Where
        the channel shows nothing, cells are their nuclei.
    """
    smooth, split = _split(image, config)
    if split.contrast < config.min_contrast:
        LOGGER.warning("The cells channel shows no cells: they are their nuclei.")
        return nuclei.copy()
    inside = (nuclei > 0).astype(np.uint8)
    nearby = diameter if config.threshold == "local" else None
    bright = foreground(smooth, split, config.threshold_factor, nearby)
    near = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5) <= config.reach * diameter
    mask = ((bright > 0) & near).astype(np.uint8) | inside
    return flood(smooth.astype(np.float32), mask, nuclei.copy())


def _split(image: np.ndarray, config: SegmentConfig) -> tuple[np.ndarray, Split]:
    """The image smoothed, and where Otsu parts it.

    A field that seems empty is looked at again without the slope of its light, which alone can
    hide objects from one threshold.
    """
    smooth = cv2.GaussianBlur(image, (0, 0), config.smoothing_px) if config.smoothing_px else image
    split = otsu(smooth)
    if 0 < split.contrast < config.min_contrast:
        flat = flattened(smooth)
        level = otsu(flat)
        if level.contrast >= config.min_contrast:
            return flat, level
    return smooth, split


def _blurred(distance: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian blur; a wide one is worked out on a reduced image."""
    reduce = int(sigma / _FINE)
    if reduce > 1:
        height, width = distance.shape
        size = (-(-width // reduce), -(-height // reduce))
        distance = cv2.resize(distance, size, interpolation=cv2.INTER_AREA)
        sigma /= reduce
    reach = 2 * math.ceil(_CUT * sigma) + 1
    depth = cv2.GaussianBlur(distance, (reach, reach), sigma)
    if reduce > 1:
        depth = cv2.resize(depth, (width, height), interpolation=cv2.INTER_LINEAR)
    return depth
