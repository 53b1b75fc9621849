"""How far figures may be off by the groups that happened to be there: bootstrap over groups.

Images of one well or dish resemble each other, so whole groups are drawn, with replacement
(percentile intervals of the cluster bootstrap: Davison and Hinkley 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cellscreen.training.resampled import Resampled

DRAWS = 500
LEVEL = 0.95
_AT_ONCE = 2**22  # weights of images held at a time: 32 MiB


def bootstrap_intervals(
    labels: np.ndarray,
    probabilities: np.ndarray,
    groups: np.ndarray,
    classes: tuple[str, ...],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Intervals of every figure over resampled groups.

    Args:
        labels: `(n,)` int, class numbers.
        probabilities: `(n, classes)` float, rows sum to 1.
        groups: `(n,)`, the group of each image; whole groups are drawn.
        classes: class names.
        draws: resamples.
        seed: of the draws; the same for all models that are compared.

    Returns:
        Low and high of the 95 % percentile interval of each figure. Draws in which a figure is
        undefined do not count; the interval is undefined (NaN) if more than half of them are,
        if there is one group only, or if a probability is NaN: then the dict is empty.

    Example:
        >>> found = bootstrap_intervals(
        ...     np.array([0, 1] * 20), np.eye(2)[[0, 1] * 20], np.arange(40), ("a", "b")
        ... )
        >>> found["accuracy"]
        (1.0, 1.0)
    """
    names, numbers = np.unique(groups, return_inverse=True)
    if len(names) < 2 or np.isnan(probabilities).any():
        return {}
    rows = Resampled(labels, probabilities, numbers, classes)
    size = max(_AT_ONCE // len(labels), 1)
    parts = [rows.figures(counts) for counts in group_counts(len(names), draws, seed, size)]
    return {name: interval(np.concatenate([part[name] for part in parts])) for name in parts[0]}


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
        return float("nan"), float("nan")
    low, high = np.quantile(defined, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return float(low), float(high)
