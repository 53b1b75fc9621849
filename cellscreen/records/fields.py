"""From one row of a plate table to one field's edges: what the builders store and scoring sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.images.edges import edge_map
from cellscreen.images.fingerprint import perceptual_hash, sha256_of
from cellscreen.images.flatfield import ILLUMINATION
from cellscreen.images.gray import to_gray
from cellscreen.images.planes import STACK
from cellscreen.images.reading import check_bit_depth, decode_image, read_bytes
from cellscreen.images.scale import full_range, to_uint8
from cellscreen.images.source import read_source, source_digest

Row = Mapping[str, Any]
# A row with one of these is more than the pixels of one plain file.
_NOT_A_FILE = (STACK, ILLUMINATION, "flatfield", "page")


@dataclass(frozen=True)
class Field:
    """One field of one channel, reduced to its edges.

    Attributes:
        row: its row of the plate table.
        edge_map: `(height, width)` uint8, 0 or 1.
        bit_depth: bits a raw value may use.
        low: the raw value that becomes 0.
        high: the raw value that becomes 255.
        sha256: hex digest of the source file, or of all files of a stack.
        perceptual_hash: 16 hex digits; near-equal images differ in few bits.
    """

    row: Row
    edge_map: np.ndarray
    bit_depth: int
    low: int
    high: int
    sha256: str
    perceptual_hash: str


@dataclass(frozen=True)
class Pixels:
    """Raw pixels of one image and the scale that brings them to 8 bits.

    Attributes:
        image: `(height, width)` or `(height, width, 3)`, uint8 or uint16, as stored.
        bit_depth: bits a raw value may use.
        low: the raw value that becomes 0.
        high: the raw value that becomes 255.
    """

    image: np.ndarray
    bit_depth: int
    low: int
    high: int

    def gray8(self) -> np.ndarray:
        """The image as `(height, width)` uint8, by the one integer scale function."""
        return to_uint8(to_gray(self.image), self.low, self.high)


def read_pixels(row: Row) -> Pixels:
    """Reads the image of one row of a plate table.

    Raises:
        ImageError: the file is missing or unreadable, holds 16-bit values of no stated bit depth,
            or values above it; the message names file, plate and well.
    """
    return read_pixels_and_digest(row)[0]


def read_pixels_and_digest(row: Row) -> tuple[Pixels, str]:
    """As `read_pixels`, with the hex digest of the row's file, or of all files of its stack."""
    image, digest = _read(row)
    return _pixels(row, image), digest


def read_field(row: Row) -> Field:
    """Reads one row of a plate table and finds its edges (hypoxia paper, II.B, Algorithm 1).

    Raises:
        ImageError: as `read_pixels`.
    """
    pixels, digest = read_pixels_and_digest(row)
    gray8 = pixels.gray8()
    return Field(
        row=row,
        edge_map=edge_map(gray8),
        bit_depth=pixels.bit_depth,
        low=pixels.low,
        high=pixels.high,
        sha256=digest,
        perceptual_hash=perceptual_hash(gray8),
    )


def _read(row: Row) -> tuple[np.ndarray, str]:
    """The image of a row, as stored but for uneven light, and its files' digest."""
    if any(_given(row, name) for name in _NOT_A_FILE) or Path(row["path"]).is_dir():
        return read_source(row), source_digest(row)
    data = read_bytes(row["path"], **_place(row))  # one reading for pixels and digest
    image = decode_image(
        data, file=row["path"], plate=row["Metadata_Plate"], well=row["Metadata_Well"]
    )
    if _given(row, "bit_depth"):
        check_bit_depth(image, _depth(row), file=row["path"], **_place(row))
    return image, sha256_of(data)


def _pixels(row: Row, image: np.ndarray) -> Pixels:
    depth = _depth(row)
    if _given(row, "low") and _given(row, "high"):
        scale = int(row["low"]), int(row["high"])
        return Pixels(image, depth or 8 * image.dtype.itemsize, *scale)
    if depth is None:  # a stated one was checked on raw values: dividing by the light exceeds it
        check_bit_depth(image, None, file=row["path"], **_place(row))
    return Pixels(image, depth or 8, *full_range(depth or 8))


def _depth(row: Row) -> int | None:
    return int(row["bit_depth"]) if _given(row, "bit_depth") else None


def _given(row: Row, name: str) -> bool:
    value = row.get(name)
    return value is not None and not pd.isna(value) and value != ""


def _place(row: Row) -> dict[str, str]:
    return {"plate": row["Metadata_Plate"], "well": row["Metadata_Well"]}
