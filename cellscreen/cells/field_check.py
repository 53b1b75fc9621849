"""What a field's planes must be before anything is found on them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cellscreen.cells.place import Place
from cellscreen.errors import ConfigError, ImageError

_DTYPES = ("uint8", "uint16", "float32")
Planes = np.ndarray | Mapping[str, np.ndarray]


def plane_of(planes: Planes, channel: str, purpose: str, place: Place) -> np.ndarray:
    """Returns one channel's plane, checked.

    Args:
        planes: a plane, or planes by channel.
        channel: which one; may be "" where there is one.
        purpose: what it is for (`nuclei`), named in errors.
        place: the field, named in errors.

    Raises:
        ConfigError: several channels and none named, or none of that name.
        ImageError: not a plane of uint8, uint16 or float32, no pixels, or NaN among them.
    """
    if not isinstance(planes, Mapping):
        planes = {channel: planes}
    listed = ", ".join(sorted(planes)) or "none"
    if not channel and len(planes) != 1:
        raise ConfigError(
            f"Expected the name of the {purpose} channel; the field has {listed}.",
            **place.named(),
            fix=f"Set {purpose}_channel to one of them.",
        )
    if channel and channel not in planes:
        raise ConfigError(
            f"Expected the {purpose} channel {channel}; the field has {listed}.",
            **place.named(),
            fix=f"Set {purpose}_channel to one of them, or leave this plate out.",
        )
    plane = planes[channel] if channel else next(iter(planes.values()))
    check_plane(plane, channel, place)
    return np.ascontiguousarray(plane)


def check_plane(plane: np.ndarray, channel: str, place: Place) -> None:
    """Checks shape, type and values of a plane.

    Raises:
        ImageError: not `(height, width)` of uint8, uint16 or float32, no pixels, or NaN or
            infinite ones.
    """
    named = f" of {channel}" if channel else ""
    if plane.ndim != 2 or str(plane.dtype) not in _DTYPES or not plane.size:
        raise ImageError(
            f"Expected a plane{named} (height, width) of {', '.join(_DTYPES)}; got "
            f"{plane.shape} of {plane.dtype}.",
            **place.named(),
        )
    if plane.dtype == np.float32 and not np.isfinite(plane.sum(dtype=np.float64)):
        count = int(np.count_nonzero(~np.isfinite(plane)))
        raise ImageError(
            f"Expected finite pixels{named}; {count} of {plane.size} are NaN or infinite.",
            **place.named(),
            fix="Look for zeros in the flat-field function that the image was divided by.",
        )


def check_same_size(labels: np.ndarray, plane: np.ndarray, place: Place) -> None:
    """Checks that two planes of a field have one size.

    Raises:
        ImageError: they have not.
    """
    if labels.shape != plane.shape:
        raise ImageError(
            f"Expected planes of one size; got {labels.shape} and {plane.shape}.",
            **place.named(),
        )
