"""From one row of a plate table to one field's edges: what the builders store and scoring sees."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np
import pandas as pd

from cellscreen.images.edges import edge_map
from cellscreen.images.fingerprint import perceptual_hash, sha256_of
from cellscreen.images.gray import to_gray
from cellscreen.images.reading import check_bit_depth, decode_image, read_bytes
from cellscreen.images.scale import full_range, to_uint8

Row = Mapping[str, Any]
In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True)
class Field:
    """One field of one channel, reduced to its edges.

    Attributes:
        row: its row of the plate table.
        edge_map: `(height, width)` uint8, 0 or 1.
        bit_depth: bits a raw value may use.
        low: the raw value that becomes 0.
        high: the raw value that becomes 255.
        sha256: hex digest of the source file.
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


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a plate table as dicts."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def read_pixels(row: Row) -> Pixels:
    """Reads the image of one row of a plate table.

    Raises:
        ImageError: the file is missing or unreadable, holds 16-bit values of no stated bit depth,
            or values above it; the message names file, plate and well.
    """
    return _pixels(row, _bytes(row))


def read_field(row: Row) -> Field:
    """Reads one row of a plate table and finds its edges (hypoxia paper, II.B, Algorithm 1).

    Raises:
        ImageError: as `read_pixels`.
    """
    data = _bytes(row)
    pixels = _pixels(row, data)
    gray8 = pixels.gray8()
    return Field(
        row=row,
        edge_map=edge_map(gray8),
        bit_depth=pixels.bit_depth,
        low=pixels.low,
        high=pixels.high,
        sha256=sha256_of(data),
        perceptual_hash=perceptual_hash(gray8),
    )


def read_in_order(
    function: Callable[[In], Out], items: Iterable[In], workers: int | None = None
) -> Iterator[Out]:
    """Applies `function` in threads and yields the results in the order of `items`.

    At most four results a worker wait in memory, so that a plate is never held whole. OpenCV runs
    one thread an image meanwhile: a pool over images is the faster split of the same cores.

    Raises:
        Exception: whatever `function` raised first, in the order of `items`.
    """
    workers = workers or len(os.sched_getaffinity(0))
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    waiting: deque[Future[Out]] = deque()
    try:
        with ThreadPoolExecutor(workers) as pool:
            try:
                for item in items:
                    waiting.append(pool.submit(function, item))
                    if len(waiting) >= 4 * workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()
    finally:
        cv2.setNumThreads(threads)


def _bytes(row: Row) -> bytes:
    return read_bytes(row["path"], **_place(row))


def _pixels(row: Row, data: bytes) -> Pixels:
    image = decode_image(data, file=row["path"], **_place(row))
    stated = row.get("bit_depth")
    depth = None if stated is None or pd.isna(stated) else int(stated)
    check_bit_depth(image, depth, file=row["path"], **_place(row))
    depth = depth or 8
    low, high = full_range(depth)
    return Pixels(image, depth, low, high)


def _place(row: Row) -> dict[str, str]:
    return {"plate": row["Metadata_Plate"], "well": row["Metadata_Well"]}
