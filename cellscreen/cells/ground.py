"""Takes the slope of uneven light off a field, where it hides what stands out of it."""

from __future__ import annotations

import cv2
import numpy as np

_SIDE = 64  # pixels of the reduced image that the ground is fitted to
_ROUNDS, _ABOVE = 4, 1.5  # fits, and spreads above the ground that what is no ground begins at


def flattened(image: np.ndarray) -> np.ndarray:
    """Subtracts a polynomial of degree 2, fitted to the darker pixels.

    A stopgap for single fields; where a plate's light is uneven, correct it (`images.flatfield`).

    Args:
        image: `(height, width)`, uint8, uint16 or float32.

    Returns:
        `(height, width)` float32; the ground lies about 0.

    Example:
        >>> slope = np.broadcast_to(np.arange(64, dtype=np.float32), (64, 64))
        >>> bool(np.abs(flattened(slope)).max() < 0.01)
        True
    """
    height, width = image.shape
    size = (min(width, _SIDE), min(height, _SIDE))
    small = cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    terms = _terms(size[1], size[0])
    values, ground = small.ravel().astype(np.float64), np.ones(small.size, bool)
    for _ in range(_ROUNDS):
        factors = np.linalg.lstsq(terms[ground], values[ground], rcond=None)[0]
        apart = values - terms @ factors
        ground = apart <= _ABOVE * apart[ground].std() + np.finfo(np.float32).eps
    surface = (_terms(height, width) @ factors).reshape(height, width)
    return (image - surface).astype(np.float32)


def _terms(height: int, width: int) -> np.ndarray:
    """`(height * width, 6)`: 1, x, y, xx, xy, yy of the pixels' middles, from -1 to 1."""
    y = ((np.arange(height) + 0.5) * 2 / height - 1)[:, None]
    x = ((np.arange(width) + 0.5) * 2 / width - 1)[None]
    planes = np.broadcast_arrays(np.ones((height, width)), x, y, x * x, x * y, y * y)
    return np.stack([plane.ravel() for plane in planes], axis=1)
