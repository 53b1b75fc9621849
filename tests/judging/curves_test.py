import matplotlib.pyplot
import numpy as np
import pytest

from cellscreen.judging.curves import answer_pictures, confusion_matrix, pr_points, roc_points

POSITIVE = np.array([False, False, True, True])
SCORES = np.array([0.1, 0.6, 0.7, 0.4])


def test_confusion_counts_true_in_rows_and_leaves_unlabelled_out():
    matrix = confusion_matrix(np.array([0, 0, 1, -1]), np.array([0, 1, 1, 1]), 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_roc_by_hand():
    points = roc_points(POSITIVE, SCORES)
    corners = set(points.itertuples(index=False, name=None))
    assert {(0, 0), (0, 0.5), (0.5, 0.5), (0.5, 1), (1, 1)} <= corners


def test_precision_recall_by_hand():
    points = pr_points(POSITIVE, SCORES).round(3)
    assert points["recall"].tolist() == [1, 1, 0.5, 0.5, 0]
    assert points["precision"].tolist() == [0.5, 0.667, 0.5, 1, 1]


@pytest.mark.parametrize("points", [roc_points, pr_points])
def test_one_class_has_no_curve(points):
    assert points(np.array([True, True]), np.array([0.1, 0.2])).empty


@pytest.mark.parametrize("classes", [("$a", "b$"), ("a", "b", "c")])
def test_pictures_are_drawn_and_nothing_stays_open(classes):
    probabilities = np.full((3, len(classes)), 0.1) + 0.7 * np.eye(len(classes))[[0, 1, 1]]
    pictures = answer_pictures(np.array([0, 1, 0]), probabilities, classes)
    assert list(pictures) == ["confusion_matrix", "roc", "precision_recall", "reliability"]
    for pixels in pictures.values():
        assert (pixels.shape, pixels.dtype) == ((320, 320, 3), np.uint8)
        assert len(np.unique(pixels)) > 10
    assert not matplotlib.pyplot.get_fignums()
