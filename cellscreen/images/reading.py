"""Reading one image file: the header first, then pixels as they are stored."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import imagecodecs
import numpy as np

from cellscreen.errors import ImageError
from cellscreen.images.header import MAX_PIXELS, ImageHeader, jpeg_header, png_header
from cellscreen.images.jxl import CODESTREAM, CONTAINER, jxl_header, jxl_pixels
from cellscreen.images.opening import open_image
from cellscreen.images.tiff import tiff_header, tiff_pixels
from cellscreen.plates.zarr_metadata import read_array
from cellscreen.plates.zarr_plane import read_zarr_plane

_TAIL = 1 << 16  # bytes at the end in which a PNG or JPEG must close
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_SCAN, _JPEG_END = b"\xff\xda", b"\xff\xd9"


def read_header(
    path: str | Path,
    *,
    page: int | None = None,
    plate: str | None = None,
    well: str | None = None,
) -> ImageHeader:
    """Reads the header of a PNG, JPEG, JPEG XL or TIFF, or of an OME-Zarr array, and no pixel.

    Args:
        path: the file.
        page: of a TIFF or array of several, from 0; None for a file that has one image.
        plate: named in errors.
        well: named in errors.

    Raises:
        ImageError: the file is missing, empty, no image, cut within its header, of a pixel type
            that is not 8 to 16-bit gray or RGB, or promises more than 2^28 pixels; a TIFF also if
            it has several pages and none is asked for, or its pixels reach beyond the file's end.
            Smaller copies of an image (the levels of a pyramid) are no pages here.

    Example:
        >>> read_header("A01_1.png")  # doctest: +SKIP
        ImageHeader(width=1024, height=1024, channels=1, dtype='uint8')
    """
    place = {"file": path, "plate": plate, "well": well}
    try:
        with open_image(path) as file:
            return _header(file, place, page)
    except IsADirectoryError as error:
        return _array_header(path, error, place)
    except OSError as error:
        raise _unreadable(error, place) from error


def read_image(
    path: str | Path,
    *,
    page: int | None = None,
    plate: str | None = None,
    well: str | None = None,
) -> np.ndarray:
    """Reads the pixels of an image as they are stored; of the formats that `read_header` knows.

    Args:
        path: the file.
        page: of a TIFF or array of several, from 0: only that page is read; None for a file that
            has one image.
        plate: named in errors.
        well: named in errors.

    Returns:
        `(height, width)`, or `(height, width, 3)` RGB; uint8 or uint16. Palettes are resolved, to
        gray where all their colours are; transparency is dropped, and a turn noted in a photo's
        metadata is not made.

    Raises:
        ImageError: as `read_header`, or the pixels are cut short or damaged.
    """
    place = {"file": path, "plate": plate, "well": well}
    try:
        with open_image(path) as file:
            header = _header(file, place, page)
            file.seek(0)
            # A page is read from the disk by itself: a stack is not read anew for each of them.
            source = io.BytesIO(file.read()) if page is None else file
            return _pixels(source, header, place, page)
    except IsADirectoryError as error:
        _array_header(path, error, place)
        return read_zarr_plane(path, page or 0, plate=plate, well=well)
    except OSError as error:
        raise _unreadable(error, place) from error


def read_bytes(path: str | Path, *, plate: str | None = None, well: str | None = None) -> bytes:
    """Reads a whole file, for `decode_image` and a checksum.

    Args:
        path: the file.
        plate: named in errors.
        well: named in errors.

    Raises:
        ImageError: the file is missing or cannot be read.
    """
    try:
        with open_image(path) as file:
            return file.read()
    except OSError as error:
        raise _unreadable(error, {"file": path, "plate": plate, "well": well}) from error


def decode_image(
    data: bytes,
    *,
    page: int | None = None,
    file: str | Path | None = None,
    plate: str | None = None,
    well: str | None = None,
) -> np.ndarray:
    """`read_image` of a file whose bytes are at hand, say for their checksum.

    Args:
        data: the whole file.
        page: as for `read_image`.
        file: named in errors.
        plate: named in errors.
        well: named in errors.

    Raises:
        ImageError: as `read_image`.
    """
    place = {"file": file, "plate": plate, "well": well}
    return _pixels(io.BytesIO(data), _header(io.BytesIO(data), place, page), place, page)


def check_bit_depth(
    image: np.ndarray,
    bit_depth: int | None,
    *,
    file: str | Path,
    plate: str | None = None,
    well: str | None = None,
) -> None:
    """Checks that the values of an image fit the bit depth that its metadata states.

    Args:
        image: raw pixels, uint8 or uint16.
        bit_depth: 8 to 16, or None if none is stated.
        file: named in errors.
        plate: named in errors.
        well: named in errors.

    Raises:
        ImageError: a 16-bit file without stated bit depth, or a value above it.
    """
    place: dict[str, Any] = {"file": file, "plate": plate, "well": well}
    if bit_depth is None:
        if image.dtype != np.uint8:
            raise ImageError(
                f"A 16-bit file without bit_depth; its largest value is {image.max()}.",
                **place,
                fix="State the camera's bit_depth (8 to 16), in images.csv or by --bit_depth: "
                "it is never guessed.",
            )
    elif (highest := int(image.max())) >= 2**bit_depth:
        raise ImageError(
            f"Expected values up to {2**bit_depth - 1} (bit_depth {bit_depth}); got {highest}.",
            **place,
            fix="Correct the bit_depth in images.csv.",
        )


def _header(file: BinaryIO, place: dict[str, Any], page: int | None = None) -> ImageHeader:
    start = file.read(8)
    file.seek(0)
    if not start:
        raise ImageError("Expected an image; the file has 0 bytes.", **place)
    parse, _ = _codec(start, place)
    header = _told(lambda: parse(file, page), "header is", place)
    if not 1 <= header.width * header.height <= MAX_PIXELS:
        raise ImageError(
            f"The header promises {header.width}×{header.height} pixels; expected 1 to "
            f"{MAX_PIXELS} in all.",
            **place,
            fix="Check the file; cut very large scans into fields first.",
        )
    _check_end(file, start, place)
    return header


def _array_header(path: str | Path, error: OSError, place: dict[str, Any]) -> ImageHeader:
    """What the metadata of an array of OME-Zarr promise: a folder, whose planes are its pages."""
    array = _told(lambda: read_array(Path(path)), "metadata are", place)
    if array is None:
        raise _unreadable(error, place) from error
    return ImageHeader(array.shape[-1], array.shape[-2], 1, array.dtype)


def _check_end(file: BinaryIO, start: bytes, place: dict[str, Any]) -> None:
    """A PNG or JPEG that was cut shows in its last bytes, without decoding a pixel."""
    ends = {b"\x89P": _PNG_END, b"\xff\xd8": _JPEG_END}
    if start[:2] not in ends:
        return
    end = ends[start[:2]]
    file.seek(-min(file.seek(0, 2), _TAIL), 2)
    if end not in file.read():
        raise ImageError("The image's pixels are cut: the file has no end.", **place)


def _pixels(
    file: BinaryIO, header: ImageHeader, place: dict[str, Any], page: int | None = None
) -> np.ndarray:
    _, decode = _codec(file.read(8), place)
    file.seek(0)
    image = _told(lambda: decode(file, page), "pixels are", place)
    if image.shape[:2] != (header.height, header.width) or image.dtype != header.dtype:
        raise ImageError(
            f"The header promises {header.width}×{header.height} {header.dtype}; the pixels are "
            f"{image.shape[1]}×{image.shape[0]} {image.dtype}.",
            **place,
        )
    if image.ndim == 3:
        image = image[..., 0] if header.channels == 1 else image[..., :3]
    return np.ascontiguousarray(image)


def _codec(start: bytes, place: dict[str, Any]) -> tuple[Callable, Callable]:
    """The functions that read the header and the pixels of a file that starts so."""
    for signature, parse, decode in (
        (b"\x89PNG\r\n\x1a\n", _single(png_header), _single(_png_pixels)),
        (b"\xff\xd8\xff", _single(jpeg_header), _single(_jpeg_pixels)),
        ((CODESTREAM, CONTAINER[:8]), _single(jxl_header), _single(jxl_pixels)),
        ((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), tiff_header, tiff_pixels),
    ):
        if start.startswith(signature):
            return parse, decode
    raise ImageError(
        f"Expected PNG, JPEG, JPEG XL or TIFF; the file starts {start[:8]!r}.", **place
    )


def _single(work: Callable[[BinaryIO], Any]) -> Callable[[BinaryIO, int | None], Any]:
    """`work` on a file of a format that holds one image, whose page can only be the first."""

    def of_page(file: BinaryIO, page: int | None) -> Any:
        if page:
            raise ImageError(f"Expected a TIFF, of which to read page {page}; got one image.")
        return work(file)

    return of_page


def _png_pixels(file: BinaryIO) -> np.ndarray:
    data = file.read()
    if data.rfind(_PNG_END) < 0:  # from the end, where it usually is
        raise ValueError("the PNG has no end")
    return imagecodecs.png_decode(data)


def _jpeg_pixels(file: BinaryIO) -> np.ndarray:
    data = file.read()
    # Decoders fill what is missing with gray. A thumbnail in the header has an end of its own, but
    # the image's scan comes after that.
    end = data.rfind(_JPEG_END)
    if end < 0 or data.find(_JPEG_SCAN, end) >= 0:
        raise ValueError("the JPEG has no end")
    return imagecodecs.jpeg8_decode(data)


def _told(work: Callable[[], Any], part: str, place: dict[str, Any]) -> Any:
    """What `work` returns; whatever a parser raises on damaged bytes becomes one ImageError."""
    try:
        return work()
    except ImageError as error:
        raise ImageError(error.problem, **place, fix=error.fix) from error
    except Exception as error:
        why = str(error) or type(error).__name__
        raise ImageError(f"The image's {part} cut or damaged: {why}.", **place) from error


def _unreadable(error: OSError, place: dict[str, Any]) -> ImageError:
    why = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
    return ImageError(f"Expected an image; {why}.", **place)
