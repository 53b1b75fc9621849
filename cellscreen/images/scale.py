"""The one intensity scale: raw values to 8 bits, in integers, equal here and in the graph."""

from __future__ import annotations

import functools

import numpy as np

from cellscreen.errors import ConfigError


def full_range(bit_depth: int) -> tuple[int, int]:
    """`(low, high)` of the whole range of a bit depth.

    Example:
        >>> full_range(12)
        (0, 4095)
    """
    return 0, 2**bit_depth - 1


def to_uint8(image: np.ndarray, low: int, high: int) -> np.ndarray:
    """Brings `low` to 0 and `high` to 255, rounding half up; values outside are clipped.

    In integers: `((clip(x, low, high) - low) · 510 + high - low) // (2 · (high - low))`.

    Args:
        image: any shape, uint8 or uint16.
        low: raw value that becomes 0.
        high: raw value that becomes 255, above `low`.

    Returns:
        The same shape, uint8; the image itself where `low` 0 and `high` 255 change nothing.

    Raises:
        ConfigError: `low` is not below `high`, or not within 0 to 65535.

    Example:
        >>> to_uint8(np.array([[0, 8, 9, 4095]], np.uint16), *full_range(12)).tolist()
        [[0, 0, 1, 255]]
    """
    if not 0 <= low < high <= 65535:
        raise ConfigError(f"Expected 0 <= low < high <= 65535; got low {low} and high {high}.")
    if image.dtype == np.uint8 and (low, high) == (0, 255):
        return image
    return np.take(_table(int(low), int(high)), image)


@functools.lru_cache(maxsize=64)
def _table(low: int, high: int) -> np.ndarray:
    """The result for every raw value, so that an image costs one look-up a pixel."""
    values = np.clip(np.arange(65536), low, high) - low
    table = ((values * 510 + high - low) // (2 * (high - low))).astype(np.uint8)
    table.flags.writeable = False
    return table
