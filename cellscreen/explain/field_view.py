"""A field as it is shown below its attention map: from its images, or patched from its crops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cellscreen.errors import ImageError
from cellscreen.explain.composite import composite
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.images.scale import to_uint8
from cellscreen.plates.columns import KEY
from cellscreen.records.planes import read_planes
from cellscreen.records.table_fingerprint import rows_of

PATCHED = "The ground is patched from the cells' crops, black where no crop reaches."
_SIZE = "pixel_size_um"


@dataclass(frozen=True)
class FieldView:
    """The ground of an attention map.

    Attributes:
        picture: `(height, width, 3)` uint8, the composite of all channels.
        um_per_px: side of a pixel in µm; None where it is not known.
        note: what is to be said of it; empty for nothing.
    """

    picture: np.ndarray
    um_per_px: float | None
    note: str


def field_view(asked: ExplainInput, row: int, field: int) -> FieldView:
    """Opens the images of a field, else patches it from its crops.

    Args:
        asked: what is explained; without `images`, crops are taken.
        row: of the bag.
        field: row of `fields`.

    Raises:
        ImageError: the images are at hand but cannot be read, or are of another size than the
            field that was prepared.
    """
    said = asked.fields.iloc[field]
    planes = planes_of_field(asked.images, said)
    size = pixel_size(planes)
    if not len(planes):
        return FieldView(patched_field(asked, row, field), size, PATCHED)
    lacking = [name for name in asked.index.channels if name not in set(planes["channel"])]
    if lacking:  # as the median of several channels, which no image holds
        note = f"No image of this field is of channel {', '.join(lacking)}. {PATCHED}"
        return FieldView(patched_field(asked, row, field), size, note)
    return FieldView(_from_images(asked, planes, field), size, "")


def planes_of_field(images: pd.DataFrame | None, field: pd.Series) -> pd.DataFrame:
    """The rows of a plate table that are a field's images; none where there is no table."""
    if images is None:
        return pd.DataFrame()
    same = np.ones(len(images), bool)
    for name in KEY:
        if name in images and name in field:
            mine = images[name].astype("string").fillna("").astype(str)
            same &= (mine == str(field[name])).to_numpy()
    return images[same]


def pixel_size(planes: pd.DataFrame) -> float | None:
    """The side of a pixel in µm; None where it is not stated, or in several ways."""
    known = set(planes[_SIZE].dropna().astype(float)) if _SIZE in planes else set()
    return known.pop() if len(known) == 1 else None


def size_of_pixels(asked: ExplainInput) -> float | None:
    """The side of a pixel in µm, the same for all images; None where it is not known."""
    return None if asked.images is None else pixel_size(asked.images)


def patched_field(asked: ExplainInput, row: int, field: int) -> np.ndarray:
    """Puts a field's crops where they were cut out.

    Returns:
        `(height, width, 3)` uint8, black where no crop reaches.
    """
    said = asked.fields.iloc[field]
    height, width, size = int(said["height"]), int(said["width"]), asked.index.crop_size
    ground = np.zeros((height + 2 * size, width + 2 * size, 3), np.uint8)
    numbers = asked.index.of_bag[row]
    cells = asked.index.fields["cells"].to_numpy()
    first = int(cells[numbers[: list(numbers).index(field)]].sum())
    crops = asked.index.read_crops(row, np.arange(first, first + int(cells[field])))
    centres = np.floor(np.asarray(said["centres"], float).reshape(-1, 2) + 0.5).astype(int)
    corners = centres + size - size // 2
    for crop, (left, top) in zip(composite(crops, asked.index.channels), corners, strict=True):
        place = ground[top : top + size, left : left + size]
        np.maximum(place, crop, out=place)
    return ground[size : size + height, size : size + width]


def _from_images(asked: ExplainInput, table: pd.DataFrame, field: int) -> np.ndarray:
    planes = read_planes(rows_of(table))
    said, known = asked.fields.iloc[field], asked.index.fields.iloc[field]
    size = (int(said["height"]), int(said["width"]))
    if planes.pixels.shape[1:] != size:
        raise ImageError(
            f"Expected the field as it was prepared, {size[1]}×{size[0]} pixels; got "
            f"{planes.pixels.shape[2]}×{planes.pixels.shape[1]}.",
            file=planes.files[0],
            **planes.place.named(),
            fix="Give the images that `cellscreen build` was given.",
        )
    by_name = planes.by_name()
    scaled = [
        to_uint8(by_name[name], int(low), int(high))
        for name, low, high in zip(asked.index.channels, known["low"], known["high"], strict=True)
    ]
    return composite(np.stack(scaled, axis=-1), asked.index.channels)
