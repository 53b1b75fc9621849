"""Colour to gray by OpenCV's integer formula."""

from __future__ import annotations

import cv2
import numpy as np

RED, GREEN, BLUE, SHIFT = 9798, 19235, 3735, 15


def to_gray(image: np.ndarray) -> np.ndarray:
    """`(9798 R + 19235 G + 3735 B + 2^14) >> 15`, OpenCV's for uint8 and uint16 alike.

    The weights sum to 2^15, so that a gray colour keeps its value.

    Args:
        image: `(height, width)` or `(height, width, 3)` RGB, uint8 or uint16.

    Returns:
        `(height, width)` of the same type; a gray image as it is.

    Example:
        >>> to_gray(np.array([[[255, 0, 0], [7, 7, 7]]], np.uint8)).tolist()
        [[76, 7]]
    """
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
