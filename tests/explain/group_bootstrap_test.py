import numpy as np
import pandas as pd
import pytest

from cellscreen.explain.group_bootstrap import mean_interval


def interval(values, groups, draws=2000):
    rng = np.random.default_rng(0)
    return mean_interval(pd.Series(values), pd.Series(groups), draws, rng)


def test_the_mean_is_over_rows_and_the_interval_over_groups():
    mean, low, high = interval([0.0, 1.0, 1.0, 1.0], ["a", "b", "b", "b"])

    # Two groups: of four equally likely draws one is all a, one all b.
    assert (mean, low, high) == (0.75, 0.0, 1.0)


def test_many_rows_of_one_group_do_not_narrow_the_interval():
    _, low, high = interval([0.0] * 500 + [1.0] * 500, ["a"] * 500 + ["b"] * 500)

    assert (low, high) == (0.0, 1.0)


def test_unknown_values_are_left_out():
    assert interval([1.0, np.nan, 3.0], ["a", "b", "c"])[0] == 2.0


def test_one_group_has_no_interval_and_none_no_mean():
    assert interval([1.0, 3.0], ["a", "a"])[0] == 2.0
    assert np.isnan(interval([1.0, 3.0], ["a", "a"])[1:]).all()
    assert np.isnan(interval([np.nan], ["a"])).all()


def test_the_interval_of_equal_groups_covers_its_mean_as_it_should():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        values = rng.normal(size=30)
        _, low, high = interval(values, np.arange(30), draws=300)
        covered += low <= 0 <= high
    assert covered / 200 == pytest.approx(0.95, abs=0.06)
