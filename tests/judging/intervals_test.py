import numpy as np
import pytest

from cellscreen.judging.intervals import bootstrap_intervals

TWO = ("a", "b")


def test_whole_groups_are_drawn():
    labels = np.array([0, 1] * 50)
    right = np.repeat([1, 0], 50)  # one group all right, the other all wrong
    rows = np.eye(2)[np.where(right, labels, 1 - labels)]
    by_group = bootstrap_intervals(labels, rows, np.repeat(["x", "y"], 50), TWO)
    assert by_group["accuracy"] == (0, 1)
    by_image = bootstrap_intervals(labels, rows, np.arange(100), TWO)
    assert by_image["accuracy"] == pytest.approx((0.4, 0.6), abs=0.02)  # 0.5 ± 1.96 · 0.05


def test_one_group_or_a_missing_answer_has_no_intervals():
    labels, rows = np.array([0, 1]), np.eye(2)
    assert bootstrap_intervals(labels, rows, np.array(["x", "x"]), TWO) == {}
    assert bootstrap_intervals(labels, rows * np.nan, np.array(["x", "y"]), TWO) == {}
