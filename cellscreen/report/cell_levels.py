"""A net's figures from cells to compounds, by each rule of voting."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cellscreen.report.cell_section import cell_section, figures_wide, first_upper
from cellscreen.report.section import Section
from cellscreen.report.texts import table_of
from cellscreen.votes.chance import FIGURES
from cellscreen.votes.words import metric_name, model_name

_RULES = {"none": ""}


def levels_section(
    table: pd.DataFrame,
    models: Sequence[str],
    *,
    metrics: Sequence[str] = FIGURES,
    key: str = "levels",
    simulated: bool = False,
) -> Section:
    """Figures at the level of cells, images, wells and compounds, a table a model.

    Args:
        table: tidy, `level, rule, model, metric, value, low, high`, folds pooled.
        models: a table each.
        metrics: a column each.
        key: the anchor, unique on the page.
        simulated: whether any unit is.

    Example:
        >>> levels_section(levels, ["mask_flow_hybrid"]).title  # doctest: +SKIP
        'From cells to compounds'
    """
    tables = []
    for model in models:
        rows = table[(table["model"] == model) & table["metric"].isin(list(metrics))]
        wide = figures_wide(rows, ["level", "rule"], metrics)
        wide["rule"] = [_RULES.get(rule, rule) for rule in wide["rule"]]
        headings = {"level": "Level", "rule": "Vote"}
        headings |= {metric_name(m): first_upper(metric_name(m)) for m in metrics}
        caption = (
            f"{model_name(model)}. In brackets 95 % intervals over well positions, at the level of "
            "compounds over compounds."
        )
        tables.append(table_of(wide, caption, headings))
    words = [
        "Cells of an image, well or compound vote: by majority, by mean probability, or by mean "
        "probability weighted by each cell's confidence. Macro-F1 and balanced accuracy are over "
        "the classes that occur; top-5 is undefined with fewer than five classes."
    ]
    return cell_section(
        key, "From cells to compounds", words=words, tables=tables, simulated=simulated
    )
