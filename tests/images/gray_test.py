import numpy as np

from cellscreen.images.gray import to_gray


def _formula(rgb):
    red, green, blue = np.moveaxis(rgb.astype(np.int64), -1, 0)
    return (9798 * red + 19235 * green + 3735 * blue + 16384) // 32768


def test_every_8_bit_colour_follows_the_formula():
    green, blue = np.indices((256, 256))
    for red in range(256):
        image = np.stack([np.full_like(green, red), green, blue], -1).astype(np.uint8)
        assert (to_gray(image) == _formula(image)).all()


def test_16_bit_colours_follow_the_same_formula():
    image = np.random.default_rng(0).integers(0, 65536, (501, 503, 3)).astype(np.uint16)
    image[0, :2] = (65535, 65535, 65535), (0, 0, 0)
    assert (to_gray(image) == _formula(image)).all()
    assert to_gray(image).dtype == np.uint16


def test_a_gray_colour_keeps_its_value_and_a_gray_image_its_pixels():
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert (to_gray(np.stack([values] * 3, -1)) == values).all()
    assert to_gray(values) is values
