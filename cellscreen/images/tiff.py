"""TIFF by tifffile: gray, palette or RGB, one page of it, checked against the file's size."""

from __future__ import annotations

import io
import logging
import math
from typing import Any, BinaryIO

import numpy as np
import tifffile
from tifffile import EXTRASAMPLE, PHOTOMETRIC

from cellscreen.errors import ImageError
from cellscreen.images.header import MAX_PIXELS, ImageHeader, all_gray

_GRAY = (PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.PALETTE)
_SAMPLES = {**dict.fromkeys(_GRAY, 1), PHOTOMETRIC.RGB: 3, PHOTOMETRIC.YCBCR: 3}
_ALPHA = (EXTRASAMPLE.ASSOCALPHA, EXTRASAMPLE.UNASSALPHA)
_PHOTOMETRIC_TAG = 262
# Of a damaged file it logs line by line what the one ImageError says, of a vendor's own tags more.
tifffile.logger().setLevel(logging.CRITICAL)


def tiff_header(file: BinaryIO, number: int | None = None) -> ImageHeader:
    """Reads the header of one page of a TIFF, and checks that its pixels lie within the file.

    Args:
        file: the TIFF.
        number: the page, from 0; None for a file that has one, smaller copies of it not counted.

    Raises:
        ImageError: several pages and no number, no page of that number, another pixel type than
            8 to 16-bit gray or RGB, or pixels beyond the file's end.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page = _only_page(tiff) if number is None else _page(tiff, number)
        samples = _check_type(page)
        _check_segments(page, size)
        has_palette = page.photometric == PHOTOMETRIC.PALETTE
        colour = samples == 3 or (has_palette and not all_gray(_palette(page)))
        dtype = "uint8" if has_palette else str(page.dtype)
        return ImageHeader(page.imagewidth, page.imagelength, 3 if colour else 1, dtype)


def tiff_pixels(file: BinaryIO, number: int | None = None) -> np.ndarray:
    """Decodes the page of a TIFF whose header was checked; of the file, only that page is read.

    Palettes are looked up, and values stored with white as 0 turned round; transparency is kept.

    Returns:
        `(height, width)`, or `(height, width, samples)`; uint8 or uint16.
    """
    with tifffile.TiffFile(file) as tiff:
        page: Any = _page(tiff, number or 0)
        image = page.asarray(maxworkers=1)
        if page.photometric == PHOTOMETRIC.PALETTE:
            colours = _palette(page)
            return (colours[:, 0] if all_gray(colours) else colours)[image]
        if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE and image.ndim == 3:
            image = np.moveaxis(image, 0, -1)
        if page.photometric == PHOTOMETRIC.MINISWHITE and _PHOTOMETRIC_TAG in page.tags:
            image = image.dtype.type((1 << page.bitspersample) - 1) - image
        return image


def _only_page(tiff: tifffile.TiffFile) -> Any:
    """The first page, if those after it are only smaller copies of it."""
    if not len(tiff.pages):
        raise ImageError("The TIFF is cut: the directory that describes its image is not in it.")
    for page in tiff.pages[1:]:
        if not page.is_reduced:
            raise ImageError(
                f"Expected one image; the TIFF has {len(tiff.pages)} pages.",
                fix="State each image's page, from 0, in a column page, or save it as a file.",
            )
    return tiff.pages.first


def _page(tiff: tifffile.TiffFile, number: int) -> Any:
    try:
        return tiff.pages[number]
    except IndexError as error:
        raise ImageError(
            f"Expected a page {number}, counted from 0; the TIFF has {len(tiff.pages)} pages."
        ) from error


def _check_type(page: Any) -> int:
    """The number of samples a pixel, transparency not counted."""
    samples = _SAMPLES.get(page.photometric)
    extra = page.samplesperpixel - (samples or 0)
    transparent = extra == 1 and page.extrasamples[:1] in ((alpha,) for alpha in _ALPHA)
    bits_fit = page.bitspersample >= 8 or page.photometric == PHOTOMETRIC.PALETTE
    if (
        samples is None
        or not (extra == 0 or transparent)
        or str(page.dtype) not in ("uint8", "uint16")
        or not bits_fit
        or page.imagedepth != 1
    ):
        photometric = getattr(page.photometric, "name", page.photometric)
        raise ImageError(
            f"Expected a TIFF of 8 to 16-bit gray or RGB; got {page.samplesperpixel} samples of "
            f"{page.bitspersample} bits ({page.dtype}, {photometric}).",
            fix="Save it as 8 or 16-bit gray.",
        )
    return samples


def _check_segments(page: Any, size: int) -> None:
    """Every strip or tile lies in the file, and none is left out, where tifffile fills in zeros."""
    counts = page.databytecounts
    ends = [start + n for start, n in zip(page.dataoffsets, counts, strict=True)]
    if max(ends, default=0) > size:
        raise ImageError(
            f"The TIFF is cut: its pixels reach to byte {max(ends)}, the file to {size}."
        )
    parts, there = math.prod(page.chunked), sum(count > 0 for count in counts)
    if len(counts) != parts or there != parts:
        raise ImageError(
            f"The TIFF is cut: its header promises {page.imagewidth}×{page.imagelength} pixels in "
            f"{parts} strips or tiles; {there} of them are in the file."
        )
    promised = page.imagewidth * page.imagelength * page.samplesperpixel * page.bitspersample
    if page.compression == tifffile.COMPRESSION.NONE and sum(counts) * 8 < promised:
        raise ImageError(
            f"The TIFF is damaged: {sum(counts)} bytes of pixels, {promised // 8} needed."
        )
    if page.is_tiled and page.tilewidth * page.tilelength > MAX_PIXELS:
        raise ImageError(f"The TIFF's tiles are {page.tilewidth}×{page.tilelength} pixels.")


def _palette(page: Any) -> np.ndarray:
    """The palette as uint8 `(n, 3)`."""
    if page.colormap is None:
        raise ImageError("The TIFF's palette is missing.")
    # Palettes are of 16 bits; some writers leave 8-bit values in them.
    scaled = page.colormap if page.colormap.max() < 256 else page.colormap >> 8
    return scaled.astype(np.uint8).T
