import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cellscreen.images.reading import decode_image
from cellscreen.images.stretched import Extremes, extremes, stretched

DATA = Path(os.environ.get("CELLSCREEN_DATA", Path(__file__).parents[3] / "shared" / "data"))


def scenes(count=12, seed=0):
    """Fields with an offset and a brightest cell of their own, within 12 bits."""
    generator = np.random.default_rng(seed)
    tops = generator.integers(500, 4000, count)
    return [generator.integers(100, top, (64, 64)).astype(np.uint16) for top in tops]


def stretch(image, top=255):
    low, high = int(image.min()), int(image.max())
    return ((image.astype(int) - low) * top // (high - low)).astype(np.uint16)


def reason(images):
    return stretched([extremes(image) for image in images])


def test_extremes_are_those_of_the_image():
    assert extremes(np.array([[7, 2], [7, 3]], np.uint16)) == Extremes(2, 7, 0.5, 0)


def test_images_stretched_one_by_one_are_told():
    message = reason([stretch(image) for image in scenes()] + [np.zeros((64, 64), np.uint16)])
    assert message.startswith("12 of 12 images reach from exactly 0 to exactly 255, the highest")
    assert "stretched one by one" in message


def test_some_that_were_not_do_not_hide_it():
    images = [stretch(image, 4095) for image in scenes(19)] + scenes(1, seed=1)
    assert reason(images).startswith("19 of 20 images reach from exactly 0 to exactly 4095")
    assert reason(images[:16] + scenes(4, seed=1)) is None


def test_raw_images_are_not_accused():
    assert reason(scenes()) is None


def test_a_plate_scale_is_no_stretch_of_single_images():
    assert reason([np.clip(image // 16, 0, 255) for image in scenes()]) is None


def test_a_saturated_sensor_is_no_stretch():
    images = scenes()
    for image in images:
        image[image > 0.7 * image.max()] = 4095
        image[0, 0] = 0
    assert reason(images) is None


def test_a_hot_and_a_dead_pixel_are_no_stretch():
    images = scenes()
    for image in images:
        image[3, 4], image[9, 9] = 4095, 0
    assert reason(images) is None


def test_of_few_images_nothing_is_said():
    assert reason([stretch(image) for image in scenes(7)]) is None
    assert reason([np.zeros((4, 4), np.uint8)] * 20) is None


def test_bbbc013_is_told():
    archive = DATA / "bbbc013.zip"
    if not archive.is_file():
        pytest.skip(f"{archive} is not there; set CELLSCREEN_DATA to its folder")
    with zipfile.ZipFile(archive) as zipped:
        for channel in ("Channel1-", "Channel2-"):
            names = [name for name in zipped.namelist() if channel in name][:24]
            message = reason([decode_image(zipped.read(name)) for name in names])
            assert message.startswith("24 of 24 images reach from exactly 0 to exactly 255")
