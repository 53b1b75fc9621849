"""Channels as one colour picture, and scale bars of a round length."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cellscreen.errors import ConfigError

_NUCLEI = ("dna", "hoechst", "dapi", "nucle", "draq")
BLUE = (0.25, 0.45, 1.0)
# MID, Figure 3a: nuclei blue, the other two green and red; further stains as people tell apart.
_OTHERS = ((0.1, 1.0, 0.2), (1.0, 0.15, 0.1), (1.0, 0.2, 1.0), (0.1, 0.9, 0.9), (1.0, 0.85, 0.1))
_GRAY = (1.0, 1.0, 1.0)
_ROUND = (1, 2, 5)
_SHARE = 0.25


def channel_colours(channels: Sequence[str]) -> list[tuple[float, float, float]]:
    """A colour for each channel: nuclei blue, a single channel white, others in turn.

    Returns:
        Red, green and blue in [0, 1] of each.

    Example:
        >>> channel_colours(["Mito", "DNA"])
        [(0.1, 1.0, 0.2), (0.25, 0.45, 1.0)]
    """
    if len(channels) == 1:
        return [_GRAY]
    nuclei = [i for i, name in enumerate(channels) if any(n in name.lower() for n in _NUCLEI)]
    others = iter(_OTHERS * len(channels))
    return [BLUE if number in nuclei[:1] else next(others) for number in range(len(channels))]


def composite(pixels: np.ndarray, channels: Sequence[str]) -> np.ndarray:
    """Adds the channels, each in its colour, and clips.

    Args:
        pixels: `(..., channels)` uint8.
        channels: names, in the order of the last axis.

    Returns:
        `(..., 3)` uint8, red, green and blue.

    Raises:
        ConfigError: other names than channels.

    Example:
        >>> composite(np.full((1, 1, 1), 7, np.uint8), ["Phase"]).tolist()
        [[[7, 7, 7]]]
    """
    if pixels.shape[-1] != len(channels):
        raise ConfigError(
            f"Expected {len(channels)} channels, as there are names; got {pixels.shape[-1]}."
        )
    colours = np.asarray(channel_colours(channels), np.float32)
    return np.clip(pixels.astype(np.float32) @ colours, 0, 255).round().astype(np.uint8)


def scale_bar(width_px: int, um_per_px: float | None) -> tuple[float, str]:
    """The longest round bar of at most a quarter of a picture's width.

    Args:
        width_px: of the picture, px.
        um_per_px: side of a pixel in µm; None or NaN where it is not known.

    Returns:
        Its length in px, and what it is: `20 µm`, or `20 px` where the size is not known.

    Example:
        >>> scale_bar(96, 0.5), scale_bar(96, None)
        ((20.0, '10 µm'), (20.0, '20 px'))
    """
    known = um_per_px is not None and math.isfinite(um_per_px) and um_per_px > 0
    unit = float(um_per_px) if known and um_per_px is not None else 1.0
    most = width_px * unit * _SHARE
    power = 10.0 ** math.floor(math.log10(most))
    length = max(step * power for step in _ROUND if step * power <= most * (1 + 1e-9))
    return length / unit, f"{length:g} {'µm' if known else 'px'}"
