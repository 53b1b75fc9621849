"""Whole cells in phase contrast: textured bodies within bright halos, on an even ground.

1. Brightness is measured from the local mean, in spreads of the ground; texture is the gradient,
   blurred.
2. Bodies are textured and not bright. They are parted at their necks, by the distance map.
3. From the bodies and from the quiet ground the rest is flooded, darkest pixels first: the two
   meet on the crest of the halo. What is very bright is the halo's, and taken off again.

The factors were chosen on five of the ten fields of phase_t98g: mean F1 0.60 there, 0.44 on the
other five. They depend on the diameter: with 30 or 50 px in place of 40, F1 falls by 0.04 to 0.11.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from cellscreen.cells.diameter import distance_inside
from cellscreen.cells.flood import find_seeds, flood
from cellscreen.cells.segment_config import SegmentConfig

_GROUND = 129  # pixels of the window that brightness is measured from
_TEXTURE, _FINE = 3.0, 0.7  # sigmas in pixels: of texture, and of what the flood climbs
_TEXTURED, _QUIET = 4.0, 1.2  # times the texture of the ground
_BRIGHT, _HALO, _RANGE = 3.0, 20.0, 30.0  # spreads of the ground: no body; halo; the flood's crest
_HOLE = 0.6  # of the squared diameter: smaller holes are closed
_BLUR, _APART, _LEAST_DEPTH = 0.1, 0.8, 3.0  # of the diameter, and pixels
_THIN = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))  # thinner spikes are cut


class _Maps(NamedTuple):
    """What the rules look at, `(height, width)` float32, and the ground's usual texture."""

    fine: np.ndarray
    brightness: np.ndarray
    texture: np.ndarray
    usual: float


def find_cells(image: np.ndarray, config: SegmentConfig, diameter: float) -> np.ndarray:
    """Finds adherent cells in phase contrast.

    Args:
        image: `(height, width)`, uint8, uint16 or float32.
        config: smoothing; and `threshold_factor`, above 1 bodies must be more textured.
        diameter: usual width of a cell in pixels.

    Returns:
        The label image, `(height, width)` int32, 0 the ground, debris not yet removed.

    Example:
        >>> even = np.full((200, 200), 100, np.uint8)
        >>> int(find_cells(even, SegmentConfig(method="phase", diameter_px=40), 40).max())
        0
    """
    maps = _maps(image, config.smoothing_px)
    textured = maps.texture > config.threshold_factor * _TEXTURED * maps.usual
    bodies = (textured & (maps.brightness < _BRIGHT)).astype(np.uint8)
    bodies = fill_holes(cv2.morphologyEx(bodies, cv2.MORPH_OPEN, _THIN), _HOLE * diameter**2)
    cells = _up_to_halo(_parted(bodies, diameter), bodies, maps)
    inside = (cells > 0).astype(np.uint8)
    dark = (maps.brightness < _HALO).astype(np.uint8) & inside
    dark = cv2.morphologyEx(fill_holes(dark, _HOLE * diameter**2) & inside, cv2.MORPH_OPEN, _THIN)
    return cells * dark


def fill_holes(mask: np.ndarray, area: float) -> np.ndarray:
    """Closes the holes of a uint8 mask that are smaller than `area` pixels."""
    _, holes, table, _ = cv2.connectedComponentsWithStats(1 - mask, connectivity=4)
    closed = table[:, cv2.CC_STAT_AREA] < area
    closed[0] = False
    return mask | closed[holes].astype(np.uint8)


def _maps(image: np.ndarray, smoothing: float) -> _Maps:
    smooth = image.astype(np.float32)
    smooth = cv2.GaussianBlur(smooth, (0, 0), smoothing) if smoothing else smooth
    raised = smooth - cv2.blur(smooth, (_GROUND, _GROUND))
    some = raised[::4, ::4]
    middle = float(np.median(some))
    spread = 1.4826 * float(np.median(np.abs(some - middle)))
    raised = (raised - middle) / (spread or 1.0)
    across, down = (cv2.Sobel(raised, cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1)))
    texture = cv2.GaussianBlur(cv2.magnitude(across, down), (0, 0), _TEXTURE)
    fine = cv2.GaussianBlur(raised, (0, 0), _FINE)
    brightness = cv2.GaussianBlur(raised, (0, 0), 1)
    return _Maps(fine, brightness, texture, float(np.median(texture[::4, ::4])))


def _parted(bodies: np.ndarray, diameter: float) -> np.ndarray:
    """Bodies, numbered; those without a deep enough place are left out."""
    depth = cv2.GaussianBlur(distance_inside(bodies), (0, 0), max(1.0, _BLUR * diameter))
    deep = bodies & (depth > _LEAST_DEPTH).astype(np.uint8)
    apart = max(1, math.floor(_APART * diameter + 0.5))
    return flood(depth, bodies, find_seeds(depth, apart, deep))


def _up_to_halo(parts: np.ndarray, bodies: np.ndarray, maps: _Maps) -> np.ndarray:
    """Grows cells and the quiet ground towards each other, up to the crests between them."""
    cores = cv2.erode(bodies, np.ones((3, 3), np.uint8))
    seeds = np.where(cores > 0, parts, 0).astype(np.int32)
    ground = int(parts.max()) + 1
    seeds[(maps.texture < _QUIET * maps.usual) & (seeds == 0)] = ground
    crests = np.clip(maps.fine, -_RANGE, _RANGE)
    grown = flood(-crests, np.ones_like(bodies), seeds)
    grown[grown == ground] = 0
    return grown
