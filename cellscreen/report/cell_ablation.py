"""What each part of a net adds: the net with some of its branches off, beside the whole."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cellscreen.report.cell_section import cell_section
from cellscreen.report.cell_variants import (
    INTERVALS,
    beside,
    of_level,
    variants_drawing,
    variants_table,
)
from cellscreen.report.section import Section
from cellscreen.votes.standings import ABOVE, ALIKE, BELOW, LEVEL, METRICS, RULE, UNDEFINED


def ablation_section(
    table: pd.DataFrame,
    *,
    level: str = LEVEL,
    rule: str = RULE,
    metrics: Sequence[str] = METRICS,
    key: str = "ablation",
    simulated: bool = False,
) -> Section:
    """A net with some of its branches off, beside the whole.

    Args:
        table: tidy, `parts, metric, value, low, high`; `parts` such as `mask+table`, of which the
            one with most is the whole net. Columns `level` and `rule` are looked at if they are
            there.
        level: whose figures are shown.
        rule: of voting, whose figures are shown.
        metrics: that are shown.
        key: the anchor, unique on the page.
        simulated: whether any unit is.

    Example:
        >>> ablation_section(table).title  # doctest: +SKIP
        'What each part of the net adds'
    """
    table = of_level(table, level, rule)
    whole = max(dict.fromkeys(table["parts"]), key=lambda name: name.count("+"))
    return cell_section(
        key,
        "What each part of the net adds",
        lines=ablation_lines(table, whole, metrics),
        drawings=[variants_drawing(table, "parts", metrics, name=f"{key}-figures")],
        tables=[variants_table(table, "parts", whole, metrics, caption=f"Parts on. {INTERVALS}")],
        simulated=simulated,
    )


def ablation_lines(table: pd.DataFrame, whole: str, metrics: Sequence[str] = METRICS) -> list[str]:
    """What intervals say of each set of parts beside the whole net, a sentence a standing."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(table["parts"]):
        if name != whole:
            found.setdefault(beside(table, "parts", name, whole, metrics), []).append(str(name))
    found.pop(UNDEFINED, None)
    words = {
        BELOW: f"Below {whole}, so what they lack adds something: ",
        ALIKE: f"Not told apart from {whole}, so nothing shows that what they lack adds to it: ",
        ABOVE: f"Above {whole}, so what they lack harms it: ",
    }
    others = {where: f"Beside {whole} {where}: " for where in found if where not in words}
    return [
        f"{text}{'; '.join(found[where])}."
        for where, text in (words | others).items()
        if where in found
    ]
