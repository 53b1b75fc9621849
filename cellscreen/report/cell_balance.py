"""Remedies for unequal classes: what a net reaches under each, and where its calls lean."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cellscreen.report.cell_section import cell_section
from cellscreen.report.cell_variants import INTERVALS, of_level, variants_drawing, variants_table
from cellscreen.report.section import Section
from cellscreen.votes.standings import LEVEL, RULE

BALANCE_METRICS = (
    "accuracy",
    "macro_f1",
    "called_reference",
    "others_called_reference",
    "frequency_distance",
    "ece",
)


def balance_section(
    table: pd.DataFrame,
    *,
    reference: str = "",
    level: str = LEVEL,
    rule: str = RULE,
    metrics: Sequence[str] = BALANCE_METRICS,
    key: str = "balance",
    simulated: bool = False,
) -> Section:
    """A net under each remedy for unequal classes: what it reaches, and where its calls lean.

    Args:
        table: tidy, `remedy, metric, value, low, high`, figures of `votes.ranks` and `votes.bias`
            in one; the first remedy is what others stand beside. Columns `level` and `rule` are
            looked at if they are there.
        reference: the class that others may be called, such as DMSO; none if empty.
        level: whose figures are shown.
        rule: of voting, whose figures are shown.
        metrics: that are shown, those that the table has.
        key: the anchor, unique on the page.
        simulated: whether any unit is.

    Example:
        >>> balance_section(table, reference="DMSO").title  # doctest: +SKIP
        'Remedies for unequal classes'
    """
    table = of_level(table, level, rule)
    there = [name for name in metrics if (table["metric"] == name).any()]
    drawn = [name for name in ("macro_f1", "others_called_reference") if name in there]
    first = str(table["remedy"].iloc[0])
    caption = f"Remedies for unequal classes. {INTERVALS}"
    if reference:
        caption += f" The reference is {reference}."
    return cell_section(
        key,
        "Remedies for unequal classes",
        words=[
            "A remedy helps where it takes calls from the reference without losing what is right."
        ],
        drawings=[variants_drawing(table, "remedy", drawn or there[:1], name=f"{key}-figures")],
        tables=[
            variants_table(
                table, "remedy", first, there, caption=caption, compared=("accuracy", "macro_f1")
            )
        ],
        simulated=simulated,
    )
