"""Intervals of a mean by drawing whole groups: bags of one compound are not independent."""

from __future__ import annotations

import numpy as np
import pandas as pd

_LEVELS = (0.025, 0.975)


def mean_interval(
    values: pd.Series, groups: pd.Series, draws: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    """The mean over rows and its bootstrap 95 % interval over groups.

    Args:
        values: a row a bag; NaN is left out.
        groups: of each row, such as its compound.
        draws: how often groups are drawn with replacement.
        rng: of the draws.

    Returns:
        Mean, low, high. NaN where undefined: the mean without rows, the interval with fewer than
        two groups.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> mean_interval(pd.Series([1.0, 1.0]), pd.Series(["a", "b"]), 100, rng)
        (1.0, 1.0, 1.0)
    """
    known = values.notna()
    by_group = values[known].groupby(groups[known])
    sums, counts = by_group.sum().to_numpy(float), by_group.size().to_numpy(float)
    if not len(sums):
        return np.nan, np.nan, np.nan
    mean = float(sums.sum() / counts.sum())
    if len(sums) < 2:
        return mean, np.nan, np.nan
    drawn = rng.integers(len(sums), size=(draws, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, _LEVELS)
    return mean, float(low), float(high)
