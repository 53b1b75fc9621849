"""A study's figures in words: what held, and where MID loses."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from cellscreen.comparators.levels import COMPOUND, TREATMENT
from cellscreen.comparators.study_tables import MID_NAME, StudyTables
from cellscreen.comparators.verdict import ABOVE, ALIKE, BELOW, METRIC, standing

SHOWN = {
    MID_NAME: "MID (transformer)",
    "bag_mean": "mean of crops",
    "bag_gated": "gated attention",
    "bag_vote": "single crops, vote",
    "lightgbm_features": "LightGBM on features",
    "crop_net": "crop net, mean embedding",
    "mean_intensities": "mean intensities",
    "cell_count": "cell count",
    "well_position": "well position",
}
_LEVELS = {COMPOUND: "by compound", TREATMENT: "by compound and dose"}
SIMULATED = (
    "All of it is simulated: drawn cells, drawn compounds. It says how methods behave where the "
    "truth is known, and nothing about real cells, compounds or plates."
)


def fraction_text(share: float) -> str:
    """An affected fraction as a heading.

    Example:
        >>> fraction_text(0.05), fraction_text(0.0)
        ('5 %', 'no effect')
    """
    return f"{100 * share:g} %" if share else "no effect"


def main_figures(tables: StudyTables, metric: str = METRIC, level: str = COMPOUND) -> pd.DataFrame:
    """The rows of one figure at one level."""
    if not len(tables.figures):
        return tables.figures
    rows = tables.figures
    return rows[(rows["level"] == level) & (rows["metric"] == metric)]


def findings(tables: StudyTables) -> list[str]:
    """A sentence an affected fraction on MID itself, and one on what it loses to.

    Example:
        >>> findings(tables)[0]  # doctest: +SKIP
        'At 60 % MID reaches an AUROC of 0.993 (95 % 0.975 to 1.000), above chance.'
    """
    return [line for share in tables.config.shares for line in _at(tables, share)]


def loses(tables: StudyTables) -> list[str]:
    """Every method that MID is below, or not told apart from, by fraction; never empty."""
    found = []
    compared = False
    for share in filter(None, tables.config.shares):
        for level, words in _LEVELS.items():
            rows = main_figures(tables, level=level)
            if not len(rows):
                continue
            rows = rows[(rows["fraction"] == share) & (rows["model"] != MID_NAME)]
            compared |= len(rows) > 0
            found += list(_behind(rows, f"At {fraction_text(share)}, {words},"))
    if not compared:
        return ["Nothing that MID could be compared with is finished."]
    return found or ["MID is above every method at every fraction that is finished."]


def _behind(rows: pd.DataFrame, where: str) -> Iterator[str]:
    for place, words in ((BELOW, "MID loses to"), (ALIKE, "MID cannot be told apart from")):
        if names := [_with_difference(row) for row in _in(rows, place)]:
            yield f"{where} {words} {'; '.join(names)}."


def _at(tables: StudyTables, share: float) -> Iterator[str]:
    rows = main_figures(tables)
    if len(rows):
        rows = rows[(rows["fraction"] == share) & (rows["model"] == MID_NAME)]
    where = f"At {fraction_text(share)}" if share else "Without any effect"
    if not len(rows):
        yield f"{where} MID is not finished."
        return
    row = rows.iloc[0]
    chance = standing(row["low"] - 0.5, row["high"] - 0.5)
    said = {
        ABOVE: "above chance",
        BELOW: "below chance",
        ALIKE: "which chance gives as well",
    }.get(chance, "undefined")
    warning = ""
    if not share and chance in (ABOVE, BELOW):
        warning = " It must not be: something other than the effect tells the labels."
    repeats = f", mean of {row['repeats']} seeds" if row["repeats"] > 1 else ""
    yield (
        f"{where} MID reaches an AUROC of {row['value']:.3f} (95 % {row['low']:.3f} to "
        f"{row['high']:.3f}{repeats}), {said}.{warning}"
    )


def _in(rows: pd.DataFrame, where: str) -> list[pd.Series]:
    each = [row for _, row in rows.iterrows()]
    return [r for r in each if standing(r["difference_low"], r["difference_high"]) == where]


def _with_difference(row: pd.Series) -> str:
    return (
        f"{SHOWN.get(row['model'], row['model'])} ({row['value']:.3f}; MID minus it "
        f"{row['difference']:+.3f}, {row['difference_low']:+.3f} to {row['difference_high']:+.3f})"
    )
