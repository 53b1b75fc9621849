"""What the header of an image file promises; here PNG and JPEG, in `tiff` TIFF."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import JpegImagePlugin, PngImagePlugin

from cellscreen.errors import ImageError

MAX_PIXELS = 1 << 28  # 16,384 × 16,384: larger than any camera's field


@dataclass(frozen=True)
class ImageHeader:
    """What a file's header promises.

    Attributes:
        width: in pixels.
        height: in pixels.
        channels: 1, or 3 for colour; a palette of grays is 1, and transparency is not counted.
        dtype: "uint8" or "uint16".
    """

    width: int
    height: int
    channels: int
    dtype: str


def png_header(file: BinaryIO) -> ImageHeader:
    """Reads the header of a PNG, and its palette if it has one."""
    start = file.read(26)
    if len(start) < 26:
        raise ValueError(f"the PNG ends after {len(start)} bytes")
    width, height, bits, colour_type = struct.unpack(">IIBB", start[16:])
    if colour_type == 3:
        file.seek(0)
        channels = 1 if all_gray(_png_palette(file)) else 3
    else:
        channels = 3 if colour_type & 2 else 1
    return ImageHeader(width, height, channels, "uint16" if bits == 16 else "uint8")


def _png_palette(file: BinaryIO) -> np.ndarray:
    # The class, not Image.open: that one warns of sizes which are refused here anyway.
    with PngImagePlugin.PngImageFile(file) as image:
        if image.palette is None:
            raise ValueError("the PNG has no palette")
        return np.frombuffer(bytes(image.palette.palette), np.uint8).reshape(-1, 3)


def jpeg_header(file: BinaryIO) -> ImageHeader:
    """Reads the header of a JPEG."""
    with JpegImagePlugin.JpegImageFile(file) as image:
        if image.mode not in ("L", "RGB"):
            raise ImageError(
                f"Expected a gray or RGB JPEG; got {image.mode}.", fix="Save it as gray or RGB."
            )
        return ImageHeader(*image.size, 3 if image.mode == "RGB" else 1, "uint8")


def all_gray(colours: np.ndarray) -> bool:
    """Whether red, green and blue of all `(n, 3)` colours of a palette are equal."""
    return bool((colours == colours[:, :1]).all())
