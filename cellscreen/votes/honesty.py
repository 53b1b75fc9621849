"""What a reader may conclude from a model's figures under each split: one line, and one for all.

A line never says more than the intervals carry (`standings`): undefined is said as such, "cannot be
told from chance" is not "is at chance", and where all replicates share a plate map a figure cannot
say whether a net reads the compound or its place. Only another layout separates them.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cellscreen.votes.conclusion import conclusion, place_conclusion
from cellscreen.votes.split_line import beside, split_line
from cellscreen.votes.standings import (
    BASELINES,
    CHANCE,
    LEVEL,
    METRICS,
    POSITION,
    RULE,
    standings,
)

ALL_SPLITS = "all"


def honesty_lines(
    table: pd.DataFrame,
    differences: pd.DataFrame | None = None,
    *,
    level: str = LEVEL,
    rule: str = RULE,
    metrics: Sequence[str] = METRICS,
    baselines: Sequence[str] = BASELINES,
) -> pd.DataFrame:
    """A line for each model and split, one for each over all splits, and one for the position.

    Args:
        table: tidy, `split, model, level, rule, metric, value, low, high`, with `chance` and
            `n_groups` as `ranks.rank_table` makes them. Splits are "site" (leaky), "well",
            "plate" and "layout", where wells of one layout are trained on and those of another
            are asked.
        differences: of the same models, as for `standings.standings`; or intervals alone.
        level: whose figures are read.
        rule: of voting, whose figures are read.
        metrics: that are read; "above" is said without naming one where all that are defined are.
        baselines: what the other models are compared with; of them the position alone has a line,
            over all splits: whether the label can be told without looking at a cell.

    Returns:
        `model, split, standing, line`: for each model its splits in the table's order, then a row
        of split "all"; last the position, of split "all" alone. `standing` is that beside chance,
        "" for "all".

    Raises:
        DataError: as `standings.standings`.

    Example:
        >>> honesty_lines(honesty)["line"].iloc[-1]  # doctest: +SKIP
        'Above chance under site and well, but on another layout not told from chance and lower…'
    """
    found = standings(
        table, differences, level=level, rule=rule, metrics=metrics, baselines=baselines
    )
    place = found[found["model"] == POSITION]
    lines = []
    for model in [name for name in dict.fromkeys(found["model"]) if name not in baselines]:
        own = found[found["model"] == model]
        for split in dict.fromkeys(own["split"]):
            part = own[own["split"] == split]
            line = split_line(part, place[place["split"] == split])
            lines.append((model, split, beside(part, CHANCE), line))
        lines.append((model, ALL_SPLITS, "", conclusion(own, place)))
    if len(place):
        lines.append((POSITION, ALL_SPLITS, "", place_conclusion(place)))
    return pd.DataFrame(lines, columns=["model", "split", "standing", "line"])
