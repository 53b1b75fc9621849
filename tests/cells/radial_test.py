"""Rings and wedges beside SciPy's distances, and by hand."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from cellscreen.cells.label_runs import find_runs
from cellscreen.cells.radial import measure_radial, ring_bins
from cellscreen.cells.threads import Threads


def _radial(labels, plane, rings=4):
    with Threads(1) as threads:
        objects = find_runs(np.asarray(labels, np.int32), threads)
        bins = ring_bins(objects, rings, threads)
        values = np.asarray(plane, float).ravel()[objects.places]
        return bins, measure_radial(objects, values, bins, rings, threads)


def _expected_bins(mask, rings):
    depth = np.rint(distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1] ** 2)
    cy, cx = np.unravel_index(depth.argmax(), depth.shape)
    y, x = np.nonzero(mask)
    away, inside = np.hypot(y - cy, x - cx), np.sqrt(depth[y, x])
    octant = (y > cy) + 2 * (x > cx) + 4 * (abs(y - cy) > abs(x - cx))
    return (rings * (away / (away + inside))).astype(int), octant


@pytest.mark.parametrize("seed", range(5))
def test_rings_and_wedges_follow_exact_distances(seed):
    random = np.random.default_rng(seed)
    labels = np.kron(random.integers(0, 5, (4, 5)), np.ones((6, 6), int))
    labels[random.random(labels.shape) < 0.03] = 0
    plane = random.random(labels.shape)
    bins, got = _radial(labels, plane)
    at = 0
    for row, label in enumerate(np.unique(labels[labels > 0])):
        ring, wedge = _expected_bins(labels == label, 4)
        np.testing.assert_array_equal(bins[at : at + len(ring)], ring * 8 + wedge)
        at += len(ring)
        values = plane[labels == label]
        for one in range(4):
            here = ring == one
            share = values[here].sum() / values.sum()
            assert got["FracAtD", one + 1][row] == pytest.approx(share, abs=1e-12)
            if here.any():
                assert got["MeanFrac", one + 1][row] == pytest.approx(share / here.mean())
                means = [values[here & (wedge == w)].mean() for w in np.unique(wedge[here])]
                variation = np.std(means) / np.mean(means)
                assert got["RadialCV", one + 1][row] == pytest.approx(variation, abs=1e-12)


def test_even_object_has_mean_fractions_of_one():
    _, got = _radial(np.ones((9, 9)), np.full((9, 9), 7))
    assert [got["MeanFrac", ring][0] for ring in range(1, 5)] == pytest.approx([1] * 4)
    assert [got["RadialCV", ring][0] for ring in range(1, 5)] == pytest.approx([0] * 4)
    assert sum(got["FracAtD", ring][0] for ring in range(1, 5)) == pytest.approx(1)


def test_bright_middle_lies_in_the_first_ring():
    plane = np.zeros((9, 9))
    plane[4, 4] = 5
    _, got = _radial(np.ones((9, 9)), plane)
    assert got["FracAtD", 1].item() == 1
    assert got["FracAtD", 4].item() == 0


def test_ring_without_pixels_and_dark_object_are_undefined():
    _, got = _radial([[1]], [[3]])
    assert got["FracAtD", 1].item() == 1
    assert np.isnan([got["MeanFrac", 2].item(), got["RadialCV", 2].item()]).all()
    _, dark = _radial(np.ones((3, 3)), np.zeros((3, 3)))
    assert np.isnan(dark["FracAtD", 1].item())
