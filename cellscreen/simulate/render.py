"""A scene as a phase-contrast camera would see it.

Phase contrast shows optical thickness as darkness and throws a bright halo around it, since the
phase ring passes part of the low frequencies: the picture is background − phase + halo·blurred
phase. Everything is drawn on one 8-bit phase canvas (128 = no phase), which OpenCV does in place.
"""

from __future__ import annotations

import cv2
import numpy as np

from cellscreen.simulate.config import CultureConfig
from cellscreen.simulate.layout import Field
from cellscreen.simulate.scene import Scene, draw_scene
from cellscreen.simulate.seeds import generator

EMPTY = 128  # phase of the medium on the canvas
_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates
_HALO_REDUCTION = 4  # the halo is blurred on a canvas this much smaller


def render_field(config: CultureConfig, field: Field, scene: Scene | None = None) -> np.ndarray:
    """Returns the image of a field.

    Args:
        config: the simulation.
        field: which field.
        scene: its content, if it was drawn already.

    Returns:
        `(size_px, size_px)` uint8.
    """
    scene = draw_scene(config, field) if scene is None else scene
    rng = generator(config, "pixels", field.key)
    canvas = _phase(config, scene, rng)
    phase = cv2.GaussianBlur(canvas, (0, 0), 0.8).astype(np.float32) - EMPTY
    gain = np.float32(scene.dish.contrast)
    image = _halo(config, phase) * np.float32(config.halo) - phase
    image = image * gain + _light(config, scene, rng)
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    image += noise * np.sqrt(np.maximum(image, 1)) * np.float32(config.noise_sd / np.sqrt(128))
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _phase(config: CultureConfig, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Draws all objects, flat ones first, on a `(size_px, size_px)` uint8 canvas."""
    canvas = np.full((config.size_px, config.size_px), EMPTY, np.uint8)
    body = rng.uniform(*config.cell_gray, len(scene.centres))
    body *= 1 + config.thickening * np.where(scene.mitotic, 1.3, scene.conversion)
    for cell in np.argsort(scene.conversion + scene.mitotic, kind="stable"):
        _draw_cell(config, canvas, scene, int(cell), float(body[cell]), rng)
    for x, y, radius in scene.dead:
        _disc(canvas, x, y, radius, EMPTY + 85)
        _disc(canvas, x, y, 0.55 * radius, EMPTY - 60)
    for x, y, radius in scene.debris:
        _disc(canvas, x, y, radius, EMPTY + rng.uniform(-30, 45))
    return canvas


def _draw_cell(
    config: CultureConfig,
    canvas: np.ndarray,
    scene: Scene,
    cell: int,
    body: float,
    rng: np.random.Generator,
) -> None:
    outline, nucleus, centre = scene.outlines[cell], scene.nuclei[cell], scene.centres[cell]
    _fill(canvas, outline, EMPTY + body)
    _fill(canvas, centre + 0.72 * (outline - centre), EMPTY + 1.12 * body)
    _line(canvas, outline, EMPTY + 1.3 * body)
    _granules(canvas, scene, cell, body, rng)
    nuclear = rng.uniform(*config.nucleus_share)
    _fill(canvas, nucleus, EMPTY + nuclear * body)
    _line(canvas, nucleus, EMPTY + body * rng.uniform(1.4, 1.9))
    if scene.mitotic[cell]:
        bar = centre + (nucleus - centre) * np.array([0.75, 0.25])
        _fill(canvas, bar, EMPTY + 2.0 * body)
        return
    for place in nucleus[rng.choice(len(nucleus), rng.integers(1, 4), replace=False)]:
        x, y = centre + rng.uniform(0.1, 0.5) * (place - centre)
        _disc(canvas, x, y, 1.6, EMPTY + body * 1.7)


def _granules(
    canvas: np.ndarray, scene: Scene, cell: int, body: float, rng: np.random.Generator
) -> None:
    """Puts dark and bright grains into the cell, along its processes as well."""
    outline, centre = scene.outlines[cell], scene.centres[cell]
    count = rng.poisson(scene.dish.granules)
    rays = outline[rng.integers(0, len(outline), count)] - centre
    places = np.rint(centre + rays * rng.uniform(0.3, 0.85, (count, 1))).astype(int)
    places = places[np.all((places >= 0) & (places < len(canvas)), axis=1)]
    tone = np.where(rng.random(len(places)) < 0.75, rng.uniform(2.0, 4.0), -1.2)
    canvas[places[:, 1], places[:, 0]] = np.clip(EMPTY + body * tone, 0, 255)


def _halo(config: CultureConfig, phase: np.ndarray) -> np.ndarray:
    """Returns the low frequencies of `(h, w)` float32 phase."""
    height, width = phase.shape
    small = (-(-width // _HALO_REDUCTION), -(-height // _HALO_REDUCTION))
    sigma = config.halo_um / config.um_per_px / _HALO_REDUCTION
    blurred = cv2.resize(phase, small, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(blurred, (0, 0), sigma)
    return cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR)


def _light(config: CultureConfig, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """Returns the `(h, w)` float32 background: a tilted, bowl-shaped illumination."""
    span = np.linspace(-1, 1, config.size_px, dtype=np.float32)
    tilt_x, tilt_y, bowl = config.shading_sd * rng.standard_normal(3).astype(np.float32)
    level = np.float32(scene.dish.background + 2.0 * rng.standard_normal())
    across = tilt_x * span - abs(bowl) * span**2
    down = tilt_y * span - abs(bowl) * span**2
    return level * (1 + across[None, :] + down[:, None])


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.rint(points * (1 << _SHIFT)).astype(np.int32)


def _tone(value: float) -> int:
    return round(min(max(value, 0), 255))


def _fill(canvas: np.ndarray, polygon: np.ndarray, value: float) -> None:
    cv2.fillPoly(canvas, [_fixed(polygon)], _tone(value), cv2.LINE_AA, _SHIFT)


def _line(canvas: np.ndarray, polygon: np.ndarray, value: float) -> None:
    cv2.polylines(canvas, [_fixed(polygon)], True, _tone(value), 1, cv2.LINE_AA, _SHIFT)


def _disc(canvas: np.ndarray, x: float, y: float, radius: float, value: float) -> None:
    centre = (round(x * (1 << _SHIFT)), round(y * (1 << _SHIFT)))
    scaled = max(1, round(radius * (1 << _SHIFT)))
    cv2.circle(canvas, centre, scaled, _tone(value), -1, cv2.LINE_AA, _SHIFT)
