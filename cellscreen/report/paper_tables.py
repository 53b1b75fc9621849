"""The tables of the hypoxia paper, trained anew: sweeps with the paper's figures beside."""

from __future__ import annotations

import dataclasses

import pandas as pd

from cellscreen.report.data import ReportData
from cellscreen.report.figure_rows import FigureRow, figure_rows
from cellscreen.report.section import Drawing, Section, Table, missing, render
from cellscreen.report.texts import between, number, spread
from cellscreen.training.sweeps.file import PAPER_METRICS
from cellscreen.training.sweeps.paper_order import order_texts
from cellscreen.training.sweeps.table import DONE, PAPER, SweepTable

KEY, TITLE = "paper-tables", "Tables of the paper"
_HEADINGS = {"f1": "F1", "accuracy": "Accuracy", "precision": "Precision", "recall": "Recall"}
_FLAGS = {"where": "Images", "net": "Net"}
_MOST_DRAWN = 60


@dataclasses.dataclass(frozen=True)
class SweepPart:
    """What is shown of one sweep."""

    title: str
    note: str
    table: Table
    orders: list[str]
    changed: str
    changes: tuple[str, ...]
    drawing: Drawing | None


def paper_tables(data: ReportData) -> Section:
    """Shows every sweep with the paper's figures beside, and whether the paper's order shows."""
    if not data.sweeps:
        return missing(KEY, TITLE, "no sweep was given (--sweeps).")
    parts = [_part(f"sweep-{place}", sweep) for place, sweep in enumerate(data.sweeps, start=1)]
    simulated = any(sweep.simulated for sweep in data.sweeps)
    return Section(KEY, TITLE, render("paper_tables.html", parts=parts), simulated=simulated)


def sweep_table(sweep: SweepTable) -> Table:
    """Returns a row a cell: figures here and, if there are, the paper's."""
    pairs = [name for m in PAPER_METRICS for name in ([m, PAPER + m] if sweep.source else [m])]
    headings = [_FLAGS.get(flag, flag) for flag in sweep.flags]
    ours = len(headings)
    headings += ["paper" if name.startswith(PAPER) else "here" for name in pairs] + ["here", ""]
    rows = sweep.rows.to_dict("records")
    each = 2 if sweep.source else 1
    return Table(
        caption="Here: mean ± SD over folds, below it the 95 % bootstrap interval over groups of "
        "all folds pooled." + (f" Paper: {sweep.source}, other data." if sweep.source else ""),
        headings=tuple(headings),
        rows=tuple(_row(sweep, row, pairs) for row in rows),
        right=frozenset(range(ours, ours + len(pairs) + 1)),
        groups=(
            ("", ours),
            *((_HEADINGS[metric], each) for metric in PAPER_METRICS),
            ("AUROC", 1),
            ("Baselines", 1),
        ),
    )


def _row(sweep: SweepTable, row: dict, columns: list[str]) -> tuple[str, ...]:
    figures = []
    for name in columns:
        if name.startswith(PAPER):
            figures.append("" if pd.isna(row[name]) else number(row[name]))
        else:
            figures.append(_figure(row, name))
    if row["status"] != DONE:
        return (*(row[flag] for flag in sweep.flags), *figures, "", _told(row))
    below = row["below_baseline"]
    verdict = f"not above\n{below}" if isinstance(below, str) and below else "above"
    return (*(row[flag] for flag in sweep.flags), *figures, _figure(row, "auroc"), verdict)


def _figure(row: dict, metric: str) -> str:
    if row["status"] != DONE:
        return ""
    mean = spread(row[metric], row[f"{metric}_sd"])
    low, high = row[f"{metric}_low"], row[f"{metric}_high"]
    return mean if pd.isna(low) else f"{mean}\n{between(low, high)}"


def _told(row: dict) -> str:
    return f"{row['status']}\n{row['reason']}" if row["reason"] else row["status"]


def _part(key: str, sweep: SweepTable) -> SweepPart:
    done = int((sweep.rows["status"] == DONE).sum())
    note = f"{done} of {len(sweep.rows)} cells are trained."
    if sweep.source:
        note += (
            f" The paper's figures are from {sweep.source}: other images, other folds. They are "
            "shown to compare orders, not values."
        )
    return SweepPart(
        title=sweep.title,
        note=note,
        table=sweep_table(sweep),
        orders=order_texts(sweep),
        changed=f"Changes from {sweep.changes_from}" if sweep.changes_from else "",
        changes=sweep.changes or ("none",),
        drawing=_drawing(key, sweep),
    )


def _drawing(key: str, sweep: SweepTable) -> Drawing | None:
    rows = sweep.rows[sweep.rows["status"] == DONE].head(_MOST_DRAWN).to_dict("records")
    if not rows:
        return None
    drawn = [
        FigureRow(row["cell"], row["f1_pooled"], row["f1_low"], row["f1_high"], _paper(row))
        for row in rows
    ]
    figures = "; ".join(f"{row.label} {number(row.value, 2)}" for row in drawn)
    beside = " Open diamonds: the paper's, of other data." if sweep.source else ""
    return figure_rows(
        f"{key}-f1",
        {"F1": drawn},
        caption=f"F1 of all folds pooled with its 95 % interval.{beside}",
        alt=f"F1 of each cell of the sweep with its interval: {figures}.",
    )


def _paper(row: dict) -> float:
    return float(row.get(f"{PAPER}f1", float("nan")))
