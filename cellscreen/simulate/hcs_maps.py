"""Which pixel belongs to which cell and nucleus, and how far it is from their rims."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from cellscreen.simulate.hcs_cells import HcsScene

_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates


@dataclasses.dataclass(frozen=True)
class HcsMaps:
    """True masks and distances of a field, all `(h, w)`; label 0 is outside, label n cell n − 1."""

    cells: np.ndarray  # int32
    nuclei: np.ndarray  # int32, labelled as the cells
    rim_um: np.ndarray  # float32: from the nearest rim of the own cell, 0 outside
    depth_um: np.ndarray  # float32: from the rim of the own nucleus, 0 outside
    away_um: np.ndarray  # float32: from the nearest nucleus, 0 inside


def draw_maps(scene: HcsScene, size_px: int, um_per_px: float) -> HcsMaps:
    """Draws the living cells of a scene, flat ones first, then their nuclei.

    Example:
        >>> maps = draw_maps(draw_hcs_scene(config, field), 256, 0.598)  # doctest: +SKIP
    """
    cells = np.zeros((size_px, size_px), np.int32)
    nuclei = cells.copy()
    order = [int(cell) for cell in np.argsort(scene.level("rounding"), kind="stable")]
    living = [cell for cell in order if not scene.dead[cell]]
    for cell in living:
        _fill(cells, scene.outlines[cell], cell + 1)
    for cell in living:
        _fill(nuclei, scene.nuclei[cell], cell + 1)
    cells = np.where(nuclei > 0, nuclei, cells)
    return HcsMaps(
        cells=cells,
        nuclei=nuclei,
        rim_um=_within(cells) * np.float32(um_per_px),
        depth_um=_within(nuclei) * np.float32(um_per_px),
        away_um=_distance(nuclei == 0) * np.float32(um_per_px),
    )


def _within(labels: np.ndarray) -> np.ndarray:
    """Returns each pixel's distance in px from the rim of its own label, 0 outside of labels."""
    inner = labels > 0
    inner[:, 1:] &= labels[:, 1:] == labels[:, :-1]
    inner[1:] &= labels[1:] == labels[:-1]
    return _distance(inner)


def _distance(mask: np.ndarray) -> np.ndarray:
    if mask.all():
        return np.full(mask.shape, 1e3, np.float32)  # no rim in the field
    return cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)


def _fill(labels: np.ndarray, polygon: np.ndarray, value: int) -> None:
    points = np.rint(polygon * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(labels, [points], value, cv2.LINE_8, _SHIFT)
