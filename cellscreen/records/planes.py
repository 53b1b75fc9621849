"""All channels of one field together: what segmentation, crops and features are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cellscreen.cells.place import Place
from cellscreen.errors import ConfigError, ImageError
from cellscreen.images.fingerprint import perceptual_hash
from cellscreen.images.gray import to_gray
from cellscreen.images.scale import to_uint8
from cellscreen.records.field_order import Sizes, check_sizes, missing_channels
from cellscreen.records.fields import Row, read_pixels_and_digest
from cellscreen.records.metadata import field_row, row_key

MEDIAN = "median"
_ANY: Sizes = {}


@dataclass(frozen=True)
class Planes:
    """The channels of one field, raw.

    Attributes:
        row: the metadata of the field.
        key: of the field.
        place: of the field, for errors and file names.
        channels: names, in the order of `pixels`.
        pixels: `(channels, height, width)` uint8 or uint16, as stored but for uneven light.
        bit_depths: bits a raw value may use, of each channel.
        lows: the raw value that becomes 0, of each channel.
        highs: the raw value that becomes 255, of each channel.
        sha256: hex digest of each channel's file, or of all files of its stack.
        files: each channel's file.
    """

    row: Row
    key: str
    place: Place
    channels: tuple[str, ...]
    pixels: np.ndarray
    bit_depths: tuple[int, ...]
    lows: tuple[int, ...]
    highs: tuple[int, ...]
    sha256: tuple[str, ...]
    files: tuple[str, ...]

    def by_name(self) -> dict[str, np.ndarray]:
        """Each channel's plane, `(height, width)`."""
        return dict(zip(self.channels, self.pixels, strict=True))

    def hashed(self, channel: str) -> str:
        """The perceptual hash of a channel, 16 hex digits."""
        at = self.channels.index(channel)
        return perceptual_hash(to_uint8(self.pixels[at], self.lows[at], self.highs[at]))


def read_planes(rows: Sequence[Row], sizes: Sizes = _ANY, median_of: Sequence[str] = ()) -> Planes:
    """Reads all channels of a field.

    Args:
        rows: of a plate table, one a channel, of one field.
        sizes: width and height of every channel that the plate has; none: not known.
        median_of: channels whose median, pixel by pixel, is the only plane, by name or by place
            (`#1` is the first); none: all channels, each for itself. Paper 002 takes the median
            over the first three of CPJUMP1's channels.

    Raises:
        ConfigError: there is no channel of a name or place in `median_of`.
        ImageError: an image cannot be read, is missing, or is not as large as the plate's others
            or as the field's other channels.

    Example:
        >>> read_planes(rows_of(table[table["Metadata_Well"] == "A01"]))  # doctest: +SKIP
    """
    _check_channels(rows, sizes)
    if median_of:
        rows = _chosen(rows, median_of)
    read = [read_pixels_and_digest(row) for row in rows]
    images = [to_gray(pixels.image) for pixels, _ in read]
    _check_one_size(rows, images)
    check_sizes(rows, images[0].shape, sizes)
    planes = Planes(
        row=field_row(rows),
        key=row_key(rows[0]),
        place=_place(rows[0]),
        channels=tuple(row["channel"] for row in rows),
        pixels=np.stack(images),
        bit_depths=tuple(pixels.bit_depth for pixels, _ in read),
        lows=tuple(pixels.low for pixels, _ in read),
        highs=tuple(pixels.high for pixels, _ in read),
        sha256=tuple(digest for _, digest in read),
        files=tuple(str(row["path"]) for row in rows),
    )
    return _median(planes) if median_of else planes


def _chosen(rows: Sequence[Row], wanted: Sequence[str]) -> list[Row]:
    named = {str(row["channel"]): row for row in rows}
    named |= {f"#{place}": row for place, row in enumerate(rows, 1)}
    missing = [name for name in wanted if name not in named]
    if missing:
        listed = ", ".join(str(row["channel"]) for row in rows)
        raise ConfigError(
            f"Expected channels {', '.join(wanted)} for a median; the field has {listed}.",
            **_place(rows[0]).named(),
            fix="Set median_of to names of channels, or to places from #1 on.",
        )
    return [named[name] for name in wanted]


def _median(planes: Planes) -> Planes:
    """One plane; that of an even number of channels is rounded half up."""
    middle = np.median(planes.pixels, axis=0)
    return Planes(
        row=planes.row,
        key=planes.key,
        place=planes.place,
        channels=(MEDIAN,),
        pixels=np.floor(middle + 0.5).astype(planes.pixels.dtype)[None],
        bit_depths=(max(planes.bit_depths),),
        lows=(int(np.median(planes.lows)),),
        highs=(int(np.median(planes.highs)),),
        sha256=planes.sha256,
        files=planes.files,
    )


def _check_channels(rows: Sequence[Row], sizes: Sizes) -> None:
    fault = missing_channels(rows, sizes)
    if fault:
        raise ImageError(
            fault,
            plate=rows[0]["Metadata_Plate"],
            well=rows[0]["Metadata_Well"],
            fix="Export the channel, or leave the field out of the table.",
        )


def _check_one_size(rows: Sequence[Row], images: Sequence[np.ndarray]) -> None:
    for row, image in zip(rows, images, strict=True):
        if image.shape != images[0].shape:
            height, width = images[0].shape
            raise ImageError(
                f"Expected {width}×{height} pixels, as channel {rows[0]['channel']!r} of this "
                f"field; got {image.shape[1]}×{image.shape[0]} in channel {row['channel']!r}.",
                file=row["path"],
                plate=row["Metadata_Plate"],
                well=row["Metadata_Well"],
                fix="Export the channels of a field at one size.",
            )


def _place(row: Row) -> Place:
    size = row.get("pixel_size_um")
    return Place(
        plate=row["Metadata_Plate"],
        well=row["Metadata_Well"],
        site=row["Metadata_Site"],
        pixel_size_um=None if size is None or pd.isna(size) else float(size),
    )
