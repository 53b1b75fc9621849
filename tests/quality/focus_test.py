"""Both focus measures, against their definitions written out."""

import cv2
import numpy as np
import pytest

from cellscreen.quality.focus import laplacian_variance, power_slope


def _noise(height, width, dtype=np.uint16):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (height, width), dtype=dtype)


def _slope_by_definition(image):
    """The whole spectrum, rings numbered from 1, negative frequency -k taken for k - 1."""
    power = np.abs(np.fft.fft2(image - image.mean())) ** 2
    down, across = (np.minimum(np.arange(side), side - 1 - np.arange(side)) for side in image.shape)
    ring = np.floor(np.hypot(down[:, None], across)).astype(int) + 1
    radii = np.arange(2, min(image.shape) // 8)
    sums = [power[ring == radius].sum() for radius in radii]
    return np.polyfit(np.log(radii), np.log(sums), 1)[0]


@pytest.mark.parametrize("shape", [(64, 64), (65, 64), (99, 255), (201, 80), (33, 300)])
def test_slope_is_that_of_the_whole_spectrum(shape):
    image = cv2.GaussianBlur(_noise(*shape), (0, 0), 1.2)
    assert power_slope(image) == pytest.approx(_slope_by_definition(image.astype(float)), rel=1e-5)


def test_slope_of_white_noise_is_one_as_rings_grow_with_their_radius():
    assert power_slope(_noise(512, 512)) == pytest.approx(1, abs=0.1)


def test_slope_does_not_depend_on_the_scale():
    image = cv2.GaussianBlur(_noise(64, 64, np.uint8), (0, 0), 1.0)
    assert power_slope(image.astype(np.uint16) * 200) == pytest.approx(power_slope(image))


def test_both_fall_with_every_step_of_blur():
    blurred = [_noise(256, 256)]
    blurred += [cv2.GaussianBlur(blurred[0], (0, 0), sigma) for sigma in (2, 3, 5)]
    for measure in (power_slope, laplacian_variance):
        values = [measure(image) for image in blurred]
        assert values == sorted(values, reverse=True)


def test_laplacian_of_one_pixel_by_hand():
    image = np.zeros((5, 5), np.uint8)
    image[2, 2] = 1
    # -4 in the middle, 1 at four neighbours: mean 0, squares 16 + 4 over 25 pixels.
    assert laplacian_variance(image) == pytest.approx(20 / 25)


def test_flat_and_small_images_are_undefined():
    assert np.isnan(power_slope(np.full((64, 64), 9, np.uint16)))
    assert np.isnan(laplacian_variance(np.full((64, 64), 9, np.uint16)))
    assert np.isnan(power_slope(_noise(24, 400)))
