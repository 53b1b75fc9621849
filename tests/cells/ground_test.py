"""The slope of uneven light, taken off."""

import numpy as np

from cellscreen.cells.ground import flattened


def test_what_stands_out_of_a_curved_ground_stays():
    y, x = np.mgrid[-1:1:90j, -1:1:120j]
    ground = 1000 + 300 * x - 200 * y**2 + 100 * x * y
    image = ground.copy()
    image[30:50, 30:50] += 500
    flat = flattened(image.astype(np.uint16))
    assert np.abs(np.delete(flat, np.s_[25:55], axis=0)).max() < 40
    assert np.abs(flat[30:50, 30:50].mean() - 500) < 40


def test_fields_smaller_than_the_grid_are_fitted_too():
    assert np.abs(flattened(np.full((5, 3), 7, np.uint8))).max() < 1e-3
