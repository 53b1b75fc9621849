"""Scores of bags averaged: to wells, to compound and concentration, to compounds.

MID groups by compound and concentration; a label belongs to the compound. Averages stay within a
fold, as each net scores what it did not see.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

COMPOUND, DOSE = "Metadata_pert_iname", "Metadata_concentration_um"
WELL = ("Metadata_Plate", "Metadata_Well", "Metadata_Plane", "Metadata_Timepoint")
LEVELS = ("field", "well", "compound_dose", "compound")


def levels_of(frame: pd.DataFrame, unit: str) -> list[str]:
    """The levels that there are above the bags, the bags' own first.

    Args:
        frame: of bags, with metadata.
        unit: `field` or `well`.

    Example:
        >>> levels_of(pd.DataFrame({"Metadata_pert_iname": ["", ""]}), "well")
        ['well']
    """
    named = COMPOUND in frame and has_text(frame[COMPOUND]).any()
    dosed = named and DOSE in frame and pd.to_numeric(frame[DOSE], errors="coerce").notna().any()
    there = {"field": True, "well": True, "compound_dose": dosed, "compound": named}
    return [level for level in LEVELS[LEVELS.index(unit) :] if there[level]]


def averaged(frame: pd.DataFrame, level: str, answers: Sequence[str]) -> pd.DataFrame:
    """A row a well, compound and concentration, or compound, of each fold and label.

    Args:
        frame: a row a bag: `fold, group, label…`, metadata and answers.
        level: of `LEVELS`; `field` is as it is.
        answers: columns that are averaged; NaN where any row's is.

    Returns:
        `fold, group, label…`, the level's metadata, the answers and `n_bags`. Rows without a
        compound are left out of compounds.

    Example:
        >>> averaged(predictions, "compound", ["p_nontoxic", "p_toxic"])  # doctest: +SKIP
    """
    if level == "field":
        return frame.assign(n_bags=1)
    if level != "well":
        frame = frame[has_text(frame[COMPOUND])]
    of_level = {"well": WELL, "compound_dose": (COMPOUND, DOSE), "compound": (COMPOUND,)}[level]
    labels = [str(name) for name in frame if str(name).startswith("label") or name == "value"]
    if level == "compound":
        labels = [name for name in labels if name != "value"]
    by = ["fold", "group", *labels, *(name for name in of_level if name in frame)]
    grouped = frame.groupby(by, dropna=False, sort=False)
    means = grouped[list(answers)].agg(whole_mean)
    return means.assign(n_bags=grouped.size()).reset_index()


def whole_mean(values: pd.Series) -> float:
    """The mean, NaN where any value is."""
    return float(values.mean(skipna=False))


def has_text(column: pd.Series) -> pd.Series:
    """Which cells say something."""
    text = column.astype("string").fillna("").astype(str)
    return (text != "") & (text != "nan")
