"""The source image of a plate table's row: planes projected, uneven light divided out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.images.flatfield import correct
from cellscreen.images.planes import read_stack, stack_files
from cellscreen.images.reading import check_bit_depth, read_bytes
from cellscreen.plates.zarr_plane import read_zarr_plane


def read_source(row: Mapping[Any, Any]) -> np.ndarray:
    """Reads the image of a row as every later step sees it: still in the source's type.

    Args:
        row: a row of a plate table; see `planes.stack_table` and `flatfield.correct`.

    Returns:
        `(height, width)`, or `(height, width, 3)` RGB; uint8 or uint16.

    Raises:
        ImageError: a file cannot be read, has values above its bit depth, or does not fit its
            profile.

    Example:
        >>> read_source({"path": "A01_1.tif", "bit_depth": 12})  # doctest: +SKIP
    """
    return correct(read_raw(row), row)


def read_raw(row: Mapping[Any, Any]) -> np.ndarray:
    """As `read_source`, before uneven light is divided out.

    The stated bit depth is checked here: dividing by the light takes bright corners beyond it.

    Raises:
        ImageError: a file cannot be read, or has values above its bit depth.
    """
    image = read_stack(row)
    depth = row.get("bit_depth")
    if depth is not None and not pd.isna(depth):
        place = {"plate": row.get("Metadata_Plate"), "well": row.get("Metadata_Well")}
        check_bit_depth(image, int(depth), file=row["path"], **place)
    return image


def source_digest(row: Mapping[Any, Any]) -> str:
    """The SHA-256 of a row's file, or of all files of its stack, one after the other.

    An array of OME-Zarr is no file, and holds other planes too: the pixels of the row's own count.

    Raises:
        ImageError: a file cannot be read.
    """
    digest = hashlib.sha256()
    place = {"plate": row.get("Metadata_Plate"), "well": row.get("Metadata_Well")}
    done: set[str] = set()
    for path, page in stack_files(row):
        if Path(path).is_dir():
            digest.update(read_zarr_plane(path, page or 0, **place).tobytes())
        elif path not in done:
            digest.update(read_bytes(path, **place))
        done.add(path)
    return digest.hexdigest()
