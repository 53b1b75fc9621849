"""Two fingerprints of an image: of its file, and of what it looks like."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np


def sha256_of(data: bytes) -> str:
    """Hex digest of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def perceptual_hash(gray: np.ndarray) -> str:
    """A 64-bit difference hash: is each pixel of a 9×8 thumbnail brighter than its right one.

    Copies that were brightened, resized or compressed anew differ in few bits.

    Args:
        gray: `(height, width)` uint8.

    Returns:
        16 hex digits.

    Example:
        >>> perceptual_hash(np.tile(np.arange(90, 0, -1, np.uint8), (80, 1)))
        'ffffffffffffffff'
    """
    small = cv2.resize(gray, (9, 8), interpolation=cv2.INTER_AREA)
    return np.packbits(small[:, :-1] > small[:, 1:]).tobytes().hex()
