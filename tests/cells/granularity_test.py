"""Granularity beside scikit-image's erosion and reconstruction."""

import numpy as np
import pytest
from skimage.morphology import erosion, reconstruction

from cellscreen.cells.granularity import (
    block_means,
    measure_granularity,
    without_background,
)
from cellscreen.cells.label_runs import find_runs
from cellscreen.cells.threads import Threads

CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])


def _spectrum(labels, plane, length=5, reduction=1, radius=10):
    with Threads(1) as threads:
        objects = find_runs(np.asarray(labels, np.int32), threads)
        return measure_granularity(objects, plane, length, reduction, radius, threads)


@pytest.mark.parametrize("reduction", [1, 2])
def test_spectrum_equals_scikit_images_openings_by_reconstruction(reduction):
    random = np.random.default_rng(reduction)
    plane = random.integers(0, 200, (31, 42)).astype(np.uint8)
    labels = np.kron(random.integers(0, 4, (4, 6)), np.ones((8, 7), int))[:31]
    got = _spectrum(labels, plane, 6, reduction, 3)
    image = without_background(block_means(plane, reduction), reduction, 3)
    eroded, openings = image, [image]
    for _ in range(6):
        eroded = erosion(eroded, CROSS)
        openings.append(reconstruction(eroded, image, footprint=CROSS))
    large = [one.repeat(reduction, 0).repeat(reduction, 1)[:31, :42] for one in openings]
    for row, label in enumerate(np.unique(labels[labels > 0])):
        means = np.array([one[labels == label].mean() for one in large])
        np.testing.assert_allclose(got[:, row], -100 * np.diff(means) / means[0], 1e-9, 1e-9)


def test_spot_goes_with_the_opening_that_is_larger():
    plane = np.zeros((40, 40), np.uint8)
    plane[10:15, 10:15] = 100  # 5 px wide: two erosions leave one pixel, three nothing
    labels = np.zeros((40, 40))
    labels[5:20, 5:20] = 1
    assert _spectrum(labels, plane)[:, 0] == pytest.approx([0, 0, 100, 0, 0])


def test_dark_object_has_no_spectrum():
    assert np.isnan(_spectrum(np.ones((8, 8)), np.full((8, 8), 9, np.uint8))).all()


def test_background_of_an_even_image_is_the_image():
    assert without_background(np.full((20, 30), 7.0), 4, 2).max() == 0


def test_blocks_at_the_edges_are_smaller():
    plane = np.arange(15).reshape(3, 5)
    assert block_means(plane, 2).tolist() == [[3, 5, 6.5], [10.5, 12.5, 14]]
    assert block_means(plane, 1).tolist() == plane.tolist()
