import io

import imagecodecs
import numpy as np
import pytest

from cellscreen.errors import ImageError
from cellscreen.images.header import ImageHeader
from cellscreen.images.jxl import jxl_header
from cellscreen.images.reading import decode_image, read_header, read_image

GRAY = np.random.default_rng(0).integers(0, 4096, (40, 48)).astype(np.uint16)
RGB = np.random.default_rng(1).integers(0, 256, (30, 50, 3)).astype(np.uint8)


@pytest.mark.parametrize("container", [False, True])
@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        (GRAY, {}),
        (GRAY, {"bitspersample": 12}),
        ((GRAY >> 4).astype(np.uint8), {}),
        (RGB, {}),
        (RGB.astype(np.uint16) * 257, {}),
    ],
)
def test_every_jpeg_xl_gives_its_pixels_and_its_header(tmp_path, pixels, options, container):
    path = tmp_path / "a.jxl"
    data = imagecodecs.jpegxl_encode(pixels, lossless=True, usecontainer=container, **options)
    path.write_bytes(data)
    np.testing.assert_array_equal(read_image(path), pixels)
    height, width = pixels.shape[:2]
    expected = ImageHeader(width, height, 3 if pixels.ndim == 3 else 1, pixels.dtype.name)
    assert read_header(path) == expected


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize(
    "size",
    [(1, 1), (1, 7), (8, 8), (264, 256), (10, 12), (30, 40), (90, 160), (80, 100), (9, 2000)],
)
def test_the_header_tells_all_kinds_of_sizes(size, channels, lossless):
    image = np.zeros((*size, *channels), np.uint8)
    header = jxl_header(io.BytesIO(imagecodecs.jpegxl_encode(image, lossless=lossless)))
    assert header == ImageHeader(size[1], size[0], 3 if channels else 1, "uint8")


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((8, 8, 4), np.uint8), "with further channels"),
        (np.zeros((8, 8), np.float32), "with floating-point values"),
        (np.zeros((2, 8, 8), np.uint8), "with an animation"),
    ],
)
def test_another_kind_of_jpeg_xl_is_refused(image, message):
    options = {"photometric": "minisblack"} if image.shape[0] == 2 else {}
    data = imagecodecs.jpegxl_encode(image, **options)
    with pytest.raises(ImageError, match=message + r".*\[file a.jxl, plate P\] Save it as 8 or"):
        decode_image(data, file="a.jxl", plate="P")


def test_a_huge_promise_is_refused_by_the_header():
    # 60,000 pixels high: not small, 18 bits of height - 1; ratio 1, as wide as high.
    promise = (0 << 0) | (2 << 1) | (59_999 << 3) | (1 << 21)
    data = b"\xff\x0a" + promise.to_bytes(40, "little")
    with pytest.raises(ImageError, match="promises 60000×60000 pixels"):
        decode_image(data)


@pytest.mark.parametrize("container", [False, True])
def test_a_cut_jpeg_xl_is_an_error_wherever_it_was_cut(container):
    data = imagecodecs.jpegxl_encode(GRAY, lossless=True, usecontainer=container)
    for cut in [2, 5, 11, 13, 40, 60, len(data) // 2, len(data) - 1]:
        with pytest.raises(ImageError, match=r"\[file a.jxl, well A01\]"):
            decode_image(data[:cut], file="a.jxl", well="A01")
