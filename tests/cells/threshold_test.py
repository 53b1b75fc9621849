"""Otsu's threshold on the root, and the local one."""

import numpy as np
import pytest
from skimage.filters import threshold_otsu

from cellscreen.cells.threshold import foreground, otsu


def test_two_values_are_parted_between_them():
    split = otsu(np.array([[4, 4, 4, 100]], np.uint8))
    assert (split.level, split.dark, split.bright) == (4, 4, 100)
    assert split.contrast == pytest.approx(96 / 0.5)


def test_means_and_contrast_are_of_the_brightness_not_of_its_root():
    split = otsu(np.array([[0, 2, 0, 2, 60, 80]], np.uint8))
    assert (split.dark, split.bright) == (1, 70)
    assert split.contrast == pytest.approx(69 / np.hypot(1, 0.5))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_an_even_image_has_no_contrast(dtype):
    assert otsu(np.full((5, 5), 7, dtype)).contrast == 0


def test_dim_objects_are_not_lost_beside_very_bright_ones():
    image = np.full((100, 100), 100, np.uint16)
    image[:10], image[50:53] = 6000, 40000
    assert threshold_otsu(image) == 6000  # scikit-image's, on the brightness itself
    assert 100 <= otsu(image).level < 6000


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_types_agree(dtype):
    image = np.random.default_rng(0).integers(0, 40, (64, 64))
    image[:20] += 150
    mask = foreground(image.astype(dtype), otsu(image.astype(dtype)), 1, None)
    assert np.array_equal(mask, image >= 150)
    assert mask.dtype == np.uint8


@pytest.mark.parametrize("seed", range(3))
def test_noise_and_slopes_stay_below_the_contrast_of_cells(seed):
    random = np.random.default_rng(seed)
    slope = np.broadcast_to(np.arange(256) + 500, (256, 256))
    for field in (random.poisson(slope), random.poisson(1, (256, 256)), slope):
        assert otsu(field.astype(np.uint16)).contrast < 5


def test_a_factor_moves_the_threshold_away_from_the_ground():
    image = np.array([[0, 10, 20, 30, 40, 200, 220, 240]], np.uint8)
    split = otsu(image)
    assert (split.level, split.dark, split.bright) == (40, 20, 220)
    counts = [int(foreground(image, split, factor, None).sum()) for factor in (0.5, 1, 10)]
    assert counts == [4, 3, 1]


def test_the_local_threshold_cuts_the_glare_of_bright_objects_and_keeps_dim_ones():
    image = np.full((200, 400), 10, np.float32)
    image[80:120, 80:120] = 300
    image[70:130, 270:330] = 250  # glare
    image[80:120, 280:320] = 1000
    one = foreground(image, otsu(image), 1, None)
    local = foreground(image, otsu(image), 1, 20)
    assert (one[100, 100], one[75, 300], one[100, 300]) == (1, 1, 1)
    assert (local[100, 100], local[75, 300], local[100, 300]) == (1, 0, 1)
    assert local[:60].sum() == 0
