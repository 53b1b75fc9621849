import numpy as np
import pytest

from cellscreen.training.intervals import bootstrap_intervals, group_counts, interval

TWO = ("a", "b")


def test_an_interval_leaves_undefined_draws_out():
    assert interval(np.array([np.nan, *range(41)])) == pytest.approx((1, 39))


def test_more_undefined_than_defined_draws_give_no_interval():
    assert np.isnan(interval(np.array([1, np.nan, np.nan]))).all()
    assert interval(np.array([1, np.nan])) == (1, 1)


def test_draws_depend_on_the_seed_only():
    whole = next(group_counts(5, 40, 7, 100))
    parts = list(group_counts(5, 40, 7, 16))
    assert [len(part) for part in parts] == [16, 16, 8]
    assert (np.concatenate(parts) == whole).all()
    assert (whole.sum(axis=1) == 5).all()
    assert (whole != next(group_counts(5, 40, 8, 100))).any()


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
