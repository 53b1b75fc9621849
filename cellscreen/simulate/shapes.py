"""Outlines of cells and nuclei as polygons, and what is measured on them."""

from __future__ import annotations

import numpy as np

VERTICES, NUCLEUS_VERTICES = 80, 28
_ANGLES = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
_NUCLEUS_ANGLES = np.linspace(0, 2 * np.pi, NUCLEUS_VERTICES, endpoint=False)
_SHARPNESS = 2.0  # of a process: the larger, the thinner
_TIP = 0.08  # radians over which the tip of a process is blunt
_RUFFLES = np.arange(3, 8)  # waves around the rim


def outlines(
    poles: np.ndarray, reach: np.ndarray, ruffle: np.ndarray, area: np.ndarray
) -> np.ndarray:
    """Returns star-shaped cell outlines around the origin.

    Args:
        poles: `(cells, poles)` float, angles of the processes in radians, NaN where a cell has
            fewer.
        reach: `(cells, poles)` float, log of a process's length over the body's radius.
        ruffle: `(cells, 5, 2)` float, cosine and sine amplitudes of the rim's unevenness.
        area: `(cells,)` float, area of each cell in px².

    Returns:
        `(cells, 80, 2)` float, x and y in px.
    """
    turn = (_ANGLES - poles[..., None] + np.pi) % (2 * np.pi) - np.pi
    bumps = np.exp(-_SHARPNESS * (np.hypot(turn, _TIP) - _TIP))
    log_radius = np.nansum(reach[..., None] * bumps, axis=1)
    waves = np.stack([np.cos(np.outer(_RUFFLES, _ANGLES)), np.sin(np.outer(_RUFFLES, _ANGLES))])
    log_radius += np.einsum("nkc,ckv->nv", ruffle, waves)
    radius = np.exp(log_radius)
    shape = np.stack([radius * np.cos(_ANGLES), radius * np.sin(_ANGLES)], axis=-1)
    return shape * np.sqrt(area / areas(shape))[:, None, None]


def ellipses(area: np.ndarray, aspect: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Returns ellipses around the origin.

    Args:
        area: `(cells,)` float, in px².
        aspect: `(cells,)` float, long over short axis.
        angle: `(cells,)` float, direction of the long axis in radians.

    Returns:
        `(cells, 28, 2)` float, x and y in px.
    """
    short = np.sqrt(area / (np.pi * aspect))
    x = (short * aspect)[:, None] * np.cos(_NUCLEUS_ANGLES)
    y = short[:, None] * np.sin(_NUCLEUS_ANGLES)
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=-1)


def areas(polygons: np.ndarray) -> np.ndarray:
    """Returns the `(n,)` areas of `(n, vertices, 2)` polygons, by the shoelace formula."""
    x, y = polygons[..., 0], polygons[..., 1]
    return 0.5 * np.abs(np.sum(x * np.roll(y, -1, -1) - np.roll(x, -1, -1) * y, axis=-1))


def roundness(polygons: np.ndarray) -> np.ndarray:
    """Returns 4π·area/perimeter² of `(n, vertices, 2)` polygons: 1 for a circle, less else."""
    steps = np.roll(polygons, -1, axis=1) - polygons
    perimeter = np.hypot(steps[..., 0], steps[..., 1]).sum(axis=-1)
    return 4 * np.pi * areas(polygons) / perimeter**2
