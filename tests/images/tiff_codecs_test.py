"""TIFF in the encodings that microscopes write, in pages and in pyramids."""

import imagecodecs
import numpy as np
import pytest
import tifffile

from cellscreen.errors import ImageError
from cellscreen.images.reading import decode_image, read_header, read_image

STACK = np.random.default_rng(5).integers(0, 4096, (3, 64, 80)).astype(np.uint16)
CODECS = {
    "lzw": ("LZW", {}),
    "deflate": ("DEFLATE", {}),
    "packbits": ("PACKBITS", {}),
    "zstd": ("ZSTD", {}),
    "jpegxr": ("JPEGXR", {}),
    "jpegxl": ("JPEGXL", {"lossless": True}),
    "jpeg2000": ("JPEG2K", {"reversible": True}),
}


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("compression", CODECS)
def test_every_lossless_codec_gives_the_pixels(tmp_path, compression, bits):
    codec, options = CODECS[compression]
    if not getattr(imagecodecs, codec).available:
        pytest.skip(f"imagecodecs was built without {codec}")
    pixels = (STACK[0] >> 4).astype(np.uint8) if bits == 8 else STACK[0]
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, compression=compression, compressionargs=options)
    np.testing.assert_array_equal(read_image(path), pixels)
    assert read_header(path).dtype == pixels.dtype.name


@pytest.mark.parametrize("compression", ["lzw", "jpegxr", "jpegxl"])
def test_damage_within_a_codec_is_one_image_error(tmp_path, compression):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK[0], compression=compression)
    with tifffile.TiffFile(path) as tiff:
        start, length = tiff.pages.first.dataoffsets[0], tiff.pages.first.databytecounts[0]
    data = bytearray(path.read_bytes())
    data[start : start + length] = b"\xff" * length
    with pytest.raises(ImageError, match=r"pixels are cut or damaged.*\[file a, well A01\]"):
        decode_image(bytes(data), file="a", well="A01")


def test_a_predictor_and_packed_12_bit_values_are_undone(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], compression="deflate", predictor=True)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), STACK[0])
    tifffile.imwrite(tmp_path / "b.tif", STACK[0], bitspersample=12)
    assert (tmp_path / "b.tif").stat().st_size < STACK[0].nbytes
    np.testing.assert_array_equal(read_image(tmp_path / "b.tif"), STACK[0])


def test_a_page_of_several_is_read_by_its_number(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK, photometric="minisblack", compression="lzw")
    for page, plane in enumerate(STACK):
        np.testing.assert_array_equal(read_image(path, page=page), plane)
        np.testing.assert_array_equal(decode_image(path.read_bytes(), page=page), plane)
        assert read_header(path, page=page).width == 80
    for read in (read_header, read_image):
        with pytest.raises(ImageError, match=r"Expected a page 3, counted from 0; .* has 3 pages"):
            read(path, page=3)
        with pytest.raises(ImageError, match=r"the TIFF has 3 pages.*State each image's page"):
            read(path)


def test_of_a_stack_only_the_page_is_read(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK, photometric="minisblack")
    with tifffile.TiffFile(path) as tiff:
        second = tiff.pages[1].dataoffsets[0]
    data = bytearray(path.read_bytes())
    data[second : second + STACK[1].nbytes] = bytes(STACK[1].nbytes)
    path.write_bytes(data)
    np.testing.assert_array_equal(read_image(path, page=2), STACK[2])
    assert not read_image(path, page=1).any()


def test_of_a_pyramid_the_first_level_is_read(tmp_path):
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        writer.write(STACK, subifds=1, tile=(16, 16), metadata={"axes": "ZYX"})
        writer.write(STACK[:, ::2, ::2], subfiletype=1, tile=(16, 16))
    np.testing.assert_array_equal(read_image(path, page=1), STACK[1])


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_png_and_jpeg_have_no_second_page(tmp_path, kind):
    encode = imagecodecs.png_encode if kind == "PNG" else imagecodecs.jpeg8_encode
    path = tmp_path / "a"
    path.write_bytes(encode((STACK[0] >> 4).astype(np.uint8)))
    assert read_image(path, page=0).shape == (64, 80)
    with pytest.raises(ImageError, match="Expected a TIFF, of which to read page 1; got one image"):
        read_image(path, page=1)
