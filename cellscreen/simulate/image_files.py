"""One simulated image as the bytes of a file."""

from __future__ import annotations

import io
import zlib

import numpy as np
import tifffile

_LEVEL = 1  # noise barely compresses; a higher level costs time for nothing


def tiff_bytes(image: np.ndarray, um_per_px: float) -> bytes:
    """Returns a TIFF file, deflated, with its pixel size and the word that it is simulated.

    Args:
        image: `(h, w)` uint16.
        um_per_px: pixel size.

    Example:
        >>> len(tiff_bytes(np.zeros((8, 8), np.uint16), 0.6)) > 0
        True
    """
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        image,
        photometric="minisblack",
        compression="zlib",
        compressionargs={"level": _LEVEL},
        resolution=(1e4 / um_per_px, 1e4 / um_per_px),
        resolutionunit="CENTIMETER",
        description="simulated",
        software="cellscreen simulate",
        metadata=None,
    )
    return buffer.getvalue()


def zarr_chunk(image: np.ndarray, um_per_px: float) -> bytes:
    """Returns the chunk of a Zarr array that holds one image; its metadata stand beside it."""
    return zlib.compress(np.ascontiguousarray(image, "<u2").tobytes(), _LEVEL)
