"""How far figures may be off by the wells that happened to be there: whole groups are drawn.

Cells and images of one well resemble each other, so whole groups are drawn, with replacement
(percentile intervals of the cluster bootstrap: Davison and Hinkley 1997, section 3.8). Few groups
make such intervals too narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from scipy import sparse
from statsmodels.stats.proportion import proportion_confint

DRAWS = 500
LEVEL = 0.95
UNDEFINED = (float("nan"), float("nan"))
_AT_ONCE = 2**22  # counts held at a time: 32 MiB


def group_counts(n_groups: int, draws: int, seed: int, size: int) -> Iterator[np.ndarray]:
    """How often each group is drawn: blocks `(at most size, n_groups)` int, `draws` rows in all.

    The draws depend on the seed only, not on the size of a block.
    """
    generator = np.random.default_rng(seed)
    for start in range(0, draws, size):
        rows = min(size, draws - start)
        drawn = generator.integers(n_groups, size=(rows, n_groups))
        drawn += np.arange(rows)[:, None] * n_groups
        yield np.bincount(drawn.ravel(), minlength=rows * n_groups).reshape(rows, n_groups)


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % percentile interval of a figure's draws.

    Args:
        values: `(draws,)` float, NaN where the figure is undefined.

    Returns:
        Low and high; NaN if the figure is undefined in more than half of the draws.
    """
    defined = values[~np.isnan(values)]
    if 2 * len(defined) < len(values):
        return UNDEFINED
    low, high = np.quantile(defined, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return float(low), float(high)


def drawn_intervals(
    figures: Callable[[np.ndarray], Mapping[str, np.ndarray]],
    n_groups: int,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    centres: Mapping[str, float] | None = None,
) -> dict[str, tuple[float, float]]:
    """Intervals of figures over draws of whole groups.

    Args:
        figures: of counts `(draws, n_groups)` float64, how often each group is drawn, makes
            figures by name, each `(draws,)` float; NaN where undefined.
        n_groups: how many groups there are.
        draws: resamples.
        seed: of the draws; the same for all models that are compared.
        centres: figures whose draws are `recentred`, by name.

    Returns:
        Low and high of the 95 % interval by name; empty with fewer than two groups.

    Example:
        >>> drawn_intervals(lambda counts: {"share": counts @ [1.0, 1.0] / 2}, 2)
        {'share': (1.0, 1.0)}
    """
    drawn = drawn_figures(figures, n_groups, draws=draws, seed=seed, centres=centres)
    return {name: interval(values) for name, values in drawn.items()}


def drawn_figures(
    figures: Callable[[np.ndarray], Mapping[str, np.ndarray]],
    n_groups: int,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    centres: Mapping[str, float] | None = None,
) -> dict[str, np.ndarray]:
    """The draws that `drawn_intervals` makes intervals of, `(draws,)` float by name.

    Draws of two models with as many groups and one seed are of the same groups, so that they can
    be subtracted.
    """
    if n_groups < 2:
        return {}
    size = max(_AT_ONCE // n_groups, 1)
    parts = [figures(c.astype(np.float64)) for c in group_counts(n_groups, draws, seed, size)]
    drawn = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    for name, value in (centres or {}).items():
        drawn[name] = recentred(drawn[name], value)
    return drawn


def recentred(values: np.ndarray, value: float) -> np.ndarray:
    """Draws moved so that their mean is the figure of what was there, and kept within 0 and 1.

    A mean over the classes that occur is over fewer of them in a draw, since whole wells and with
    them classes are missing: that moves it, and says nothing of how far it may be off.

    Args:
        values: `(draws,)` float, NaN where undefined.
        value: the figure.

    Example:
        >>> recentred(np.array([0.5, 0.7]), 0.5).round(2).tolist()
        [0.4, 0.6]
    """
    defined = values[~np.isnan(values)]
    return np.clip(values - (defined.mean() - value), 0, 1) if len(defined) else values


def widened(value: float, ends: tuple[float, float], n_groups: int) -> tuple[float, float]:
    """An interval of a share that no draw can widen, since all groups are right or all wrong.

    Args:
        value: the figure.
        ends: its interval of the draws.
        n_groups: how many groups were drawn from.

    Returns:
        Of a figure that is exactly 0 or 1 the Wilson interval with a trial a group, else the
        interval as it is.

    Example:
        >>> low, high = widened(1.0, (1.0, 1.0), 12)
        >>> round(low, 2), round(high, 2)
        (0.76, 1.0)
    """
    if value not in (0.0, 1.0) or np.isnan(ends).any():
        return ends
    low, high = wilson(np.array([value * n_groups]), np.array([n_groups]))
    return float(low[0]), float(high[0])


def wilson(right: np.ndarray, trials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % Wilson interval of shares (Wilson 1927; Brown, Cai and DasGupta 2001, section 3).

    Args:
        right: `(n,)` float, successes, which may be broken numbers.
        trials: `(n,)`, trials.

    Returns:
        `(n,)` float64 low and high, in [0, 1]; NaN without a trial.

    Example:
        >>> [ends.round(2).tolist() for ends in wilson(np.array([3.0]), np.array([3]))]
        [[0.44], [1.0]]
    """
    trials = np.asarray(trials, np.float64)
    some = np.where(trials > 0, trials, 1.0)
    low, high = proportion_confint(np.clip(right, 0, some), some, alpha=1 - LEVEL, method="wilson")
    return np.where(trials > 0, low, np.nan), np.where(trials > 0, high, np.nan)


def counted_by_group(
    groups: np.ndarray, classes: np.ndarray, shape: tuple[int, int]
) -> sparse.csr_array:
    """How many rows of each group have each class, `(groups, classes)` float64, sparse.

    Args:
        groups: `(n,)` int, from 0.
        classes: `(n,)` int, from 0.
        shape: numbers of groups and classes.
    """
    return sparse.coo_array((np.ones(len(groups)), (groups, classes)), shape).tocsr()
