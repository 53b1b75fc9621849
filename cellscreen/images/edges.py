"""Edge maps by OpenCV, and their 1-bit storage."""

from __future__ import annotations

import cv2
import numpy as np

from cellscreen.errors import ImageError

LOW_THRESHOLD, HIGH_THRESHOLD = 20, 60


def edge_map(gray: np.ndarray) -> np.ndarray:
    """Gaussian 3×3, Sobel gradient, non-maximum suppression, hysteresis 20/60.

    The hypoxia paper's Algorithm 1 prints its steps 4 to 6 garbled; the standard algorithm that
    they describe is Canny's, with the Euclidean length of the gradient as in step 3.
    `cellscreen.images.in_graph.edge_map` gives the same map in a TensorFlow graph.

    Args:
        gray: `(height, width)` uint8.

    Returns:
        The same shape, uint8: 1 on edges, else 0.

    Raises:
        ImageError: the image is not gray, not 8-bit, or has no pixel.

    Example:
        >>> step = np.repeat(np.array([[0, 0, 0, 200, 200, 200]], np.uint8), 3, axis=0)
        >>> edge_map(step)[1].tolist()
        [0, 0, 1, 0, 0, 0]
    """
    if gray.ndim != 2 or gray.dtype != np.uint8 or gray.size == 0:
        raise ImageError(
            f"Expected a gray image (height, width) of uint8; got {gray.shape} of {gray.dtype}.",
            fix="Bring it there with to_gray and to_uint8.",
        )
    blurred = cv2.GaussianBlur(gray, (3, 3), 0)
    edges = cv2.Canny(blurred, LOW_THRESHOLD, HIGH_THRESHOLD, L2gradient=True)
    edges &= 1
    return edges


def pack_edges(edges: np.ndarray) -> bytes:
    """A map of 0 and 1 as bits, each row padded to whole bytes, leftmost pixel highest."""
    return np.packbits(edges, axis=1).tobytes()


def unpack_edges(packed: bytes, height: int, width: int) -> np.ndarray:
    """The `(height, width)` uint8 map that `pack_edges` packed.

    Raises:
        ImageError: the number of bytes is not that of such a map.
    """
    expected = height * -(-width // 8)
    if len(packed) != expected:
        raise ImageError(
            f"Expected {expected} bytes of a {width}×{height} edge map; got {len(packed)}."
        )
    rows = np.frombuffer(packed, np.uint8).reshape(height, -1)
    return np.unpackbits(rows, axis=1, count=width)
