"""Haralick's features beside plain NumPy and scikit-image's matrices."""

import numpy as np
import pytest
from skimage.feature import graycomatrix, graycoprops

from cellscreen.cells.label_runs import find_runs
from cellscreen.cells.texture import DIRECTIONS, HARALICK, measure_texture, to_grey, usual_limits
from cellscreen.cells.threads import Threads

STEPS = {"00": (0, 1), "01": (1, 1), "02": (1, 0), "03": (1, -1)}


def _texture(labels, grey, levels, scale=1):
    with Threads(1) as threads:
        objects = find_runs(np.asarray(labels, np.int32), threads)
        return measure_texture(objects, np.asarray(grey, np.uint8), levels, scale, threads)


def _matrix(mask, grey, levels, scale, direction):
    """The symmetric matrix of pairs within a mask, pixel by pixel."""
    matrix = np.zeros((levels, levels))
    dy, dx = (scale * step for step in STEPS[direction])
    for y, x in np.argwhere(mask):
        ny, nx = y + dy, x + dx
        if 0 <= ny < mask.shape[0] and 0 <= nx < mask.shape[1] and mask[ny, nx]:
            matrix[grey[y, x], grey[ny, nx]] += 1
            matrix[grey[ny, nx], grey[y, x]] += 1
    return matrix / matrix.sum()


def _entropy(p):
    p = p[p > 0]
    return -(p * np.log2(p)).sum()


def _expected(p):
    """Haralick's thirteen features, as his paper writes them."""
    levels = len(p)
    i, j = np.mgrid[:levels, :levels]
    px, py = p.sum(axis=1), p.sum(axis=0)
    mean, variance = (i * p).sum(), ((i - (i * p).sum()) ** 2 * p).sum()
    plus = np.array([p[i + j == k].sum() for k in range(2 * levels - 1)])
    minus = np.array([p[abs(i - j) == k].sum() for k in range(levels)])
    k_plus, k_minus = np.arange(len(plus)), np.arange(levels)
    product = np.outer(px, py)
    hxy = _entropy(p)
    hxy1 = -(p[p > 0] * np.log2(product[p > 0])).sum()
    hxy2 = _entropy(product)
    return {
        "AngularSecondMoment": (p**2).sum(),
        "Contrast": ((i - j) ** 2 * p).sum(),
        "Correlation": ((i - mean) * (j - mean) * p).sum() / variance,
        "Variance": variance,
        "InverseDifferenceMoment": (p / (1 + (i - j) ** 2)).sum(),
        "SumAverage": (k_plus * plus).sum(),
        "SumVariance": ((k_plus - (k_plus * plus).sum()) ** 2 * plus).sum(),
        "SumEntropy": _entropy(plus),
        "Entropy": hxy,
        "DifferenceVariance": ((k_minus - (k_minus * minus).sum()) ** 2 * minus).sum(),
        "DifferenceEntropy": _entropy(minus),
        "InfoMeas1": (hxy - hxy1) / max(_entropy(px), _entropy(py)),
        "InfoMeas2": np.sqrt(max(0, 1 - np.exp(-2 * (hxy2 - hxy)))),
    }


@pytest.mark.parametrize(("levels", "scale"), [(4, 1), (8, 2), (256, 3)])
def test_features_equal_the_papers_formulas(levels, scale):
    random = np.random.default_rng(levels)
    labels = np.kron(random.integers(0, 4, (3, 3)), np.ones((7, 7), int))
    labels[random.random(labels.shape) < 0.1] = 0
    grey = random.integers(0, levels, labels.shape)
    got = _texture(labels, grey, levels, scale)
    for row, label in enumerate(np.unique(labels[labels > 0])):
        for direction in DIRECTIONS:
            p = _matrix(labels == label, grey, levels, scale, direction)
            for feature, value in _expected(p).items():
                assert got[feature, direction][row] == pytest.approx(value, 1e-9, 1e-9), feature


def test_whole_image_equals_scikit_images_matrix():
    grey = np.random.default_rng(0).integers(0, 6, (12, 15)).astype(np.uint8)
    angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
    theirs = graycomatrix(grey, [1], angles, levels=6, symmetric=True, normed=True)
    got = _texture(np.ones(grey.shape), grey, 6)
    for name, ours in {"contrast": "Contrast", "ASM": "AngularSecondMoment"}.items():
        expected = graycoprops(theirs, name)[0]
        np.testing.assert_allclose([got[ours, d][0] for d in DIRECTIONS], expected, 1e-12)
    correlation = graycoprops(theirs, "correlation")[0]
    np.testing.assert_allclose([got["Correlation", d][0] for d in DIRECTIONS], correlation, 1e-9)


def test_stripes_by_hand():
    got = _texture(np.ones((4, 4)), np.tile([0, 3], (4, 2)), 4)
    assert got["Contrast", "00"].item() == 9
    assert got["Contrast", "02"].item() == 0
    assert got["Correlation", "00"].item() == -1
    assert got["Entropy", "00"].item() == pytest.approx(1)
    assert got["SumAverage", "00"].item() == 3


def test_even_object_is_correlated_and_has_no_information():
    got = _texture(np.ones((3, 3)), np.full((3, 3), 5), 8)
    assert got["Correlation", "00"].item() == got["AngularSecondMoment", "00"].item() == 1
    assert got["Entropy", "00"].item() == got["InfoMeas2", "00"].item() == 0
    assert np.isnan(got["InfoMeas1", "00"].item())


def test_object_smaller_than_the_scale_has_no_texture():
    got = _texture([[0, 1, 1], [0, 1, 1]], np.ones((2, 3)), 8, scale=3)
    assert np.isnan([got[feature, direction] for feature in HARALICK for direction in STEPS]).all()


def test_one_object_leaves_nothing_for_the_next():
    random = np.random.default_rng(1)
    grey = random.integers(0, 5, (6, 12))
    labels = np.repeat([[1, 2]], 6, axis=1).repeat(6, axis=0)
    both, alone = _texture(labels, grey, 5), _texture(labels * (labels == 2), grey, 5)
    for key in both:
        assert both[key][1] == alone[key][0]


def test_limits_are_the_first_and_last_grey_level():
    with Threads(1) as threads:
        objects = find_runs(np.ones((1, 5), np.int32), threads)
    values = np.array([-5.0, 100, 150, 200, 999])
    assert to_grey(objects, values, (100, 200), 3).tolist() == [[0, 0, 1, 2, 2]]


@pytest.mark.parametrize(
    ("plane", "limits"),
    [
        (np.zeros((2, 2), np.uint8), (0, 255)),
        (np.array([[0.2, 0.9]]), (0, 1)),
        (np.array([[-1.0, 7.0]]), (-1, 7)),
        (np.array([[5.0, 5.0]]), (5, 6)),
    ],
)
def test_usual_limits_are_the_range_of_the_type(plane, limits):
    assert usual_limits(plane) == limits
