"""Variants of one net side by side: a table, a drawing, and where one stands beside another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cellscreen.report.cell_section import figures_wide, first_upper
from cellscreen.report.figure_rows import FigureRow, figure_rows
from cellscreen.report.section import Drawing, Table
from cellscreen.report.texts import table_of
from cellscreen.votes.standings import MIXED, standing, together
from cellscreen.votes.words import metric_name

INTERVALS = "In brackets 95 % intervals over well positions drawn anew."


def of_level(table: pd.DataFrame, level: str, rule: str) -> pd.DataFrame:
    """The rows of one level and rule, of a table that tells them; any other table as it is."""
    if "level" not in table:
        return table
    return table[(table["level"] == level) & (table["rule"] == rule)]


def variants_table(
    table: pd.DataFrame,
    by: str,
    first: str,
    metrics: Sequence[str],
    *,
    caption: str,
    compared: Sequence[str] | None = None,
) -> Table:
    """Figures of variants, and where each stands beside one of them.

    Args:
        table: tidy, `by`, `metric`, `value`, `low`, `high`.
        by: the column that names variants.
        first: the variant that the others stand beside.
        metrics: a column each.
        caption: what the table shows.
        compared: figures that the standing is by; all that are shown if None.
    """
    by_which = [name for name in metrics if compared is None or name in compared]
    wide = figures_wide(table, [by], metrics, missing="not finished")
    places = [
        "" if name == first else beside(table, by, name, first, by_which) for name in wide[by]
    ]
    names = {by: first_upper(by)} | {metric_name(m): first_upper(_heading(m)) for m in metrics}
    column = f"Beside {first}"
    made = wide.assign(**{column: places}) if by_which else wide
    said = joined_names(by_which)
    more = f" Beside {first}: by {said}, where intervals lie wholly apart." if by_which else ""
    return table_of(made, f"{caption}{more}", names)


def variants_drawing(table: pd.DataFrame, by: str, metrics: Sequence[str], *, name: str) -> Drawing:
    """Figures of variants with their intervals, a panel a figure.

    Args:
        table: tidy, `by`, `metric`, `value`, `low`, `high`.
        by: the column that names variants.
        metrics: a panel each.
        name: unique on the page.
    """
    variants = list(dict.fromkeys(table[by]))
    panels = {}
    for metric in metrics:
        rows = table[table["metric"] == metric].set_index(by)[["value", "low", "high"]]
        known = rows.reindex(variants).to_numpy(float)
        panels[_heading(metric)] = [
            FigureRow(str(variant), *ends) for variant, ends in zip(variants, known, strict=True)
        ]
    return figure_rows(
        name,
        panels,
        caption=f"{first_upper(joined_names(metrics))} with 95 % intervals over well positions.",
        alt=f"Figures of {', '.join(map(str, variants))}, as in the table.",
    )


def beside(table: pd.DataFrame, by: str, name: str, first: str, metrics: Sequence[str]) -> str:
    """Where one variant stands beside another, by all figures together or, if they disagree, each.

    Example:
        >>> rows = [("a", "accuracy", 0.3, 0.4), ("b", "accuracy", 0.1, 0.2)]
        >>> table = pd.DataFrame(rows, columns=["parts", "metric", "low", "high"])
        >>> beside(table, "parts", "a", "b", ["accuracy"])
        'above'
    """
    named = zip(table[by], table["metric"], strict=True)
    ends = dict(zip(named, table[["low", "high"]].to_numpy(float), strict=True))
    nothing = np.full(2, np.nan)
    pairs = [(ends.get((name, m), nothing), ends.get((first, m), nothing)) for m in metrics]
    places = [standing(*own, *others) for own, others in pairs]
    if together(places) != MIXED:
        return together(places)
    return ", ".join(f"{_heading(m)} {place}" for m, place in zip(metrics, places, strict=True))


def joined_names(metrics: Sequence[str]) -> str:
    """Figures' names as an enumeration."""
    names = [_heading(name) for name in metrics]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _heading(metric: str) -> str:
    return {
        "called_reference": "called the reference",
        "others_called_reference": "others called the reference",
        "true_reference": "truly the reference",
        "frequency_distance": "distance of frequencies",
        "ece": "calibration error",
        "top_wrong": "most frequent wrong class",
    }.get(metric, metric_name(metric))
