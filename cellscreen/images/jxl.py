"""JPEG XL, which Yokogawa's microscopes may write: what the header promises, and the pixels.

The header is read bit by bit (ISO/IEC 18181-1): the codec tells nothing without the pixels, and a
size must be known before memory is taken. Only plain gray or RGB is let through: no animation,
preview, floats or further channels.
"""

from __future__ import annotations

from fractions import Fraction
from typing import BinaryIO

import imagecodecs
import numpy as np

from cellscreen.errors import ImageError
from cellscreen.images.header import ImageHeader

CODESTREAM = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_HEAD = 64  # bytes in which size, bit depth and colours stand
_LENGTHS = ((9, 1), (13, 1), (18, 1), (30, 1))
_BIT_DEPTHS = ((0, 8), (0, 10), (0, 12), (6, 1))
_EXTRA_CHANNELS = ((0, 0), (0, 1), (4, 2), (12, 1))
_ENUM = ((0, 0), (0, 1), (4, 2), (6, 18))
_RATIOS = ("1", "6/5", "4/3", "3/2", "16/9", "5/4", "2")
_GRAY = 1


def jxl_header(file: BinaryIO) -> ImageHeader:
    """Reads the header of a JPEG XL file.

    Raises:
        ImageError: it is an animation, has floats, more than 16 bits or further channels.
        ValueError: the file ends within its header.
    """
    bits = _Bits(_codestream(file))
    width, height = _size(bits)
    depth, channels = (8, 3) if bits.take(1) else _pixel_type(bits)
    return ImageHeader(width, height, channels, "uint8" if depth <= 8 else "uint16")


def jxl_pixels(file: BinaryIO) -> np.ndarray:
    """Decodes a JPEG XL file whose header was checked, values as they are stored."""
    return imagecodecs.jpegxl_decode(file.read())


class _Bits:
    """The bits of a header, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self.value, self.left = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, count: int) -> int:
        if count > self.left:
            raise ValueError("the JPEG XL file ends within its header")
        found = self.value & ((1 << count) - 1)
        self.value, self.left = self.value >> count, self.left - count
        return found

    def choose(self, choices: tuple[tuple[int, int], ...]) -> int:
        """A number told by one of four (bits, offset)."""
        count, offset = choices[self.take(2)]
        return offset + self.take(count)


def _codestream(file: BinaryIO) -> bytes:
    """The beginning of the image itself, out of its boxes if it has some."""
    start = file.read(len(CONTAINER))
    if start != CONTAINER:
        file.seek(len(CODESTREAM))
        return file.read(_HEAD)
    while True:
        head = file.read(8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        body = 8
        if length == 1:
            length, body = int.from_bytes(file.read(8), "big"), 16
        if kind in (b"jxlc", b"jxlp"):
            return file.read(_HEAD)[2 if kind == b"jxlc" else 6 :]
        if len(head) < 8 or length < body:
            raise ValueError("the JPEG XL file has no image in its boxes")
        file.seek(length - body, 1)


def _size(bits: _Bits) -> tuple[int, int]:
    """Width and height."""
    small = bits.take(1)
    height = _length(bits, small)
    ratio = bits.take(3)
    if ratio == 0:
        return _length(bits, small), height
    return int(height * Fraction(_RATIOS[ratio - 1])), height


def _length(bits: _Bits, small: int) -> int:
    return 8 * (bits.take(5) + 1) if small else bits.choose(_LENGTHS)


def _pixel_type(bits: _Bits) -> tuple[int, int]:
    """Bits a value and the number of colours, where the file states them."""
    if bits.take(1):
        bits.take(3)  # orientation: a turn noted in a file is not made
        if bits.take(1):
            _size(bits)
        _refuse(bits.take(1), "a preview")
        _refuse(bits.take(1), "an animation")
    _refuse(bits.take(1), "floating-point values")
    depth = bits.choose(_BIT_DEPTHS)
    _refuse(depth > 16, f"{depth} bits a value")
    bits.take(1)
    _refuse(bits.choose(_EXTRA_CHANNELS), "further channels")
    bits.take(1)
    if bits.take(1):
        return depth, 3
    bits.take(1)
    return depth, 1 if bits.choose(_ENUM) == _GRAY else 3


def _refuse(wrong: int, what: str) -> None:
    if wrong:
        raise ImageError(
            f"Expected a JPEG XL file of 8 to 16-bit gray or RGB; got one with {what}.",
            fix="Save it as 8 or 16-bit gray.",
        )
