"""Permutation p-values and bootstrap intervals for many treatments at once.

Both take `strata`: for each batch the treated values, `(treatments, n)` float, and the control
values of the same batch, `(treatments, m)` float. All treatments of one call have the same n and
m in every batch, so that one set of draws serves them all. The draws follow from the seed and
these numbers alone: a treatment's result does not depend on which others are in the table.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

Strata = Sequence[tuple[np.ndarray, np.ndarray]]
Shape = tuple[tuple[int, int], ...]
_VALUES_AT_ONCE = 4_000_000


def shape_of(strata: Strata) -> Shape:
    """Returns (treated, controls) for each batch."""
    return tuple((treated.shape[1], control.shape[1]) for treated, control in strata)


def control_means(strata: Strata) -> np.ndarray:
    """Returns the mean of controls, a batch weighted by its treated wells: `(treatments,)`."""
    total = sum(treated.shape[1] for treated, _ in strata)
    weighted = [control.mean(axis=1) * (t.shape[1] / total) for t, control in strata]
    return np.sum(weighted, axis=0)


def treated_means(strata: Strata) -> np.ndarray:
    """Returns the mean of all treated wells: `(treatments,)` float."""
    return np.concatenate([treated for treated, _ in strata], axis=1).mean(axis=1)


def permutation_p(strata: Strata, *, seed: int = 0, permutations: int = 150_000) -> np.ndarray:
    """Returns one-sided p-values for "the treated wells score lower than the controls".

    Labels are exchanged between treated and control wells inside a batch, never across. If there
    are no more than `permutations` exchanges, each is counted once: p is exact. Otherwise so many
    random ones are, and the observed one is added to numerator and denominator, so that p is
    never 0 and stays valid (Phipson and Smyth, Stat Appl Genet Mol Biol 2010).

    Args:
        strata: treated `(treatments, n)` and control values `(treatments, m)` of each batch.
        seed: of the random exchanges.
        permutations: how many exchanges to look at, at most.

    Returns:
        `(treatments,)` float64 in (0, 1].

    Example:
        Of the ten ways to pick 2 of 5 values, only the observed one sums to 0.3 or less.

        >>> permutation_p([(np.array([[0.1, 0.2]]), np.array([[0.3, 0.4, 0.5]]))])
        array([0.1])
    """
    shape = shape_of(strata)
    exact = exchanges(shape) <= permutations
    picks = _every_pick(shape) if exact else _random_picks(shape, permutations, seed)
    # Wells of all batches side by side, the treated ones first inside each batch.
    pool = np.concatenate([half for pair in strata for half in pair], axis=1).astype(np.float64)
    ends = np.cumsum([n + m for n, m in shape])
    own = np.concatenate(
        [end - n - m + np.arange(n) for end, (n, m) in zip(ends, shape, strict=True)]
    )
    # The difference of means rises with this sum; what else is in it no exchange can change.
    weights = np.repeat([1 + n / m for n, m in shape], [n + m for n, m in shape])
    # Sums that differ by rounding only are equal.
    limit = pool[:, own] @ weights[own] + 1e-12 * np.abs(pool).sum(axis=1)
    found = np.zeros(len(pool), dtype=np.int64)
    for chosen in _chunks(len(picks), max(pool.shape)):
        marks = np.zeros((chosen.stop - chosen.start, pool.shape[1]))
        np.put_along_axis(marks, picks[chosen], weights[picks[chosen]], axis=1)
        found += (marks @ pool.T <= limit).sum(axis=0)
    return found / len(picks) if exact else (found + 1) / (len(picks) + 1)


def exchanges(shape: Shape) -> int:
    """Returns in how many ways the labels can be exchanged inside the batches."""
    return math.prod(math.comb(n + m, n) for n, m in shape)


def smallest_p(shape: Shape, *, permutations: int = 150_000) -> float:
    """Returns the least p that `permutation_p` can give: more wells make it smaller."""
    every = exchanges(shape)
    return 1 / every if every <= permutations else 1 / (permutations + 1)


def bootstrap_interval(
    strata: Strata, *, seed: int = 0, draws: int = 2000, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the percentile interval of the difference treated − control.

    Wells are drawn with replacement: the treated ones of all batches together, each carrying
    the control mean of its batch, and the controls inside each batch. With three treated wells
    such an interval is too narrow (it covers less than it says); with one it is undefined.

    Args:
        strata: treated `(treatments, n)` and control values `(treatments, m)` of each batch.
        seed: of the draws.
        draws: how often wells are drawn.
        level: what the interval should cover.

    Returns:
        Lower and upper ends, each `(treatments,)` float64; NaN where a treatment has one well.
    """
    shape = shape_of(strata)
    treated = np.concatenate([treated for treated, _ in strata], axis=1)
    low, high = np.full((2, len(treated)), np.nan)
    if treated.shape[1] < 2:
        return low, high
    rng = _generator(seed, shape)
    own = _resampled(rng, treated.shape[1], draws)
    of_controls = [_resampled(rng, m, draws) for _, m in shape]
    batches = np.split(own, np.cumsum([n for n, _ in shape])[:-1], axis=1)
    tails = [(1 - level) / 2, (1 + level) / 2]
    for rows in _chunks(len(treated), draws):
        difference = treated[rows] @ own.T
        for (_, control), drawn, batch in zip(strata, of_controls, batches, strict=True):
            difference -= (control[rows] @ drawn.T) * batch.sum(axis=1)
        low[rows], high[rows] = np.quantile(difference, tails, axis=1)
    return low, high


def _every_pick(shape: Shape) -> np.ndarray:
    """Returns `(exchanges, treated)` places in the pool of all batches."""
    own = [np.array(list(itertools.combinations(range(n + m), n))) for n, m in shape]
    which = np.indices([len(picks) for picks in own]).reshape(len(own), -1)
    return _in_pool([picks[chosen] for picks, chosen in zip(own, which, strict=True)], shape)


def _random_picks(shape: Shape, count: int, seed: int) -> np.ndarray:
    """Returns `(count, treated)` places in the pool of all batches, drawn inside each batch."""
    rng = _generator(seed, shape)
    own = [
        np.concatenate(
            [
                np.argpartition(rng.random((rows.stop - rows.start, n + m)), n - 1, axis=1)[:, :n]
                for rows in _chunks(count, n + m)
            ]
        )
        for n, m in shape
    ]
    return _in_pool(own, shape)


def _in_pool(picks: list[np.ndarray], shape: Shape) -> np.ndarray:
    """Joins places inside each batch to places in the pool of all."""
    starts = np.cumsum([0, *(n + m for n, m in shape[:-1])])
    moved = [own + start for own, start in zip(picks, starts, strict=True)]
    return np.concatenate(moved, axis=1)


def _resampled(rng: np.random.Generator, wells: int, draws: int) -> np.ndarray:
    """Returns `(draws, wells)` the share of each well in a draw with replacement."""
    return rng.multinomial(wells, np.full(wells, 1 / wells), size=draws) / wells


def _generator(seed: int, shape: Shape) -> np.random.Generator:
    return np.random.default_rng([seed, *itertools.chain.from_iterable(shape)])


def _chunks(rows: int, width: int) -> Iterator[slice]:
    """Yields slices of rows, so that no more than a few million values are held at once."""
    step = max(1, _VALUES_AT_ONCE // width)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))
