"""copairs' mean average precision, called as its documentation says, quietly and repeatably."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterator

import numpy as np
import pandas as pd
from copairs import map as copairs_map
from copairs.map.multilabel import average_precision as multilabel_precision
from copairs.matching import assign_reference_index
from statsmodels.stats.multitest import multipletests

CONTROL = "negcon"
FIGURES = ("map", "normalized_map", "p", "q", "p_copairs")
OF_COPAIRS = ["map", "normalized_map", "p_copairs"]
_REFERENCE, _GROUP = "Metadata_reference_index", "group"
_THEIRS = ["mean_average_precision", "mean_normalized_average_precision", "p_value"]
_LEVEL = 0.05


def scores_among_controls(
    groups: np.ndarray, values: np.ndarray, draws: int, seed: int
) -> pd.DataFrame:
    """How well members of each group find each other among controls (phenotypic activity).

    Args:
        groups: `(n,)` texts, "negcon" for controls, each of which is a group of its own.
        values: `(n, features)` float, none NaN, no row all zeros.
        draws: size of the null distribution.
        seed: of it.

    Returns:
        `map, normalized_map, p_copairs` by group; only groups of two or more are in it.
    """
    meta = pd.DataFrame({_GROUP: groups})
    controls = meta.index[meta[_GROUP] == CONTROL]
    meta = assign_reference_index(meta, controls, reference_col=_REFERENCE)
    same = [_GROUP, _REFERENCE]
    with _quiet():
        found = copairs_map.average_precision(meta, values, same, [], [], same, progress_bar=False)
    return _mean(found[found[_GROUP] != CONTROL], draws, seed)


def scores_among_others(
    labels: pd.Series, values: np.ndarray, draws: int, seed: int
) -> pd.DataFrame:
    """How well members of each label find each other among those of other labels (consistency).

    Args:
        labels: a list of texts for each row; each row needs another that shares none of them.
        values: as `scores_among_controls`.
        draws: as there.
        seed: as there.

    Returns:
        As `scores_among_controls`, by label.
    """
    pairs: list[list[str]] = [[_GROUP], [], [], [_GROUP]]  # alike by group, unlike by group
    meta = pd.DataFrame({_GROUP: labels.to_numpy()})
    with _quiet():
        if labels.map(len).max() == 1:
            meta[_GROUP] = labels.str[0].to_numpy()
            found = copairs_map.average_precision(meta, values, *pairs, progress_bar=False)
        else:
            found = multilabel_precision(meta, values, *pairs, _GROUP, progress_bar=False)
    return _mean(found, draws, seed)


def with_q(table: pd.DataFrame) -> pd.DataFrame:
    """Fills `q` from `p`: Benjamini-Hochberg over all rows that have one."""
    known = table["p"].notna()
    if known.any():
        q = multipletests(table.loc[known, "p"].to_numpy(float), method="fdr_bh")[1]
        table.loc[known, "q"] = q
    return table


def _mean(precision: pd.DataFrame, draws: int, seed: int) -> pd.DataFrame:
    # copairs keeps null distributions in the home folder, and what lies there changes its p.
    with tempfile.TemporaryDirectory() as cache, _quiet():
        found = copairs_map.mean_average_precision(
            precision, [_GROUP], draws, _LEVEL, seed, progress_bar=False, cache_dir=cache
        )
    return found.set_index(_GROUP)[_THEIRS].astype(float).set_axis(OF_COPAIRS, axis=1)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps copairs' steps out of our log."""
    logger = logging.getLogger("copairs")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
