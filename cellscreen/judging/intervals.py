"""How far figures may be off by the groups that happened to be there: bootstrap over groups.

Images of one well or dish resemble each other, so whole groups are drawn, with replacement
(percentile intervals of the cluster bootstrap: Davison and Hinkley 1997, section 3.8).
"""

from __future__ import annotations

import numpy as np

from cellscreen.judging.resampled import Resampled
from cellscreen.votes.draws import DRAWS, group_counts, interval

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
