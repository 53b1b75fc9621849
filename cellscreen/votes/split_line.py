"""What one split lets a reader conclude of one model."""

from __future__ import annotations

import pandas as pd

from cellscreen.votes.standings import (
    ABOVE,
    ALIKE,
    BELOW,
    CHANCE,
    MIN_GROUPS,
    MIXED,
    UNDEFINED,
    together,
)
from cellscreen.votes.words import joined, metric_name, model_name

SITE, LAYOUT = "site", "layout"
_LEAKY = "Leaky: other fields of the same wells were trained on, so nothing follows for new wells."


def split_line(rows: pd.DataFrame, position: pd.DataFrame) -> str:
    """One line on a model under one split.

    Args:
        rows: of `standings.standings`, of one model and split.
        position: the rows of the position baseline under the same split; may be empty.

    Example:
        >>> split_line(rows, rows[:0])  # doctest: +SKIP
        'Above chance, but not told apart from well position. …'
    """
    chance = beside(rows, CHANCE)
    if chance == UNDEFINED:
        return f"Undefined: {_why(rows)}."
    parts = [_beside_chance(rows, chance)]
    if above_chance(rows):
        parts += [_beside_baselines(rows)]
    return " ".join(filter(None, [*parts, _of_the_split(rows, position)]))


def beside(rows: pd.DataFrame, against: str) -> str:
    """Where a model stands beside chance or a baseline, all figures taken together."""
    return together(rows.loc[rows["against"] == against, "standing"].tolist())


def above_chance(rows: pd.DataFrame) -> list[str]:
    """The figures by which a model is above chance."""
    there = (rows["against"] == CHANCE) & (rows["standing"] == ABOVE)
    return rows.loc[there, "metric"].tolist()


def baselines_by_standing(rows: pd.DataFrame) -> dict[str, list[str]]:
    """The names of the baselines by where a model stands beside them."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(rows["against"]):
        if name != CHANCE:
            found.setdefault(beside(rows, name), []).append(model_name(name))
    return found


def _beside_chance(rows: pd.DataFrame, chance: str) -> str:
    by_chance = rows[rows["against"] == CHANCE]
    above = above_chance(rows)
    if chance == ABOVE:
        return f"Above chance{_only(by_chance)}."
    if above:
        others = by_chance.loc[by_chance["standing"].isin([ALIKE, BELOW]), "metric"]
        names = joined([metric_name(name) for name in above])
        return f"Above chance by {names}, not by {joined([metric_name(n) for n in others], 'or')}."
    if chance == BELOW:
        return f"Below chance{_only(by_chance)}: a guess without looking does better."
    reach = joined(
        [
            f"{metric_name(metric)} up to {high:.3f}"
            for metric, high in zip(by_chance["metric"], by_chance["high"], strict=True)
            if high == high
        ]
    )
    start = "Cannot be told from chance" if chance == ALIKE else "Not above chance by any figure"
    return f"{start}; the intervals leave room for {reach}."


def _only(by_chance: pd.DataFrame) -> str:
    """Which figures a standing rests on, where others are undefined."""
    defined = by_chance["standing"] != UNDEFINED
    if defined.all():
        return ""
    return f" by {joined([metric_name(name) for name in by_chance.loc[defined, 'metric']])}"


def _beside_baselines(rows: pd.DataFrame) -> str:
    found = baselines_by_standing(rows)
    parts = []
    if ABOVE in found:
        parts.append(f"Above {joined(found[ABOVE])}.")
    if ALIKE in found:
        parts.append(f"Not told apart from {joined(found[ALIKE])}.")
    if BELOW in found:
        parts.append(f"Below {joined(found[BELOW])}.")
    if MIXED in found:
        parts += _by_figure(rows)
    if UNDEFINED in found:
        parts.append(f"Beside {joined(found[UNDEFINED])} undefined: not ruled out.")
    return " ".join(parts) or "No baseline to compare with."


def _by_figure(rows: pd.DataFrame) -> list[str]:
    """A sentence for each way in which figures disagree on where baselines stand."""
    found: dict[str, list[str]] = {}
    for name, part in rows[rows["against"] != CHANCE].groupby("against", sort=False):
        if together(part["standing"].tolist()) == MIXED:
            said = [
                f"{metric_name(metric)} {where}"
                for metric, where in zip(part["metric"], part["standing"], strict=True)
            ]
            found.setdefault(", ".join(said), []).append(model_name(str(name)))
    return [f"Beside {joined(names)}: {said}." for said, names in found.items()]


def _of_the_split(rows: pd.DataFrame, position: pd.DataFrame) -> str:
    split = str(rows["split"].iloc[0])
    if split == SITE:
        return _LEAKY
    if split == LAYOUT:
        return "Compounds lie in other wells than in training, so position cannot help."
    if not above_chance(rows):
        return ""
    alone = beside(position, CHANCE)
    if above_chance(position):
        return "Position alone predicts the label here, so this may be read from the place."
    if alone == UNDEFINED:
        return "What position alone predicts is undefined: it is not ruled out."
    return "Position alone cannot be told from chance here."


def _why(rows: pd.DataFrame) -> str:
    by_chance = rows[rows["against"] == CHANCE]
    names = joined([metric_name(name) for name in by_chance["metric"]])
    groups = by_chance["n_groups"].min()
    if by_chance["value"].isna().all():
        return f"no {names.replace(' and ', ' or ')}"
    if groups < MIN_GROUPS:
        return f"intervals over {groups:.0f} groups carry no claim ({MIN_GROUPS} are needed)"
    if by_chance["low"].isna().all():
        return "no interval"
    return "what chance gives is not known"
