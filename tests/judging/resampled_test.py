import numpy as np
import pytest

from cellscreen.judging.metrics import class_metrics
from cellscreen.judging.resampled import Resampled

CLASSES = {2: ("a", "b"), 3: ("a", "b", "c")}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("digits", [1, 6])  # with and without equal scores
def test_figures_are_those_of_the_images_repeated(n_classes, digits):
    random = np.random.default_rng(n_classes)
    groups = np.repeat(np.arange(7), 3)
    labels = random.integers(n_classes, size=len(groups))
    labels[:n_classes] = range(n_classes)
    probabilities = random.dirichlet(np.ones(n_classes), len(groups)).round(digits) + 0.01
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    counts = np.vstack([np.ones(7, int), random.multinomial(7, np.ones(7) / 7, size=30)])
    found = Resampled(labels, probabilities, groups, CLASSES[n_classes]).figures(counts)
    for draw, numbers in enumerate(counts):
        rows = np.repeat(np.arange(len(groups)), numbers[groups])
        expected = class_metrics(labels[rows], probabilities[rows], CLASSES[n_classes])
        assert {name: values[draw] for name, values in found.items()} == pytest.approx(
            expected, nan_ok=True
        )


def test_draws_of_one_class_are_undefined_in_what_one_class_cannot_show():
    rows = Resampled(np.array([0, 1, 1]), np.eye(2)[[0, 1, 0]], np.arange(3), CLASSES[2])
    found = rows.figures(np.array([[1, 1, 1], [3, 0, 0], [0, 2, 1]]))
    undefined = {name: np.isnan(values).tolist() for name, values in found.items()}
    assert undefined["recall"] == undefined["f1"] == [False, True, False]
    assert undefined["auroc"] == undefined["auprc"] == undefined["mcc"] == [False, True, True]
    assert found["accuracy"].tolist() == pytest.approx([2 / 3, 1, 2 / 3])


def test_a_draw_of_equal_scores_ranks_nothing():
    rows = Resampled(np.array([0, 1, 1]), np.eye(2)[[1, 1, 0]], np.arange(3), CLASSES[2])
    found = rows.figures(np.array([[1, 1, 0], [1, 0, 2]]))
    assert np.isnan(found["auroc"]).tolist() == np.isnan(found["auprc"]).tolist() == [True, False]
    assert found["auroc"][1] == 0
