import struct
import tracemalloc
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from cellscreen.errors import ImageError
from cellscreen.images.reading import (
    ImageHeader,
    check_bit_depth,
    decode_image,
    read_bytes,
    read_header,
    read_image,
)


def _write(path, data):
    path.write_bytes(data)
    return path


def _png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _empty_png(width, height):
    """A PNG that promises a size and holds no pixel of it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = _png_chunk(b"IHDR", header) + _png_chunk(b"IDAT", b"") + _png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _empty_jpeg(width, height):
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    scan = b"\x01\x01\x00\x00\x3f\x00"
    parts = (b"\xff\xc0", frame), (b"\xff\xda", scan)
    body = b"".join(mark + struct.pack(">H", len(part) + 2) + part for mark, part in parts)
    return b"\xff\xd8" + body + b"\xff\xd9"


def _empty_tiff(path, width, height):
    tifffile.imwrite(path, np.zeros((4, 4), np.uint16), compression="zlib")
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        for name, value in {"ImageWidth": width, "ImageLength": height}.items():
            tiff.pages.first.tags[name].overwrite(value)
        tiff.pages.first.tags["RowsPerStrip"].overwrite(height)
    return path.read_bytes()


def _file(kind, path, width, height):
    if kind == "tif":
        return _empty_tiff(path, width, height)
    return {"png": _empty_png, "jpg": _empty_jpeg}[kind](width, height)


def test_every_png_gives_its_pixels_and_its_header(pngs, tmp_path):
    for name, (data, pixels) in pngs.items():
        path = _write(tmp_path / "a.png", data)
        image = read_image(path)
        assert image.dtype == pixels.dtype, name
        assert image.flags.c_contiguous, name
        np.testing.assert_array_equal(image, pixels, name)
        height, width = pixels.shape[:2]
        channels = 3 if pixels.ndim == 3 else 1
        assert read_header(path) == ImageHeader(width, height, channels, pixels.dtype.name), name


def test_every_jpeg_gives_what_pillow_gives(jpegs, tmp_path):
    for name, data in jpegs.items():
        path = _write(tmp_path / "a.jpg", data)
        image = read_image(path)
        np.testing.assert_array_equal(image, np.asarray(Image.open(path)), name)
        assert read_header(path) == ImageHeader(83, 61, 1 if name == "gray" else 3, "uint8")


def test_a_turned_photo_stays_as_it_is_stored(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((8, 24), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").shape == (8, 24)


GRAY16 = np.random.default_rng(1).integers(0, 65536, (40, 50)).astype(np.uint16)
RGB8 = np.random.default_rng(2).integers(0, 256, (40, 50, 3)).astype(np.uint8)
GRAY8 = RGB8[..., 0]
RAMP = np.arange(256, dtype=np.uint16)


@pytest.mark.parametrize(
    ("pixels", "options", "expected"),
    [
        (GRAY8, {}, GRAY8),
        (GRAY16, {"byteorder": ">"}, GRAY16),
        (GRAY16, {"compression": "zlib", "rowsperstrip": 7}, GRAY16),
        (GRAY16, {"compression": "lzw", "tile": (16, 16)}, GRAY16),
        (GRAY16 >> 4, {"bigtiff": True}, GRAY16 >> 4),
        (RGB8, {"photometric": "rgb"}, RGB8),
        (np.moveaxis(RGB8, -1, 0), {"photometric": "rgb", "planarconfig": "separate"}, RGB8),
        (np.dstack([RGB8, GRAY8]), {"photometric": "rgb", "extrasamples": "unassalpha"}, RGB8),
        (GRAY8, {"photometric": "miniswhite"}, 255 - GRAY8),
        (GRAY8, {"photometric": "palette", "colormap": [257 * RAMP] * 3}, GRAY8),
        (GRAY8, {"photometric": "palette", "colormap": [RAMP[::-1]] * 3}, 255 - GRAY8),
        (
            GRAY8,
            {"photometric": "palette", "colormap": [257 * RAMP, 257 * RAMP[::-1], 0 * RAMP]},
            np.stack([GRAY8, 255 - GRAY8, 0 * GRAY8], -1),
        ),
    ],
)
def test_every_tiff_gives_its_pixels_and_its_header(tmp_path, pixels, options, expected):
    tifffile.imwrite(tmp_path / "a.tif", pixels, **options)
    image = read_image(tmp_path / "a.tif")
    assert image.dtype == expected.dtype
    np.testing.assert_array_equal(image, expected)
    channels = 3 if expected.ndim == 3 else 1
    assert read_header(tmp_path / "a.tif") == ImageHeader(50, 40, channels, expected.dtype.name)


def test_a_smaller_copy_on_a_second_page_is_no_second_image(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(GRAY16)
        writer.write(GRAY16[::2, ::2], subfiletype=1)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), GRAY16)


@pytest.mark.parametrize(
    ("pixels", "options", "message"),
    [
        (np.zeros((3, 8, 8), np.uint16), {"photometric": "minisblack"}, "the TIFF has 3 pages"),
        (np.zeros((8, 8), np.float32), {}, "got 1 samples of 32 bits"),
        (np.zeros((8, 8), np.uint32), {}, "got 1 samples of 32 bits"),
        (np.zeros((8, 8), bool), {}, "got 1 samples of 1 bits"),
        (np.zeros((8, 8, 3), np.uint8), {"photometric": "minisblack"}, "got 3 samples of 8 bits"),
        (np.zeros((8, 8, 4), np.uint8), {"photometric": "separated"}, "4 samples .*SEPARATED"),
    ],
)
def test_a_tiff_of_another_kind_is_refused(tmp_path, pixels, options, message):
    planar = {"planarconfig": "contig"} if pixels.shape[-1] < 8 else {}
    tifffile.imwrite(tmp_path / "a.tif", pixels, **options, **planar)
    for read in (read_header, read_image):
        with pytest.raises(ImageError, match=message + r".*\[file .*a.tif, plate P, well A01\]"):
            read(tmp_path / "a.tif", plate="P", well="A01")


def test_a_cmyk_jpeg_is_refused(tmp_path):
    Image.new("CMYK", (8, 8)).save(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match=r"Expected a gray or RGB JPEG; got CMYK.*Save it as"):
        read_header(tmp_path / "a.jpg")


@pytest.mark.parametrize("read", [read_header, read_image])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "Expected an image; there is no such file."),
        (b"", "Expected an image; the file has 0 bytes."),
        (b"path,plate,well\n", r"Expected PNG, JPEG, JPEG XL or TIFF; the file starts b'path,pla'"),
        (b"GIF89a\x01\0\x01\0", "Expected PNG, JPEG, JPEG XL or TIFF; the file starts b'GIF89a"),
        (b"\x89PNG\r\n\x1a\n", "header is cut or damaged: the PNG ends after 8 bytes"),
        (b"II*\0\x08\0\0\0", "The TIFF is cut: the directory"),
    ],
)
def test_what_is_no_image_is_told_with_its_place(tmp_path, read, data, message):
    path = tmp_path / "A01_1.png"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ImageError, match=f"(?:{message}).*file .*A01_1.png, plate P, well A01"):
        read(path, plate="P", well="A01")


def test_bytes_are_those_of_the_file_and_a_missing_one_is_told(tmp_path):
    assert read_bytes(_write(tmp_path / "a.png", b"whatever")) == b"whatever"
    with pytest.raises(ImageError, match=r"there is no such file.*b\.png, plate P, well A01"):
        read_bytes(tmp_path / "b.png", plate="P", well="A01")


def test_a_folder_is_no_image(tmp_path):
    with pytest.raises(ImageError, match="Expected an image; Is a directory"):
        read_image(tmp_path)


@pytest.mark.parametrize("kind", ["png", "jpg", "tif"])
def test_a_huge_promise_is_refused_by_the_header_before_memory_is_taken(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    _write(path, _file(kind, path, 60_000, 60_000))
    tracemalloc.start()
    try:
        for read in (read_header, read_image):
            with pytest.raises(ImageError, match=r"promises 60000×60000 pixels; .* 268435456 in"):
                read(path)
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["png", "jpg", "tif"])
def test_a_smaller_lie_about_the_size_is_an_error_too(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    data = _write(path, _file(kind, path, 300, 200)).read_bytes()
    with pytest.raises(ImageError, match="The image's pixels are cut or damaged"):
        decode_image(data)


@pytest.mark.parametrize("kind", ["png", "jpg", "tif", "zipped.tif", "lzw.tif", "progressive.jpg"])
def test_a_cut_file_is_an_error_wherever_it_was_cut(pngs, jpegs, tmp_path, capfd, caplog, kind):
    path = tmp_path / f"a.{kind}"
    if kind.endswith("tif"):
        compression = {"zipped.tif": "zlib", "lzw.tif": "lzw"}.get(kind)
        tifffile.imwrite(path, GRAY16, compression=compression)
        data = path.read_bytes()
    else:
        data = {
            "png": pngs["rgb"][0],
            "jpg": jpegs["rgb"],
            "progressive.jpg": jpegs["progressive"],
        }[kind]
    decode_image(data)
    length = len(data)
    for cut in [*range(0, 700, 13), length // 2, length - 20, *range(length - 14, length)]:
        with pytest.raises(ImageError, match=r"\[file a, well B02\]"):
            decode_image(data[:cut], file="a", well="B02")
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_a_huge_promise_is_told_even_if_nothing_follows_it():
    with pytest.raises(ImageError, match="promises 60000×60000 pixels"):
        decode_image(_empty_png(60_000, 60_000)[:33])


def test_a_thumbnail_does_not_hide_that_a_jpeg_is_cut(jpegs):
    data = jpegs["rgb"]
    thumbnail = b"\xff\xe2" + struct.pack(">H", len(jpegs["gray"]) + 2) + jpegs["gray"]
    whole = data[:2] + thumbnail + data[2:]
    np.testing.assert_array_equal(decode_image(whole), decode_image(data))
    with pytest.raises(ImageError, match="the JPEG has no end"):
        decode_image(whole[:-300])


def test_a_tiff_strip_that_is_left_out_is_no_black_image(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GRAY16, rowsperstrip=20)
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tiff.pages.first.tags["StripByteCounts"].overwrite((2000, 0))
    with pytest.raises(ImageError, match="The TIFF is cut"):
        read_image(path)


def test_an_uncompressed_tiff_with_too_few_bytes_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GRAY16)
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tiff.pages.first.tags["StripByteCounts"].overwrite(100)
    with pytest.raises(ImageError, match="The TIFF is damaged: 100 bytes of pixels, 4000 needed"):
        read_image(path)


def test_damaged_bytes_raise_nothing_but_image_errors(pngs, jpegs, tmp_path):
    generator = np.random.default_rng(3)
    tifffile.imwrite(tmp_path / "a.tif", GRAY8, compression="lzw")
    files = [pngs["palette"][0], jpegs["gray"], (tmp_path / "a.tif").read_bytes()]
    refused = 0
    for data in files:
        for _ in range(60):
            damaged = bytearray(data)
            for place in generator.integers(0, min(len(data), 400), 5):
                damaged[place] = generator.integers(0, 256)
            try:
                assert decode_image(bytes(damaged)).dtype in (np.uint8, np.uint16)
            except ImageError:
                refused += 1
    assert refused > 60


def test_12_bit_values_in_a_16_bit_file_stay_as_they_are():
    data = imagecodecs.png_encode(GRAY16 >> 4)
    np.testing.assert_array_equal(decode_image(data), GRAY16 >> 4)


@pytest.mark.parametrize(
    ("highest", "dtype", "bit_depth"),
    [(255, np.uint8, None), (255, np.uint8, 8), (4095, np.uint16, 12), (65535, np.uint16, 16)],
)
def test_values_within_the_bit_depth_pass(highest, dtype, bit_depth):
    check_bit_depth(np.array([[0, highest]], dtype), bit_depth, file="a.tif")


@pytest.mark.parametrize(
    ("highest", "dtype", "bit_depth", "message"),
    [
        (7, np.uint16, None, "16-bit file without bit_depth; its largest value is 7.*never guess"),
        (4096, np.uint16, 12, r"values up to 4095 \(bit_depth 12\); got 4096.*Correct"),
    ],
)
def test_values_that_do_not_fit_the_bit_depth_are_told(highest, dtype, bit_depth, message):
    image = np.array([[0, highest]], dtype)
    with pytest.raises(ImageError, match=message) as caught:
        check_bit_depth(image, bit_depth, file="a.tif", plate="P", well="A01")
    assert "[file a.tif, plate P, well A01]" in str(caught.value)
