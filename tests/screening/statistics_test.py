import itertools

import numpy as np
import pytest

from cellscreen.screening import statistics


def _by_hand(strata):
    """One treatment's p by loops over every exchange, from the differences of means themselves."""
    total = sum(len(treated) for treated, _ in strata)
    pools = [np.concatenate(pair) for pair in strata]
    counts = [len(treated) for treated, _ in strata]

    def difference(picks):
        parts = []
        for pool, pick in zip(pools, picks, strict=True):
            own = list(pick)
            rest = [place for place in range(len(pool)) if place not in own]
            parts.append(len(own) / total * (pool[own].mean() - pool[rest].mean()))
        return sum(parts)

    ways = [itertools.combinations(range(len(p)), n) for p, n in zip(pools, counts, strict=True)]
    every = [difference(picks) for picks in itertools.product(*ways)]
    observed = difference([range(n) for n in counts])
    return np.mean(np.array(every) <= observed + 1e-12)


@pytest.mark.parametrize(
    ("treated", "controls", "p"),
    [
        ([0.1, 0.2], [0.3, 0.4, 0.5], 1 / 10),
        ([0.1, 0.4], [0.2, 0.3, 0.5], 4 / 10),  # .1+.2, .1+.3, .1+.4 and, a tie, .2+.3
        ([0.4, 0.5], [0.1, 0.2, 0.3], 10 / 10),
        ([0.2, 0.2], [0.2, 0.2, 0.2], 10 / 10),
        ([0.1], [0.3, 0.4, 0.5], 1 / 4),
    ],
)
def test_exact_p_is_the_share_of_exchanges(treated, controls, p):
    strata = [(np.array([treated]), np.array([controls]))]
    assert statistics.permutation_p(strata) == pytest.approx([p])


def test_labels_are_exchanged_inside_batches_only():
    shifted = [
        (np.array([[0.5]]), np.array([[0.6, 0.7]])),
        (np.array([[0.1]]), np.array([[0.2, 0.3]])),
    ]
    assert statistics.permutation_p(shifted) == pytest.approx([1 / 9])
    assert statistics.exchanges(((1, 2), (1, 2))) == 9
    assert statistics.smallest_p(((1, 2), (1, 2))) == pytest.approx(1 / 9)
    assert statistics.smallest_p(((3, 384),), permutations=999) == pytest.approx(1 / 1000)


def test_exact_p_of_unequal_batches_equals_loops():
    rng = np.random.default_rng(0)
    values = [(rng.random((6, 2)), rng.random((6, 3))), (rng.random((6, 1)), rng.random((6, 4)))]
    expected = [_by_hand([(t[row], c[row]) for t, c in values]) for row in range(6)]
    assert statistics.permutation_p(values) == pytest.approx(expected)


def test_random_exchanges_agree_with_all_of_them_and_count_the_observed_one():
    rng = np.random.default_rng(1)
    strata = [(rng.random((20, 3)), rng.random((20, 12)))]
    exact = statistics.permutation_p(strata)
    drawn = statistics.permutation_p(strata, permutations=450)  # 455 exchanges
    assert np.abs(drawn - exact).max() < 0.1
    lowest = [(np.zeros((1, 8)), np.ones((1, 40)))]
    assert statistics.permutation_p(lowest, permutations=199) == pytest.approx([1 / 200])


def test_random_exchanges_stay_inside_batches():
    high = [(np.full((1, 3), 9.0), np.full((1, 20), 9.0)), (np.zeros((1, 3)), np.ones((1, 20)))]
    assert statistics.permutation_p(high, permutations=999)[0] < 0.01


def test_a_result_depends_on_seed_and_own_wells_only():
    rng = np.random.default_rng(2)
    strata = [(rng.random((5, 4)), rng.random((5, 40)))]
    alone = [tuple(half[2:3] for half in strata[0])]
    options = {"seed": 3, "permutations": 999}
    together = statistics.permutation_p(strata, **options)
    assert statistics.permutation_p(alone, **options)[0] == together[2]
    assert statistics.permutation_p(strata, **options).tolist() == together.tolist()
    other = statistics.permutation_p(strata, seed=4, permutations=999)
    assert other.tolist() != together.tolist()


def test_large_tables_are_worked_through_in_pieces(monkeypatch):
    rng = np.random.default_rng(3)
    strata = [(rng.random((50, 3)), rng.random((50, 12)))]
    whole = [statistics.permutation_p(strata), *statistics.bootstrap_interval(strata)]
    monkeypatch.setattr(statistics, "_VALUES_AT_ONCE", 7000)
    pieces = [statistics.permutation_p(strata), *statistics.bootstrap_interval(strata)]
    np.testing.assert_allclose(pieces, whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("permutations", [150_000, 499])
def test_p_is_valid_where_nothing_happens(permutations):
    """200 screens without effect, 20 compounds each, that share the 12 controls of their screen."""
    treated, controls = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        treated.append(rng.beta(4, 2, (20, 3)))
        controls.append(np.tile(rng.beta(4, 2, 12), (20, 1)))
    strata = [(np.concatenate(treated), np.concatenate(controls))]
    p = statistics.permutation_p(strata, permutations=permutations)
    for nominal in (0.05, 0.1, 0.5):
        assert (p <= nominal).mean() <= nominal + 0.02
    assert (p <= 0.1).mean() > 0.06


def test_means_weigh_controls_by_treated_wells():
    strata = [
        (np.array([[0.1, 0.3]]), np.array([[0.6, 0.6]])),
        (np.array([[0.5]]), np.array([[0.9]])),
    ]
    assert statistics.treated_means(strata) == pytest.approx([0.3])
    assert statistics.control_means(strata) == pytest.approx([0.7])
    assert statistics.shape_of(strata) == ((2, 2), (1, 1))


def test_interval_of_two_wells_by_hand():
    """Draws of (0, 1) have the mean 0 or 1 with p 1/4 each: the 95 % reach from one to other."""
    strata = [(np.array([[0.0, 1.0]]), np.array([[0.25, 0.25, 0.25]]))]
    low, high = statistics.bootstrap_interval(strata)
    assert (low[0], high[0]) == (-0.25, 0.75)


def test_interval_carries_batch_effects_away():
    strata = [
        (np.array([[0.1]]), np.array([[0.3, 0.3]])),
        (np.array([[0.6]]), np.array([[0.8, 0.8]])),
    ]
    low, high = statistics.bootstrap_interval(strata)
    assert [low[0], high[0]] == pytest.approx([-0.2, -0.2])


def test_interval_of_a_single_well_is_undefined():
    low, high = statistics.bootstrap_interval([(np.array([[0.1]]), np.array([[0.3, 0.4]]))])
    assert np.isnan([low, high]).all()


def test_interval_covers_the_truth():
    rng = np.random.default_rng(4)
    strata = [(rng.normal(0.4, 0.1, (500, 12)), rng.normal(0.6, 0.1, (500, 24)))]
    low, high = statistics.bootstrap_interval(strata, draws=500)
    covered = ((low < -0.2) & (high > -0.2)).mean()
    assert 0.89 < covered < 0.97
