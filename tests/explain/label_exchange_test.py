import itertools

import numpy as np
import pandas as pd
import pytest
from copairs.map import average_precision

from cellscreen.explain.label_exchange import exchange_p


def _profiles(count, seed):
    return np.random.default_rng(seed).normal(size=(count, 5))


def test_the_statistic_is_that_of_copairs():
    values, members = _profiles(11, 3), np.arange(11) < 4
    meta = pd.DataFrame({"group": np.where(members, "a", [f"c{n}" for n in range(11)])})
    theirs = average_precision(meta, values, ["group"], [], [], ["group"], progress_bar=False)[
        "average_precision"
    ][:4]
    assert exchange_p(values, members, draws=10)[0] == pytest.approx(theirs.mean(), abs=1e-6)


def test_p_is_the_share_of_exchanges_that_are_as_good():
    values, members = _profiles(7, 1), np.arange(7) < 3
    observed, p = exchange_p(values, members, draws=20_000)
    every = [np.isin(np.arange(7), at) for at in itertools.combinations(range(7), 3)]
    share = np.mean([exchange_p(values, one, draws=1)[0] >= observed - 1e-9 for one in every])
    assert p == pytest.approx(share, abs=0.02)


def test_a_perfect_rank_among_few_is_not_rare():
    # Two of four find each other first by chance in at least one of six exchanges.
    values = np.array([[1.0, 0], [1, 0.01], [0, 1], [-1, -1]])
    found, p = exchange_p(values, np.array([True, True, False, False]))
    assert found == 1
    assert p > 1 / 6 - 0.02


def test_labels_are_exchanged_inside_strata_only():
    values, members = _profiles(6, 0), np.array([True, False, False, True, False, False])
    assert exchange_p(values, members, np.arange(6), draws=99)[1] == 1  # nothing to exchange


def test_p_is_uniform_where_labels_mean_nothing():
    found = [
        exchange_p(_profiles(9, seed), np.arange(9) < 3, draws=200, seed=seed)[1]
        for seed in range(150)
    ]
    assert np.mean(np.array(found) <= 0.1) == pytest.approx(0.1, abs=0.08)
    assert np.mean(found) == pytest.approx(0.5, abs=0.1)


def test_the_same_seed_draws_the_same():
    values, members = _profiles(9, 2), np.arange(9) < 3
    assert exchange_p(values, members, seed=4) == exchange_p(values, members, seed=4)


@pytest.mark.parametrize(
    ("values", "members"),
    [
        (_profiles(3, 0), [True, False, False]),
        (_profiles(3, 0), [True, True, True]),
        (np.array([[1.0, 0], [1, 1], [0, 0]]), [True, True, False]),
    ],
)
def test_undefined_is_nan(values, members):
    assert np.isnan(exchange_p(values, np.array(members))).all()
