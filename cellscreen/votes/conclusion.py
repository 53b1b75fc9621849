"""What all splits together let a reader conclude of one model: the compound, or its place."""

from __future__ import annotations

import pandas as pd

from cellscreen.votes.split_line import (
    LAYOUT,
    SITE,
    above_chance,
    baselines_by_standing,
    beside,
)
from cellscreen.votes.standings import ABOVE, ALIKE, BELOW, CHANCE, MIXED, UNDEFINED
from cellscreen.votes.words import figure_text, joined, metric_name, split_name

_ONE_LAYOUT = "Only a second layout, with the compounds in other wells, can tell the two apart."


def conclusion(rows: pd.DataFrame, position: pd.DataFrame) -> str:
    """One line on a model over all its splits.

    Args:
        rows: of `standings.standings`, of one model.
        position: the rows of the position baseline.

    Example:
        >>> conclusion(rows, position)  # doctest: +SKIP
        'Above chance under site and well, not on another layout: the model learned the position …'
    """
    by_split = {str(split): part for split, part in rows.groupby("split", sort=False)}
    fixed = {split: part for split, part in by_split.items() if split != LAYOUT}
    above = [split for split, part in fixed.items() if above_chance(part)]
    if LAYOUT in by_split:
        return _moved(by_split[LAYOUT], fixed, above)
    return _unmoved(fixed, above, position)


def place_conclusion(position: pd.DataFrame) -> str:
    """One line on what the well position alone tells of the label, over all splits.

    Args:
        position: rows of `standings.standings`, of the position baseline.

    Example:
        >>> place_conclusion(rows)  # doctest: +SKIP
        'Above chance under well and plate (accuracy 1.000 [0.912, 1.000] and …): there the label …'
    """
    by_split = {str(split): part for split, part in position.groupby("split", sort=False)}
    above = [split for split, part in by_split.items() if above_chance(part)]
    if not above:
        named = {split for split, part in by_split.items() if beside(part, CHANCE) != UNDEFINED}
        if not named:
            return "Undefined under every split: whether the place gives the label away is open."
        names = joined([split_name(split) for split in by_split if split in named], "or")
        return f"Not above chance under {names}: the place is not shown to give the label away."
    best = max(above, key=lambda split: _by_chance(by_split[split])["value"].iloc[0])
    names = joined([split_name(split) for split in above])
    line = (
        f"Above chance under {names}, at best {by_metric(by_split[best])} under "
        f"{split_name(best)}: there the label can be told without looking at a cell."
    )
    if LAYOUT in by_split and LAYOUT not in above:
        line += " Not on another layout."
    return line


def _unmoved(fixed: dict[str, pd.DataFrame], above: list[str], position: pd.DataFrame) -> str:
    """Without another layout."""
    if not above:
        return _nothing(fixed)
    if above == [SITE]:
        return (
            "Above chance under the leaky site split alone: nothing here holds for new wells, "
            f"{'which were not asked' if len(fixed) == 1 else 'where it is not above chance'}."
        )
    honest = [split for split in above if split != SITE]
    own = position[position["split"].isin(honest)]
    start = f"Above chance under {joined(above)}"
    if above_chance(own):
        return (
            f"{start}, but position alone predicts the label there too: the figures cannot say "
            f"whether the model learned the compound or its place. {_ONE_LAYOUT}"
        )
    if beside(own, CHANCE) == UNDEFINED:
        return f"{start}; whether position alone would do is undefined. {_ONE_LAYOUT}"
    return (
        f"{start}, where position alone cannot be told from chance: it is not shown that place "
        f"explains it, nor that it does not. {_ONE_LAYOUT}"
    )


def _moved(layout: pd.DataFrame, fixed: dict[str, pd.DataFrame], above: list[str]) -> str:
    """With another layout."""
    there = beside(layout, CHANCE)
    if there == UNDEFINED:
        return "On another layout undefined, so compound and position are not told apart."
    if above_chance(layout):
        return _carries_over(layout, there, _dropped(layout, fixed))
    if not above:
        return _nothing(fixed | {LAYOUT: layout})
    said = "not told from chance" if there == ALIKE else "not above chance"
    start = f"Above chance under {joined(above)}, but on another layout {said}"
    honest = [split for split in above if split != SITE] or above
    lost = _dropped(layout, {split: fixed[split] for split in honest})
    if lost:
        return (
            f"{start} and lower ({lost}): the model learned the position, or what goes with it, "
            "and nothing of the compound that these intervals show."
        )
    figures = by_metric(layout)
    return (
        f"{start}, with intervals that reach what it had before ({figures}): too few wells to say "
        "whether it learned the compound or the position."
    )


def _carries_over(layout: pd.DataFrame, there: str, lost: str) -> str:
    by = "" if there == ABOVE else f" by {joined([metric_name(m) for m in above_chance(layout)])}"
    start = f"Above chance on another layout too{by}, where position cannot help"
    found = baselines_by_standing(layout[layout["metric"].isin(above_chance(layout))])
    if as_good := [name for where in (ALIKE, BELOW, MIXED) for name in found.get(where, [])]:
        names = joined(as_good, "or")
        return f"{start}, but not above {names}: it is not shown to read more than that."
    if not found:
        said = "no baseline stands beside it there, so a simpler reading is not ruled out"
    elif UNDEFINED in found:
        said = f"{joined(found[UNDEFINED])} undefined there, so not ruled out"
    else:
        said = "and above every baseline: the model reads the compound from the cells"
    more = f" Lower there ({lost}): that part was position, or goes with it." if lost else ""
    return f"{start}; {said}.{more}" if said[:3] != "and" else f"{start}, {said}.{more}"


def _dropped(layout: pd.DataFrame, fixed: dict[str, pd.DataFrame]) -> str:
    """The figures whose intervals on another layout lie wholly below those of a split, in words."""
    lower = _by_chance(layout)
    for split, part in fixed.items():
        if split == SITE and len(fixed) > 1:
            continue
        upper = _by_chance(part)
        lost = [
            f"{metric_name(m)} {figure_text(*lower.loc[m])} after {figure_text(*upper.loc[m])}"
            for m in lower.index.intersection(upper.index)
            if lower.loc[m, "high"] < upper.loc[m, "low"] and m in above_chance(part)
        ]
        if lost:
            return f"{joined(lost)} under {split_name(split)}"
    return ""


def by_metric(rows: pd.DataFrame) -> str:
    """The figures of one model and split, in words."""
    own = _by_chance(rows)
    return joined([f"{metric_name(str(m))} {figure_text(*own.loc[m])}" for m in own.index])


def _by_chance(rows: pd.DataFrame) -> pd.DataFrame:
    own = rows[rows["against"] == CHANCE].set_index("metric")
    return own[["value", "low", "high"]]


def _nothing(by_split: dict[str, pd.DataFrame]) -> str:
    undefined = [split for split, part in by_split.items() if beside(part, CHANCE) == UNDEFINED]
    if len(undefined) == len(by_split):
        return "Undefined under every split: nothing follows."
    names = joined([split_name(split) for split in by_split if split not in undefined], "or")
    more = f" ({joined([split_name(s) for s in undefined])} undefined)" if undefined else ""
    return f"Not above chance under {names}{more}: nothing was learned that these intervals show."
