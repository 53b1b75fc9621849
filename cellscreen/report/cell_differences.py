"""How far nets stand from chance and from the baselines, as a table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cellscreen.report.cell_section import figures_wide, first_upper
from cellscreen.report.section import Table
from cellscreen.report.texts import table_of
from cellscreen.votes.standings import BASELINES, METRICS
from cellscreen.votes.words import metric_name, model_name, split_name


def differences_table(
    differences: pd.DataFrame,
    metrics: Sequence[str] = METRICS,
    baselines: Sequence[str] = BASELINES,
) -> Table:
    """A row a split, net and what it is compared with; the baselines' own rows are left out.

    Args:
        differences: `split` and the columns of `votes.differences.difference_table`.
        metrics: a column each.
        baselines: models that have no rows of their own here.

    Example:
        >>> differences_table(tables.differences).headings  # doctest: +SKIP
        ('Split', 'Model', 'Less', 'Accuracy', 'Macro-F1')
    """
    rows = differences[~differences["model"].isin(list(baselines))]
    rows = rows.rename(columns={"difference": "value"})
    wide = figures_wide(rows, ["split", "model", "against"], metrics)
    wide = wide.assign(
        split=wide["split"].map(split_name),
        model=wide["model"].map(model_name),
        against=wide["against"].map(model_name),
    )
    names = {"split": "Split", "model": "Model", "against": "Less"}
    return table_of(
        wide,
        "Differences of images' figures, in brackets 95 % intervals over the same draws of well "
        "positions for both. Chance's accuracy is that of calling the most frequent class.",
        names | {metric_name(m): first_upper(metric_name(m)) for m in metrics},
    )
