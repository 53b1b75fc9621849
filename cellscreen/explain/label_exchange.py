"""Whether a group's mean average precision is more than exchanged labels would give.

copairs draws the average precision of each replicate on its own. Those of one compound are not
independent (two replicates rank each other by one and the same similarity), and its 0.5 counts only
random rankings that are strictly better, so that a perfect one out of few possible rankings looks
rarer than it is. Here labels are exchanged between the group and those it is ranked against, and
equal values count.
"""

from __future__ import annotations

import numpy as np

from cellscreen.explain.neighbours import cosines

DRAWS = 10_000
_ROUNDING = 1e-9


def exchange_p(
    values: np.ndarray,
    members: np.ndarray,
    strata: np.ndarray | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """Mean average precision of a group among others, by cosine, and its p-value.

    Each member ranks all others; its positives are the other members. The observed labels count
    as one of the draws, so that p is never 0 (Phipson and Smyth, Stat Appl Genet Mol Biol 2010).

    Args:
        values: profiles of the group and of those it is ranked against, `(n, features)`.
        members: `(n,)` bool, the group.
        strata: `(n,)`, labels are exchanged inside each (a plate); None for one stratum.
        draws: exchanges that are drawn.
        seed: of the draws.

    Returns:
        mAP and p; NaN and NaN with fewer than two members or none beside them, or where a
        profile is undefined or all zeros.

    Example:
        >>> values = np.array([[1.0, 0], [1, 0.1], [0, 1], [-1, 1]])
        >>> exchange_p(values, np.array([True, True, False, False]))[0]
        1.0
    """
    count = int(members.sum())
    alike = cosines(np.asarray(values, np.float64))
    if count < 2 or count == len(members) or np.isnan(alike).any():
        return float("nan"), float("nan")
    np.fill_diagonal(alike, -np.inf)
    ranks = np.empty(alike.shape, np.int64)
    order = np.argsort(-alike, axis=1, kind="stable")
    np.put_along_axis(ranks, order, np.arange(1, len(members) + 1)[None], axis=1)
    observed = _mean_precision(ranks, np.flatnonzero(members)[None])[0]
    strata = np.zeros(len(members)) if strata is None else strata
    drawn = _exchanges(members, strata, draws, np.random.default_rng(seed))
    as_good = int((_mean_precision(ranks, drawn) >= observed - _ROUNDING).sum())
    return float(observed), (as_good + 1) / (draws + 1)


def _exchanges(
    members: np.ndarray, strata: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Groups as large as the observed one in each stratum, `(draws, members)` places."""
    parts = []
    for stratum in np.unique(strata):
        at = np.flatnonzero(strata == stratum)
        count = int(members[at].sum())
        if count:
            order = rng.random((draws, len(at))).argsort(axis=1)
            parts.append(at[order[:, :count]])
    return np.concatenate(parts, axis=1)


def _mean_precision(ranks: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """mAP of each group, `(groups,)`; `ranks[i, j]` is the place of j in the list of i, from 1."""
    positives = groups.shape[1] - 1
    places = ranks[groups[:, :, None], groups[:, None, :]]
    # Each member stands last in its own list, so the first places are those of the others.
    places = np.sort(places, axis=2)[:, :, :positives]
    return (np.arange(1, positives + 1) / places).mean(axis=(1, 2))
