"""Label images and planes as the compiled loops take them, or an error that says what is wrong."""

from __future__ import annotations

import numpy as np

from cellscreen.errors import ImageError

_MEASURED_AS_IS = ("uint8", "uint16", "float32", "float64")
_HIGHEST = np.iinfo(np.int32).max


def checked_labels(labels: np.ndarray) -> np.ndarray:
    """A label image as `(height, width)` int32.

    Raises:
        ImageError: it has no pixel, other dimensions, or labels that are no integers of 0 to
            2³¹ − 1.
    """
    if labels.ndim != 2 or labels.size == 0 or labels.dtype.kind not in "iu":
        raise ImageError(
            f"Expected a label image (height, width) of integers; got {labels.shape} of "
            f"{labels.dtype}.",
            fix="Label a mask with cv2.connectedComponents or skimage.measure.label.",
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high > _HIGHEST:
        raise ImageError(
            f"Expected labels of 0 to {_HIGHEST}; got {low} to {high}.",
            fix="Number the objects from 1; 0 is background.",
        )
    # Read-only arrays are copied: the loops would be compiled once more for them.
    return np.require(labels, np.int32, ["C", "W"])


def checked_plane(channel: str, plane: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """A plane of the labels' size, of a type that the loops are compiled for.

    uint8, uint16, float32 and float64 stay, all else becomes float64.

    Raises:
        ImageError: the plane has another size, no numbers, or pixels that are not finite.
    """
    if plane.shape != labels.shape:
        raise ImageError(
            f"Expected channel {channel} as large as the label image, {labels.shape}; got "
            f"{plane.shape}.",
            fix="Give the labels and the planes of one field, at one size.",
        )
    if plane.dtype.kind not in "biuf":
        raise ImageError(f"Expected numbers in channel {channel}; got {plane.dtype}.")
    kind = plane.dtype.name if plane.dtype.name in _MEASURED_AS_IS else "float64"
    plane = np.require(plane, kind, ["C", "W"])
    if plane.dtype.kind == "f" and not np.isfinite(plane).all():
        raise ImageError(
            f"Expected numbers in every pixel of channel {channel}; got "
            f"{np.count_nonzero(~np.isfinite(plane))} that are NaN or infinite.",
            fix="Look at the flat-field correction: it divides by 0 where its function is 0.",
        )
    return plane
