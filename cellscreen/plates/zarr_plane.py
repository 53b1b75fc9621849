"""Reads the pixels of one plane of an OME-Zarr array; needs the extra `zarr`."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from cellscreen.errors import ConfigError, ImageError
from cellscreen.plates.zarr_metadata import read_array

MAX_PIXELS = 1 << 28


def read_zarr_plane(
    path: str | Path, page: int, *, plate: str | None = None, well: str | None = None
) -> np.ndarray:
    """Reads one plane as it is stored; only the chunks that hold it are read.

    Args:
        path: the folder of the array, `path` of the plate table.
        page: which plane, from 0, `page` of the plate table.
        plate: named in errors.
        well: named in errors.

    Returns:
        `(height, width)`, uint8 or uint16.

    Raises:
        ConfigError: the library zarr is not installed.
        ImageError: the array cannot be read, has no such plane, or promises more than 2^28 pixels.

    Example:
        >>> read_zarr_plane("BR00116991.zarr/A/1/0/0", 2)  # doctest: +SKIP
    """
    place: dict[str, Any] = {"file": path, "plate": plate, "well": well}
    try:
        array = read_array(Path(path))
    except ValueError as error:
        raise ImageError(f"Expected an image; got {error}.", **place) from error
    if array is None:
        raise ImageError("Expected a Zarr array; the folder holds none.", **place)
    *leading, height, width = array.shape
    if height * width > MAX_PIXELS:
        raise ImageError(f"Expected at most {MAX_PIXELS} pixels; got {height} × {width}.", **place)
    if not 0 <= page < int(np.prod(leading, initial=1)):
        raise ImageError(f"Expected a plane of an array {array.shape}; got {page}.", **place)
    index = tuple(int(number) for number in np.unravel_index(page, leading)) if leading else ()
    zarr = _library()
    try:
        pixels = np.asarray(zarr.open_array(str(path), mode="r")[index])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ImageError(f"The array cannot be read: {error}.", **place) from error
    return pixels.astype(array.dtype, copy=False)


def _library() -> Any:
    try:
        return importlib.import_module("zarr")
    except ImportError as error:
        raise ConfigError(
            "Reading the pixels of OME-Zarr needs the library zarr.",
            fix='Install it: pip install "cellscreen[zarr]".',
        ) from error
