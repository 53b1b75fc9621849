"""Do nets attend to the cells that a simulated compound really changed? AUC and enrichment."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from cellscreen.explain.group_bootstrap import mean_interval

TOP_SHARE = 0.1
SUBSETS = {"all": "all bags", "right": "bags called right", "wrong": "bags called wrong"}
_COLUMNS = ["row", "key", "group", "label", "measure", "cells", "affected", "auc"]
_COLUMNS += ["top_share", "share", "enrichment"]
_FIGURES = {
    "auc": ("auc", "low", "high"),
    "enrichment": ("enrichment", "enrichment_low", "enrichment_high"),
}


def enrichment_table(
    cells: pd.DataFrame, measures: tuple[str, ...] = ("attention", "rollout")
) -> pd.DataFrame:
    """How well attention tells affected from unaffected cells, inside each bag.

    Only bags with both kinds of cells say anything.

    Args:
        cells: of `join_truth`.
        measures: columns of `cells` to be asked.

    Returns:
        A row a bag and measure: `row, key, group, label, measure, cells, affected` (how many),
        `auc` (0.5 by chance), `top_share` (share of affected cells among the tenth most attended),
        `share` (among all), `enrichment` (their ratio, 1 by chance).
    """
    rows = []
    for row, bag in cells.groupby("row"):
        affected = bag["affected"].to_numpy(bool)
        if not 0 < affected.sum() < len(affected):
            continue
        known = {name: bag[name].iloc[0] for name in ("key", "group", "label")}
        for measure in measures:
            values = bag[measure].to_numpy(float)
            rows.append({"row": row, **known, "measure": measure, **enriched(values, affected)})
    return pd.DataFrame(rows, columns=_COLUMNS)


def enriched(values: np.ndarray, affected: np.ndarray) -> dict[str, float]:
    """AUC and enrichment of one bag; cells of unknown attention are left out.

    Args:
        values: attention, `(cells,)`.
        affected: `(cells,)` bool.

    Example:
        >>> enriched(np.array([3.0, 2, 1, 0]), np.array([True, False, False, False]))["auc"]
        1.0
    """
    known = ~np.isnan(values)
    values, affected = values[known], affected[known]
    yes, no = int(affected.sum()), int((~affected).sum())
    found = {"cells": len(values), "affected": yes}
    if not yes or not no:
        return found | dict.fromkeys(("auc", "top_share", "share", "enrichment"), np.nan)
    ranks = stats.rankdata(values)
    auc = (ranks[affected].sum() - yes * (yes + 1) / 2) / (yes * no)
    top = np.argsort(-values, kind="stable")[: int(np.ceil(TOP_SHARE * len(values)))]
    share, top_share = affected.mean(), affected[top].mean()
    return found | {
        "auc": float(auc),
        "top_share": float(top_share),
        "share": float(share),
        "enrichment": float(top_share / share),
    }


def enrichment_summary(
    table: pd.DataFrame, right: pd.Series | None = None, draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Means over bags with bootstrap 95 % intervals over groups.

    Args:
        table: of `enrichment_table`.
        right: by bag (`row`), whether its net called it right, as far as that is known.
        draws: of the bootstrap.
        seed: of the draws.

    Returns:
        A row a measure and subset of bags: `measure, bags_of, bags, groups, auc, low, high,
        enrichment, enrichment_low, enrichment_high`.
    """
    rows = []
    for measure, part in table.groupby("measure", sort=False):
        for name, bags in _subsets(part, right).items():
            row = {"measure": measure, "bags_of": SUBSETS[name], "bags": len(bags)}
            row["groups"] = bags["group"].nunique()
            for figure, names in _FIGURES.items():
                rng = np.random.default_rng(seed)
                found = mean_interval(bags[figure], bags["group"], draws, rng)
                row |= dict(zip(names, found, strict=True))
            rows.append(row)
    return pd.DataFrame(rows)


def _subsets(bags: pd.DataFrame, right: pd.Series | None) -> dict[str, pd.DataFrame]:
    """All bags, and those called right and wrong, where any of their kind is known."""
    if right is None:
        return {"all": bags}
    called = bags["row"].map(right)
    known = {"right": bags[called.eq(True)], "wrong": bags[called.eq(False)]}
    return {"all": bags} | {name: part for name, part in known.items() if len(part)}
