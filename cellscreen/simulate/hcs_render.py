"""A scene as a fluorescence microscope would see it: blur, haze, vignette, shot and read noise."""

from __future__ import annotations

import cv2
import numpy as np

from cellscreen.simulate.hcs_cells import HcsScene, draw_hcs_scene
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_maps import HcsMaps, draw_maps
from cellscreen.simulate.hcs_plate import HcsField
from cellscreen.simulate.hcs_stains import draw_textures, remains, stain
from cellscreen.simulate.seeds import generator

OFFSET = 100.0  # gray levels of 65,535 that the camera adds
_REDUCTION = 4  # the haze is blurred on a canvas this much smaller


def render_hcs_field(
    config: HcsConfig,
    field: HcsField,
    scene: HcsScene | None = None,
    maps: HcsMaps | None = None,
) -> np.ndarray:
    """Returns the images of a field.

    Args:
        config: the simulation.
        field: which field.
        scene: its content, if it was drawn already.
        maps: its pixels, if they were drawn already.

    Returns:
        `(channels, size_px, size_px)` uint16, from 0 to `config.sensor_max`.

    Example:
        >>> from cellscreen.simulate.hcs_plate import hcs_fields
        >>> config = HcsConfig(size_px=64)
        >>> render_hcs_field(config, next(hcs_fields(config))).shape
        (3, 64, 64)
    """
    scene = draw_hcs_scene(config, field) if scene is None else scene
    size, um = config.size_px, config.assay.um_per_px
    maps = draw_maps(scene, size, um) if maps is None else maps
    rng = generator(config, "pixels", field.key)
    textures = draw_textures(rng, size, um)
    images = np.empty((len(config.assay.channels), size, size), np.uint16)
    for number, channel in enumerate(config.assay.channels):
        light = np.maximum(stain(channel.name, scene, maps, textures), 0)
        light = np.maximum(light, remains(config, scene, channel.name))
        light *= np.float32(channel.level * scene.nuisance.gains[number])
        light = _optics(config, light, scene.nuisance.unfocused_um)
        light += np.float32((channel.background - OFFSET) * scene.nuisance.glows[number])
        light *= vignette(config, number)
        images[number] = _camera(config, rng, light)
    return images


def vignette(config: HcsConfig, channel: int) -> np.ndarray:
    """Returns the light over the field of one channel, `(size_px, size_px)` float32 of mean 1.

    A polynomial of the second degree, the same on all plates; `vignette_terms` has its terms.
    """
    span = (np.arange(config.size_px, dtype=np.float32) - (config.size_px - 1) / 2) / config.size_px
    (constant,), (x, y), (xx, _, yy) = vignette_terms(config, channel)
    across, down = x * span + xx * span**2, y * span + yy * span**2
    return (constant + across[None, :] + down[:, None]).astype(np.float32)


def vignette_terms(config: HcsConfig, channel: int) -> list[list[float]]:
    """Returns the polynomial of `vignette`: [1], [x, y], [x², xy, y²].

    x and y count from the field's centre and are divided by its side: −0.5 to 0.5.
    """
    rng = generator(config, "vignette", config.assay.channels[channel].name)
    x, y = (round(float(v), 4) for v in config.vignette_sd * rng.standard_normal(2))
    bowl = -config.vignette
    constant = 1 - bowl * 2 * (config.size_px**2 - 1) / (12 * config.size_px**2)
    return [[constant], [x, y], [bowl, 0.0, bowl]]


def _optics(config: HcsConfig, light: np.ndarray, unfocused_um: float) -> np.ndarray:
    um = config.assay.um_per_px
    sigma = float(np.hypot(config.psf_um, unfocused_um)) / um
    sharp = cv2.GaussianBlur(light, (0, 0), sigma)
    side = -(-config.size_px // _REDUCTION)
    small = cv2.resize(light, (side, side), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), config.haze_um / um / _REDUCTION)
    haze = cv2.resize(small, light.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return (1 - config.haze) * sharp + config.haze * haze


def _camera(config: HcsConfig, rng: np.random.Generator, light: np.ndarray) -> np.ndarray:
    """Counts photons, whose noise is normal at these numbers, and reads them out."""
    gain = np.float32(config.electrons_per_level)
    noise = rng.standard_normal(light.shape, dtype=np.float32)
    electrons = light * gain
    spread = np.sqrt(electrons + np.float32(config.read_noise_e**2))
    levels = (electrons + spread * noise) / gain + np.float32(OFFSET)
    scaled = levels * np.float32((config.sensor_max + 1) / 65536)
    return np.clip(np.rint(scaled), 0, config.sensor_max).astype(np.uint16)
