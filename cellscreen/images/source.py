"""The source image of a plate table's row: planes projected, uneven light divided out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.images.flatfield import correct
from cellscreen.images.planes import read_stack, stack_files
from cellscreen.images.reading import check_bit_depth, read_bytes


def read_source(row: Mapping[Any, Any]) -> np.ndarray:
    """Reads the image of a row as every later step sees it: still in the source's type.

    The stated bit depth is checked on raw values: dividing by the light takes bright corners
    beyond it.

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
    image = read_stack(row)
    depth = row.get("bit_depth")
    if depth is not None and not pd.isna(depth):
        place = {"plate": row.get("Metadata_Plate"), "well": row.get("Metadata_Well")}
        check_bit_depth(image, int(depth), file=row["path"], **place)
    return correct(image, row)


def source_digest(row: Mapping[Any, Any]) -> str:
    """The SHA-256 of a row's file, or of all files of its stack, one after the other.

    Raises:
        ImageError: a file cannot be read.
    """
    digest = hashlib.sha256()
    place = {"plate": row.get("Metadata_Plate"), "well": row.get("Metadata_Well")}
    for path in dict.fromkeys(path for path, _ in stack_files(row)):
        digest.update(read_bytes(path, **place))
    return digest.hexdigest()
