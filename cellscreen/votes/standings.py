"""Where a model stands beside chance and the baselines, by intervals and never by values alone.

One stands above another where the interval of their difference lies above 0 (`differences`). Where
that was not drawn, its interval must lie wholly above the other's. This is stricter: what is then
called "not told apart" may still differ. Intervals over fewer than `MIN_GROUPS` groups are too
narrow to carry a claim and count as undefined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.votes.answers import check_columns

ABOVE, BELOW, ALIKE, UNDEFINED = "above", "below", "not told apart", "undefined"
MIXED = "depends on the figure"
CHANCE, POSITION = "chance", "well_position"
BASELINES = ("majority_class", POSITION, "cell_count", "intensity")
METRICS = ("accuracy", "macro_f1")
LEVEL, RULE = "image", "majority"
MIN_GROUPS = 10
COLUMNS = ("split", "model", "level", "rule", "metric", "value", "low", "high")
_KEY = ["split", "model", "metric"]
Apart = dict[tuple[str, ...], tuple[float, float]]


def standings(
    table: pd.DataFrame,
    differences: pd.DataFrame | None = None,
    *,
    level: str = LEVEL,
    rule: str = RULE,
    metrics: Sequence[str] = METRICS,
    baselines: Sequence[str] = BASELINES,
) -> pd.DataFrame:
    """Every model of every split beside chance, and every net beside the baselines.

    Args:
        table: tidy, `COLUMNS`, with `chance` and `n_groups` as `ranks.rank_table` makes them (a
            figure without `chance` has an undefined standing beside it; without `n_groups` the
            number of groups is not looked at). One row a split, model, level, rule and metric.
        differences: `split` and the columns of `differences.difference_table`, of the same level
            and rule; a pair that is not there stands by its two intervals.
        level: whose rows are compared.
        rule: of voting, whose rows are compared.
        metrics: that are compared; of the table.
        baselines: models that the others are compared with, in this order; those that are not in
            a split are left out there.

    Returns:
        A row a split, model, metric and `against` ("chance" or a baseline): the model's `value,
        low, high, n_groups`, the other's `other, other_low, other_high`, and `standing`: "above",
        "below", "not told apart" or "undefined". Baselines are compared with chance only.

    Raises:
        DataError: a column is missing, no row is of the level, rule and metrics, or a split, model
            and metric has several.

    Example:
        >>> standings(honesty, level="well", rule="mean")  # doctest: +SKIP
    """
    check_columns(table, COLUMNS)
    rows = chosen_rows(table, level, rule, metrics)
    apart = _apart(differences)
    made = [
        (split, model, metric, *compared)
        for (split, model, metric), row in rows.groupby(_KEY, sort=False)
        for compared in _beside(row.iloc[0], rows, () if model in baselines else baselines, apart)
    ]
    other = ["against", "other", "other_low", "other_high", "standing"]
    return pd.DataFrame(made, columns=[*_KEY, "value", "low", "high", "n_groups", *other])


def chosen_rows(table: pd.DataFrame, level: str, rule: str, metrics: Sequence[str]) -> pd.DataFrame:
    """The rows of one level and rule, with `chance` and `n_groups`, NaN where not given.

    A model without such a row under a split that it has others of gets one that is undefined.

    Raises:
        DataError: there are none, or a split, model and metric has several.
    """
    there = (table["level"] == level) & (table["rule"] == rule)
    rows = table[there & table["metric"].isin(list(metrics))]
    if not len(rows):
        raise DataError(
            f"Expected rows of level {level}, rule {rule} and metrics {', '.join(metrics)}; got "
            f"levels {_listed(table['level'])}, rules {_listed(table['rule'])} and metrics "
            f"{_listed(table['metric'])}.",
            fix="Name a level, a rule and metrics of the table.",
        )
    twice = rows.duplicated(_KEY)
    if twice.any():
        split, model, metric = rows.loc[twice, _KEY].iloc[0]
        raise DataError(
            f"Expected one {metric} of {model} under the {split} split at level {level} by rule "
            f"{rule}; got several ({twice.sum()} rows too many in all).",
            fix="Give the figures of all folds pooled, and none of single folds.",
        )
    lacking = {name: np.nan for name in (CHANCE, "n_groups") if name not in rows}
    models = table[["split", "model"]].drop_duplicates()
    keys = models.merge(pd.DataFrame({"metric": list(metrics)}), how="cross")
    return keys.merge(rows.assign(**lacking), on=_KEY, how="left").assign(level=level, rule=rule)


def standing(low: float, high: float, other_low: float, other_high: float) -> str:
    """Where an interval stands beside another one, or beside a number given twice.

    Example:
        >>> standing(0.3, 0.4, 0.1, 0.2), standing(0.1, 0.3, 0.2, 0.2)
        ('above', 'not told apart')
    """
    if np.isnan([low, high, other_low, other_high]).any():
        return UNDEFINED
    return ABOVE if low > other_high else BELOW if high < other_low else ALIKE


def together(standings_of: Sequence[str]) -> str:
    """One standing of several figures: that of all that are defined, if they agree.

    Example:
        >>> together(["above", "undefined"]), together(["above", "not told apart"])
        ('above', 'depends on the figure')
    """
    defined = {one for one in standings_of if one != UNDEFINED}
    return UNDEFINED if not defined else defined.pop() if len(defined) == 1 else MIXED


def _apart(differences: pd.DataFrame | None) -> Apart:
    """The interval of each difference by split, model, metric and what it is from."""
    if differences is None or differences.empty:
        return {}
    rows = differences[[*_KEY, "against", "low", "high", "n_groups"]].to_numpy(object)
    return {tuple(key): _carried(low, high, n) for *key, low, high, n in rows}


def _beside(
    row: pd.Series, rows: pd.DataFrame, baselines: Sequence[str], apart: Apart
) -> Iterator[tuple]:
    own = (row["value"], row["low"], row["high"], row["n_groups"])
    key = tuple(row[_KEY])

    def where(against: str, low: float, high: float) -> str:
        if (*key, against) in apart:
            return standing(*apart[*key, against], 0.0, 0.0)
        return standing(*_carried(row["low"], row["high"], row["n_groups"]), low, high)

    chance = row[CHANCE]
    yield *own, CHANCE, chance, np.nan, np.nan, where(CHANCE, chance, chance)
    same = rows[(rows["split"] == row["split"]) & (rows["metric"] == row["metric"])]
    for name in baselines:
        for _, other in same[same["model"] == name].iterrows():
            ends = _carried(other["low"], other["high"], other["n_groups"])
            theirs = (other["value"], other["low"], other["high"])
            yield *own, name, *theirs, where(name, *ends)


def _carried(low: float, high: float, n_groups: float) -> tuple[float, float]:
    """An interval, undefined where too few groups made it."""
    return (np.nan, np.nan) if n_groups < MIN_GROUPS else (low, high)


def _listed(values: pd.Series) -> str:
    return ", ".join(map(str, dict.fromkeys(values))) or "none"
