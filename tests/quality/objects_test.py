"""Counts of discs that were drawn, and what is no cell."""

import cv2
import numpy as np
import pytest

from cellscreen.quality.objects import find_objects

CENTRES = [(x, y) for x in range(40, 400, 60) for y in range(40, 400, 60)]


def _field(centres=CENTRES, radius=9, size=400, ground=20, height=100):
    image = np.full((size, size), float(ground))
    for centre in centres:
        cv2.circle(image, centre, radius, ground + height, -1)
    image = cv2.GaussianBlur(image, (0, 0), 1) + np.random.default_rng(0).normal(0, 2, image.shape)
    return np.clip(image, 0, 255).round().astype(np.uint8)


def test_discs_are_counted():
    found = find_objects(_field())
    assert found.cells == len(CENTRES) == 36
    assert found.debris == 0
    assert not found.empty


def test_touching_discs_are_told_apart():
    pairs = [*CENTRES, *[(x + 16, y) for x, y in CENTRES]]
    assert find_objects(_field(pairs)).cells == 72


def test_large_image_is_counted_like_a_small_one():
    centres = [(4 * x, 4 * y) for x, y in CENTRES]
    assert find_objects(_field(centres, radius=36, size=1600)).cells == 36


def test_sixteen_bits_are_counted_alike():
    assert find_objects(_field().astype(np.uint16) * 200).cells == 36


def test_specks_are_debris_and_no_cells():
    image = _field()
    for x, y in CENTRES:
        cv2.circle(image, (x + 30, y), 2, 120, -1)
    found = find_objects(image)
    assert found.cells == 36
    # 36 specks of some 10 pixels beside 36 discs of some 280, as smoothing leaves them.
    assert 0.01 < found.debris < 0.06


def test_glare_is_debris():
    image = _field(height=20)
    cv2.circle(image, (200, 200), 12, 255, -1)
    assert find_objects(image).debris > 0.02


def test_noise_is_empty_whatever_its_strength():
    for spread in (1, 5, 20):
        noise = np.random.default_rng(1).normal(200, spread, (600, 600)).round().astype(np.uint16)
        found = find_objects(noise)
        assert found.empty
        assert found.cells == 0
        assert np.isnan(found.debris)


def test_uneven_light_over_nothing_is_empty():
    y, x = np.indices((600, 600)) - 300
    light = 200 + 100 * np.exp(-(x**2 + y**2) / (2 * 280**2))
    noise = np.random.default_rng(1).normal(light, 10).round().astype(np.uint16)
    assert find_objects(noise).empty


def test_hot_pixels_over_nothing_are_empty():
    noise = np.random.default_rng(1).normal(200, 5, (600, 600)).round().astype(np.uint16)
    noise[100, 100] = noise[300, 411] = 60_000
    assert find_objects(noise).empty


def test_one_cell_is_not_empty():
    found = find_objects(_field([(200, 200)]))
    assert (found.cells, found.empty) == (1, False)


def test_flat_image_is_empty():
    assert find_objects(np.full((40, 50), 7, np.uint8)).empty


def test_phase_contrast_has_no_count():
    dark = [(x + 30, y + 30) for x, y in CENTRES]
    image = _field(ground=120, height=80).astype(int) + 120 - _field(dark, ground=120, height=80)
    found = find_objects(image.astype(np.uint8))
    assert np.isnan(found.cells)
    assert np.isnan(found.debris)
    assert not found.empty


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (3, 5), (700, 2)])
def test_odd_shapes_pass(shape):
    assert find_objects(np.zeros(shape, np.uint16)).empty
