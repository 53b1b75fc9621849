import numpy as np
import pytest

from cellscreen.votes.draws import (
    counted_by_group,
    drawn_intervals,
    group_counts,
    interval,
    recentred,
    widened,
    wilson,
)


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


def test_one_group_has_no_interval():
    assert drawn_intervals(lambda counts: {"share": counts[:, 0]}, 1) == {}


def test_intervals_do_not_depend_on_the_size_of_blocks(monkeypatch):
    values = np.arange(6.0)
    whole = drawn_intervals(lambda counts: {"mean": counts @ values / 6}, 6, draws=50)
    monkeypatch.setattr("cellscreen.votes.draws._AT_ONCE", 12)
    parts = drawn_intervals(lambda counts: {"mean": counts @ values / 6}, 6, draws=50)
    assert whole == parts
    assert 0 < whole["mean"][0] < 2.5 < whole["mean"][1] < 5


def test_draws_are_moved_to_the_figure_and_stay_shares():
    assert recentred(np.array([0.4, np.nan, 0.6]), 0.2) == pytest.approx(
        [0.1, np.nan, 0.3], nan_ok=True
    )
    assert recentred(np.array([0.0, 1.0]), 0.9).tolist() == pytest.approx([0.4, 1.0])
    assert np.isnan(recentred(np.full(2, np.nan), 0.5)).all()


def test_all_right_or_all_wrong_is_not_certain():
    z = 1.959964
    assert widened(1.0, (1.0, 1.0), 4) == pytest.approx((4 / (4 + z**2), 1), abs=1e-6)
    assert widened(0.0, (0.0, 0.0), 4) == pytest.approx((0, z**2 / (4 + z**2)), abs=1e-6)
    assert widened(0.5, (0.5, 0.5), 4) == (0.5, 0.5)
    assert np.isnan(widened(1.0, (np.nan, np.nan), 1)).all()


def test_wilson_without_a_trial_is_undefined():
    low, high = wilson(np.array([0.0, 5.0]), np.array([0, 10]))
    assert np.isnan([low[0], high[0]]).all()
    assert (low[1], high[1]) == pytest.approx((0.2366, 0.7634), abs=1e-4)  # Brown et al. 2001


def test_rows_are_counted_by_group_and_class():
    found = counted_by_group(np.array([0, 0, 2]), np.array([1, 1, 0]), (3, 2))
    assert found.toarray().tolist() == [[0, 2], [0, 0], [1, 0]]
