import numpy as np
import pytest

from cellscreen.judging.metrics import class_metrics
from cellscreen.training.cells.figures import fit_figures


def test_figures_of_a_fit_are_those_of_the_report():
    generator = np.random.default_rng(0)
    answers = generator.dirichlet(np.ones(3), 50)
    labels = generator.integers(3, size=50)
    found, whole = fit_figures(labels, answers), class_metrics(labels, answers, ("a", "b", "c"))
    assert found["loss"] == pytest.approx(whole["log_loss"])
    assert (found["accuracy"], found["f1"]) == pytest.approx((whole["accuracy"], whole["macro_f1"]))


def test_classes_that_are_not_there_do_not_count():
    answers = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    assert fit_figures(np.array([0, 1]), answers)["f1"] == 1
    assert np.isnan(fit_figures(np.zeros(0, int), np.zeros((0, 3)))["loss"])
