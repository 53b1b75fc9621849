"""A few raw fields with their edge maps, as images inside the page."""

from __future__ import annotations

import base64
import dataclasses

import cv2
import numpy as np
import pandas as pd

from cellscreen.images.edges import edge_map
from cellscreen.images.gray import to_gray
from cellscreen.images.scale import to_uint8
from cellscreen.records.fields import read_pixels
from cellscreen.report.section import Picture

_SIDE_PX = 360
_JPEG_QUALITY = 88
_DARKEST, _BRIGHTEST = 0.2, 99.8


@dataclasses.dataclass(frozen=True)
class FieldPair:
    """The centre of a field and of its edge map.

    Attributes:
        where: plate, well and site, as people say it.
        raw: `(h, w)` uint8, contrast stretched for the eye.
        edges: `(h, w)` uint8 in {0, 1}, of the full range, as the net gets it.
    """

    where: str
    raw: np.ndarray
    edges: np.ndarray


def field_pair(plane: pd.Series) -> FieldPair:
    """Reads one row of a plate table and returns what is shown of it.

    Raises:
        ImageError: as `read_pixels`; names file, plate and well.
    """
    pixels = read_pixels({str(name): value for name, value in plane.items()})
    gray = to_gray(pixels.image)
    low, high = (int(value) for value in np.percentile(gray, [_DARKEST, _BRIGHTEST]))
    shown = to_uint8(gray, low, max(high, low + 1))
    return FieldPair(
        f"plate {plane['Metadata_Plate']}, well {plane['Metadata_Well']}, site "
        f"{plane['Metadata_Site']}",
        _centre(shown),
        _centre(edge_map(pixels.gray8())),
    )


def as_pictures(pair: FieldPair, what: str) -> tuple[Picture, Picture]:
    """Returns a pair as two images: the field as JPEG, its edges (dark on light) as PNG."""
    height, width = pair.raw.shape
    raw = _uri(pair.raw, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    edges = _uri((1 - pair.edges) * np.uint8(255), ".png", [cv2.IMWRITE_PNG_BILEVEL, 1])
    return (
        Picture(raw, f"Field of {what}: {pair.where}.", width, height),
        Picture(edges, f"Edge map of the same field: {pair.where}.", width, height),
    )


def _centre(image: np.ndarray) -> np.ndarray:
    """Returns the middle at its own resolution: a reduced edge map would be a gray haze."""
    top, left = (max(0, (side - _SIDE_PX) // 2) for side in image.shape)
    return np.ascontiguousarray(image[top : top + _SIDE_PX, left : left + _SIDE_PX])


def _uri(image: np.ndarray, suffix: str, options: list[int]) -> str:
    _, data = cv2.imencode(suffix, image, options)
    kind = "jpeg" if suffix == ".jpg" else "png"
    return f"data:image/{kind};base64,{base64.b64encode(data.tobytes()).decode('ascii')}"
