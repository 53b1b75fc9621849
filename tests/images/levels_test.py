import math

import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.images.levels import background, saturation, sensor_ceiling


@pytest.mark.parametrize(
    ("row", "dtype", "ceiling"),
    [
        ({}, np.uint8, 255),
        ({}, np.uint16, None),
        ({"bit_depth": 12}, np.uint16, 4095),
        ({"bit_depth": pd.NA, "sensor_max": np.nan}, np.uint16, None),
        ({"bit_depth": 16, "sensor_max": 65520}, "uint16", 65520),
        ({"bit_depth": 12}, np.uint8, 255),
        ({"sensor_max": 65536}, np.uint16, 65535),
    ],
)
def test_the_ceiling_is_what_is_stated_and_never_above_the_type(row, dtype, ceiling):
    assert sensor_ceiling(row, dtype) == ceiling


def test_saturation_counts_pixels_at_the_sensors_ceiling_not_at_the_images_maximum():
    image = np.array([[4095, 4094, 0, 4095], [1, 2, 3, 65535]], np.uint16)
    assert saturation(image, 4095) == 3 / 8
    assert saturation(np.full((2, 2), 4094, np.uint16), 4095) == 0


def test_a_colour_pixel_is_saturated_once_however_many_of_its_colours_are():
    image = np.array([[[255, 255, 0], [0, 0, 255], [1, 2, 3], [254, 0, 0]]], np.uint8)
    assert saturation(image, 255) == 0.5


def test_a_ceiling_of_zero_is_refused():
    with pytest.raises(ConfigError, match="ceiling of 1 or more; got 0"):
        saturation(np.zeros((2, 2), np.uint8), 0)


@pytest.mark.parametrize(("dark", "expected"), [(5, 90), (4, 100)])
def test_background_is_the_value_that_five_percent_do_not_exceed(dark, expected):
    image = np.array([[90] * dark + [100] * (100 - dark)], np.uint16)
    assert background(image) == expected


def test_a_dead_pixel_does_not_make_the_background():
    image = np.full((10, 10), 700, np.uint16)
    image[3, 4] = 0
    assert background(image) == 700


def test_an_image_without_pixels_has_no_levels():
    empty = np.zeros((0, 4), np.uint8)
    assert math.isnan(saturation(empty, 255))
    assert math.isnan(background(empty))
