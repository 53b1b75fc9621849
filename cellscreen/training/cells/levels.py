"""Answers of cells, by vote, as answers of images, wells and compounds (paper 002, part 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from cellscreen.judging.levels import COMPOUND, WELL, has_text
from cellscreen.votes.answers import called_cells
from cellscreen.votes.rules import RULES, vote

CELL, IMAGE, WELL_LEVEL, COMPOUND_LEVEL = "cell", "image", "well", "compound"
LEVELS = (CELL, IMAGE, WELL_LEVEL, COMPOUND_LEVEL)
NO_RULE = "none"
MAPS = ("Metadata_plate_map", "Metadata_Plate_Map_Name")  # what may name the map of a plate


class Voted(NamedTuple):
    """The answers at one level by one rule.

    Attributes:
        level: of `LEVELS`.
        rule: of `votes.rules.RULES`, or `none` for cells.
        table: a row a unit: `unit, n_cells, label, p_<class>…, called`.
        groups: what is resampled, on its index: the unit's position, or its compound.
        folds: the fold that held the unit out, on its index.
    """

    level: str
    rule: str
    table: pd.DataFrame
    groups: pd.Series
    folds: pd.Series


def with_places(answers: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Answers of cells with their `image`, `well`, `position` and, where known, `compound`.

    A position is a well and the same well of all plates of its map, which share more than the
    compound: intervals draw it as a whole. Without a column for the map, plates count as of one.

    Args:
        answers: `key, fold, label, p_<class>…`, a row a cell.
        manifest: of the cells.

    Returns:
        The answers' columns and the four; a compound that is not known is "".
    """
    known = manifest.set_index("key").loc[answers["key"]]
    wells = _joined([known[name] for name in WELL if name in known]).str.rstrip("/")
    maps = [known[name] for name in MAPS if name in known][:1]
    positions = _joined([*maps, known["Metadata_Well"]])
    compounds = known[COMPOUND].astype(str) if COMPOUND in known else wells.map(lambda _: "")
    compounds = compounds.where(has_text(compounds), "")
    return answers.assign(
        image=known["image"].to_numpy(),
        well=wells.to_numpy(),
        position=positions.to_numpy(),
        compound=compounds.to_numpy(),
    )


def voted_levels(
    answers: pd.DataFrame,
    classes: Sequence[str],
    levels: Sequence[str] = LEVELS,
    rules: Sequence[str] = RULES,
) -> Iterator[Voted]:
    """The answers of cells at every level, by every rule.

    Cells that different nets answered do not vote together, so a well or compound is a unit once
    a fold; cells without a compound have no part in compounds.

    Args:
        answers: of `with_places`, none NaN.
        classes: class names.
        levels: which ones, of `LEVELS`.
        rules: which ones, of `votes.rules.RULES`.

    Raises:
        DataError: an answer is undefined.

    Example:
        >>> [one.level for one in voted_levels(answers, classes)][:2]  # doctest: +SKIP
        ['cell', 'image']
    """
    for level in levels:
        if level == CELL:
            table = called_cells(answers, classes)
            yield Voted(CELL, NO_RULE, table, answers["position"], answers["fold"])
            continue
        cells = answers if level != COMPOUND_LEVEL else answers[answers["compound"] != ""]
        if cells.empty:
            continue
        units = _units(cells, level)
        first = cells.groupby(units.to_numpy(), sort=False).first()
        group = "compound" if level == COMPOUND_LEVEL else "position"
        for rule in rules:
            table = vote(cells, units, classes, rule)
            of_unit = first.loc[table["unit"]].set_axis(table.index)
            yield Voted(level, rule, table, of_unit[group], of_unit["fold"])


def _units(cells: pd.DataFrame, level: str) -> pd.Series:
    """What each cell votes for: a level's unit within a fold and, of compounds, a label."""
    if level == IMAGE:
        return cells["image"]
    return _joined([cells["fold"], cells[level], *([cells["label"]] * (level == COMPOUND_LEVEL))])


def _joined(columns: Sequence[pd.Series]) -> pd.Series:
    """Columns as one text a row, by slashes."""
    whole = columns[0].astype(str)
    for column in columns[1:]:
        whole = whole + "/" + column.astype(str)
    return whole
