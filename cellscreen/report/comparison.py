"""The page of `cellscreen compare`: runs beside each other, drawn and in a table."""

from __future__ import annotations

from pathlib import Path

from cellscreen import atomic
from cellscreen.report.figure_rows import FigureRow, figure_rows
from cellscreen.report.page import Banner, render_page
from cellscreen.report.section import Drawing, Section, render
from cellscreen.report.texts import number, table_of
from cellscreen.training.sweeps.compare import Comparison
from cellscreen.training.sweeps.compare_text import run_table

_DRAWN = {"f1": "F1", "accuracy": "Accuracy", "auroc": "AUROC"}
_SIMULATED = Banner(
    "simulated",
    "SIMULATED DATA",
    "Runs on simulated images are among these. They say nothing about real cells or compounds.",
)


def write_comparison(found: Comparison, path: str | Path) -> None:
    """Writes a comparison as one HTML file, whole or not at all.

    Example:
        >>> write_comparison(compare_runs(["runs/table3"]), "table3.html")  # doctest: +SKIP
    """
    banners = [_SIMULATED] if found.simulated else []
    sections = [_figures(found), _warnings(found), _differing(found)]
    atomic.write_text(path, render_page("Comparison of trainings", sections, banners))


def runs_drawing(found: Comparison) -> Drawing:
    """Draws F1, accuracy and AUROC of all folds pooled with their intervals, a row a run."""
    rows = found.rows.to_dict("records")
    panels = {
        title: [
            FigureRow(row["run"], *(row[f"{m}_{end}"] for end in ("pooled", "low", "high")))
            for row in rows
        ]
        for m, title in _DRAWN.items()
    }
    f1 = "; ".join(f"{row['run']} {number(row['f1_pooled'])}" for row in rows)
    return figure_rows(
        "runs",
        panels,
        caption="All folds pooled, with the 95 % bootstrap interval over groups.",
        alt=f"F1, accuracy and AUROC of every run with intervals. Pooled F1: {f1}.",
    )


def _figures(found: Comparison) -> Section:
    table = table_of(
        run_table(found.rows),
        "Mean ± sample SD over folds, in brackets the 95 % bootstrap interval of all folds "
        "pooled. Runs of one letter have the same images and labels.",
    )
    html = render("comparison.html", drawing_of_runs=runs_drawing(found), runs=table)
    return Section("runs", "Figures", html, simulated=found.simulated)


def _warnings(found: Comparison) -> Section:
    nothing = "All runs have the same images, labels and folds."
    html = render("list.html", lines=found.warnings, nothing=nothing)
    return Section("warnings", "May they be compared?", html)


def _differing(found: Comparison) -> Section:
    title = "What differs between their configs"
    if found.differing.empty:
        return Section("configs", title, left_out="the configs are the same.")
    table = table_of(found.differing, "Flags whose values differ, a column a run.")
    return Section("configs", title, render("comparison.html", drawing_of_runs=None, runs=table))
