import numpy as np
import pytest

from cellscreen.errors import ConfigError
from cellscreen.images.scale import full_range, to_uint8


def test_low_becomes_0_high_255_and_halves_go_up():
    image = np.array([[9, 10, 11, 12, 13, 14, 15]], np.uint16)
    # (x - 10) · 255 / 4: 63.75, 127.5, 191.25.
    assert to_uint8(image, 10, 14).tolist() == [[0, 0, 64, 128, 191, 255, 255]]
    assert to_uint8(image, 10, 14).dtype == np.uint8


def test_the_default_of_8_bits_is_the_identity():
    values = np.arange(256, dtype=np.uint8)
    assert to_uint8(values, *full_range(8)) is values
    assert to_uint8(values.astype(np.uint16), 0, 255).tolist() == values.tolist()


def test_full_range_of_16_bits_is_the_nearest_of_257ths():
    values = np.arange(65536)
    expected = np.floor(values / 257 + 0.5)
    assert (to_uint8(values.astype(np.uint16), *full_range(16)) == expected).all()


def test_a_uint8_image_is_stretched_too():
    assert to_uint8(np.array([0, 100, 150, 200], np.uint8), 100, 200).tolist() == [0, 0, 128, 255]


@pytest.mark.parametrize(("low", "high"), [(5, 5), (6, 5), (-1, 5), (0, 65536)])
def test_a_scale_that_cannot_work_is_refused(low, high):
    with pytest.raises(ConfigError, match=f"0 <= low < high <= 65535; got low {low} and high"):
        to_uint8(np.zeros((1, 1), np.uint16), low, high)
