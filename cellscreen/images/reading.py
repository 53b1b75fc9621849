"""Reading one image file: the header first, then pixels as they are stored."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
import tifffile

from cellscreen.errors import ImageError

MAX_PIXELS = 1 << 28
_PNG, _JPEG, _TIFF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_FRAME_MARKERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class ImageHeader:
    """What a file's header promises.

    Attributes:
        width: in pixels.
        height: in pixels.
        channels: 1, or 3 for colour.
        dtype: "uint8" or "uint16".
    """

    width: int
    height: int
    channels: int
    dtype: str


def read_header(
    path: str | Path, *, plate: str | None = None, well: str | None = None
) -> ImageHeader:
    """Reads the header of a PNG, JPEG or TIFF, and no pixel.

    Args:
        path: the file.
        plate: named in errors.
        well: named in errors.

    Raises:
        ImageError: the file is missing, empty, no image, cut within its header, of a pixel type
            that is not 8 to 16-bit gray or RGB, or promises more than 2^28 pixels.
    """
    place: dict[str, Any] = {"file": path, "plate": plate, "well": well}
    try:
        with open(path, "rb") as file:
            header = _parse_header(file, place)
    except OSError as error:
        raise ImageError(f"Expected an image; {_why(error)}.", **place) from error
    if header.width * header.height > MAX_PIXELS:
        raise ImageError(
            f"The header promises {header.width}×{header.height} pixels, more than {MAX_PIXELS}.",
            **place,
            fix="Check the file; cut very large scans into fields first.",
        )
    return header


def read_image(
    path: str | Path, *, plate: str | None = None, well: str | None = None
) -> np.ndarray:
    """Reads the pixels of a PNG, JPEG or TIFF (its first page) as they are stored.

    Args:
        path: the file.
        plate: named in errors.
        well: named in errors.

    Returns:
        `(height, width)`, or `(height, width, 3)` RGB; uint8 or uint16. Palettes are resolved, to
        gray where all their colours are.

    Raises:
        ImageError: as `read_header`, or the pixels are cut short or damaged.
    """
    place: dict[str, Any] = {"file": path, "plate": plate, "well": well}
    header = read_header(path, plate=plate, well=well)
    data = Path(path).read_bytes()
    image = _decode_tiff(path, place) if data[:4] in _TIFF else _decode_cv2(data, place)
    if image.shape[:2] != (header.height, header.width) or image.dtype.name != header.dtype:
        raise ImageError(
            f"The header promises {header.width}×{header.height} {header.dtype}; the pixels are "
            f"{image.shape[1]}×{image.shape[0]} {image.dtype}.",
            **place,
        )
    return image


def check_bit_depth(
    image: np.ndarray,
    bit_depth: int | None,
    *,
    file: str | Path,
    plate: str | None = None,
    well: str | None = None,
) -> None:
    """Checks that the values of an image fit the bit depth that its metadata states.

    Raises:
        ImageError: a 16-bit file without stated bit depth, or a value above it.
    """
    if bit_depth is None:
        if image.dtype == np.uint16:
            raise ImageError(
                f"A 16-bit file without bit_depth; its largest value is {image.max()}.",
                file=file,
                plate=plate,
                well=well,
                fix="State the camera's bit_depth (8 to 16) in images.csv: it is never guessed.",
            )
        return
    highest = int(image.max(initial=0))
    if highest > 2**bit_depth - 1:
        raise ImageError(
            f"Expected values up to {2**bit_depth - 1} (bit_depth {bit_depth}); got {highest}.",
            file=file,
            plate=plate,
            well=well,
            fix="Correct the bit_depth in images.csv.",
        )


def _why(error: OSError) -> str:
    return {"FileNotFoundError": "there is no such file"}.get(
        type(error).__name__, error.strerror or str(error)
    )


def _parse_header(file: BinaryIO, place: dict[str, Any]) -> ImageHeader:
    start = file.read(33)
    if not start:
        raise ImageError("Expected an image; the file has 0 bytes.", **place)
    try:
        if start.startswith(_PNG):
            return _png_header(start)
        if start.startswith(_JPEG):
            return _jpeg_header(file)
        if start[:4] in _TIFF:
            file.seek(0)
            return _tiff_header(file)
    except (struct.error, IndexError, ValueError, KeyError, tifffile.TiffFileError) as error:
        raise ImageError(f"The image's header is cut or damaged: {error}.", **place) from error
    raise ImageError(f"Expected PNG, JPEG or TIFF; the file starts {start[:8]!r}.", **place)


def _png_header(start: bytes) -> ImageHeader:
    if start[12:16] != b"IHDR":
        raise ValueError("no IHDR")
    width, height, depth, kind = struct.unpack(">IIBB", start[16:26])
    colour = {0: 1, 2: 3, 3: 3}
    if kind not in colour:
        raise ValueError(f"colour type {kind} has transparency; expected gray or RGB")
    return ImageHeader(width, height, colour[kind], "uint16" if depth == 16 else "uint8")


def _jpeg_header(file: BinaryIO) -> ImageHeader:
    file.seek(2)
    while True:
        marker, length = struct.unpack(">HH", file.read(4))
        if marker & 0xFF in _FRAME_MARKERS:
            _, height, width, channels = struct.unpack(">BHHB", file.read(6))
            return ImageHeader(width, height, channels, "uint8")
        if marker >> 8 != 0xFF:
            raise ValueError("no frame found")
        file.seek(length - 2, 1)


def _tiff_header(file: BinaryIO) -> ImageHeader:
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages.first
        size = file.seek(0, 2)
        _check_tiff(page, size)
        channels = 3 if page.samplesperpixel == 3 or _colour_palette(page) is not None else 1
        return ImageHeader(page.imagewidth, page.imagelength, channels, str(page.dtype))


def _check_tiff(page: Any, size: int) -> None:
    if str(page.dtype) not in ("uint8", "uint16") or page.samplesperpixel not in (1, 3):
        raise ValueError(
            f"expected 8 to 16-bit gray or RGB, got {page.samplesperpixel} samples of {page.dtype}"
        )
    ends = [a + b for a, b in zip(page.dataoffsets, page.databytecounts, strict=True)]
    if not ends or max(ends) > size:
        raise ValueError(f"pixels up to byte {max(ends, default=0)} promised, file has {size}")
    if page.compression == 1:
        promised = page.imagewidth * page.imagelength * page.samplesperpixel * page.bitspersample
        if sum(page.databytecounts) * 8 < promised:
            raise ValueError("fewer bytes of pixels than its width and height need")


def _colour_palette(page: Any) -> np.ndarray | None:
    """The `(3, n)` palette of a page, None without one or if all its colours are gray."""
    palette = page.colormap if page.photometric == tifffile.PHOTOMETRIC.PALETTE else None
    gray = palette is None or ((palette[0] == palette[1]) & (palette[1] == palette[2])).all()
    return None if gray else palette


def _decode_tiff(path: str | Path, place: dict[str, Any]) -> np.ndarray:
    try:
        with tifffile.TiffFile(path) as tiff:
            page = tiff.pages.first
            image = page.asarray()
            if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
                lut = (page.colormap >> 8).astype(np.uint8)
                image = lut[0][image] if _colour_palette(page) is None else lut.T[image]
            elif page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
                image = np.iinfo(image.dtype).max - image
            if image.ndim == 3 and image.shape[0] == 3 and page.planarconfig == 2:
                image = np.moveaxis(image, 0, -1)
    except (ValueError, OSError, RuntimeError, tifffile.TiffFileError) as error:
        raise ImageError(f"The image's pixels are cut or damaged: {error}.", **place) from error
    return np.ascontiguousarray(image)


def _decode_cv2(data: bytes, place: dict[str, Any]) -> np.ndarray:
    # OpenCV fills what is missing of a cut file with gray, so the end is looked for first.
    end = data[-12:-4].endswith(b"IEND") if data.startswith(_PNG) else b"\xff\xd9" in data[-64:]
    image = _quiet_imdecode(data) if end else None
    if image is None or (image.ndim == 3 and image.shape[2] != 3):
        raise ImageError("The image's pixels are cut or damaged.", **place)
    if image.ndim == 2:
        return image
    if (image[..., 0] == image[..., 1]).all() and (image[..., 1] == image[..., 2]).all():
        return np.ascontiguousarray(image[..., 0])
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _quiet_imdecode(data: bytes) -> np.ndarray | None:
    flags = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
