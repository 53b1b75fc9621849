"""What the sections on single cells' nets share: their template, and figures as texts."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cellscreen.report.section import Drawing, Section, Table, render
from cellscreen.votes.words import figure_text, metric_name

_INTERVAL = ["value", "low", "high"]


def cell_section(
    key: str,
    title: str,
    *,
    verdicts: Sequence[str] = (),
    words: Sequence[str] = (),
    lines: Sequence[str] = (),
    drawings: Sequence[Drawing] = (),
    tables: Sequence[Table] = (),
    simulated: bool = False,
) -> Section:
    """A section of sentences, drawings and tables, in that order.

    Args:
        key: the anchor, unique on the page.
        title: its heading.
        verdicts: sentences that stand out.
        words: paragraphs.
        lines: of a list.
        drawings: two side by side.
        tables: one below the other.
        simulated: whether anything in it rests on simulated images.
    """
    parts = {"drawings": drawings, "tables": tables}
    html = render("cell_section.html", verdicts=verdicts, words=words, lines=lines, **parts)
    return Section(key, title, html, simulated=simulated)


def first_upper(text: str) -> str:
    """A text with its first letter as a capital, the others as they are."""
    return text[:1].upper() + text[1:]


def interval_text(value: float, low: float, high: float) -> str:
    """A figure with its interval, on one line of a table."""
    return figure_text(value, low, high).replace(" ", "\u00a0")


def figures_wide(
    rows: pd.DataFrame, by: Sequence[str], metrics: Sequence[str], missing: str = "undefined"
) -> pd.DataFrame:
    """Figures with their intervals as texts, a column a metric.

    Args:
        rows: tidy, `by`, `metric`, `value`, `low`, `high`; one row each.
        by: columns that name a row, in the order of their first rows.
        metrics: in the order of the columns.
        missing: what stands where there is no such row.

    Example:
        >>> rows = pd.DataFrame([("net", "accuracy", 0.5, 0.4, 0.6)])
        >>> rows.columns = ["model", "metric", "value", "low", "high"]
        >>> figures_wide(rows, ["model"], ["accuracy"]).to_numpy().tolist()
        [['net', '0.500\xa0[0.400,\xa00.600]']]
    """
    texts = [interval_text(*ends) for ends in rows[_INTERVAL].to_numpy(float)]
    known = dict(
        zip(zip(*(rows[name] for name in (*by, "metric")), strict=True), texts, strict=True)
    )
    named = rows[list(by)].drop_duplicates()
    columns = {
        metric_name(metric): [known.get((*names, metric), missing) for names in named.to_numpy()]
        for metric in metrics
    }
    return named.reset_index(drop=True).assign(**columns)
