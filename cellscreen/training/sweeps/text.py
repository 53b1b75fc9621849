"""A sweep in words: the Markdown that is printed and kept as sweep.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from cellscreen.training.sweeps.file import PAPER_METRICS
from cellscreen.training.sweeps.paper_order import order_texts
from cellscreen.training.sweeps.run_rows import figure_text
from cellscreen.training.sweeps.table import DONE, FAILED, PAPER, SweepTable

_HEADINGS = {"f1": "F1", "accuracy": "Accuracy", "precision": "Precision", "recall": "Recall"}


def sweep_text(table: SweepTable) -> str:
    """A sweep as Markdown: figures beside the paper's, its order, changes, failures.

    Example:
        >>> print(sweep_text(read_sweep("runs/table3")))  # doctest: +SKIP
        # Table III …
    """
    done = int((table.rows["status"] == DONE).sum())
    parts = [f"# {table.title}", *_cautions(table)]
    parts.append(f"{done} of {len(table.rows)} cells are trained. {_reading(table)}")
    parts.append(_figures(table))
    if table.source:
        parts.append(f'Columns "paper": {table.source}. Other data: other images, other folds.')
    for heading, lines in (
        ("Does the paper's order show?", order_texts(table)),
        (f"Changes from {table.changes_from}", _changes(table)),
        ("Not above a baseline", _below(table)),
        ("Failed cells", _failed(table)),
    ):
        if lines:
            parts += [f"## {heading}", "\n".join(f"- {line}" for line in lines)]
    return "\n\n".join(parts) + "\n"


def duration(seconds: float) -> str:
    """A time as people say it.

    Example:
        >>> duration(50), duration(700), duration(9000)
        ('50 s', '12 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _cautions(table: SweepTable) -> Iterable[str]:
    if table.simulated:
        yield "**SIMULATED images: these figures say nothing about real cells.**"
    if table.leaky:
        yield "**Leaky: images of one well are in several folds; the figures flatter.**"


def _reading(table: SweepTable) -> str:
    seconds = table.rows.reindex(columns=["seconds"])["seconds"].sum()
    return (
        "Mean ± sample SD over folds, with the 95 % bootstrap interval over groups of all folds "
        f"pooled. Training took {duration(seconds)}."
    )


def _figures(table: SweepTable) -> str:
    headings = list(table.flags)
    for metric in PAPER_METRICS:
        headings += [_HEADINGS[metric], *(["paper"] if table.source else [])]
    lines = [
        [*headings, "AUROC"],
        ["---"] * (len(headings) + 1),
        *(_line(table, row) for row in table.rows.to_dict("records")),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _line(table: SweepTable, row: dict) -> Sequence[str]:
    cells = [str(row[flag]) for flag in table.flags]
    for metric in PAPER_METRICS:
        cells.append(_figure(row, metric))
        if table.source:
            cells.append("" if pd.isna(row[PAPER + metric]) else f"{row[PAPER + metric]:.3f}")
    return [cell.replace("|", "\\|") for cell in [*cells, _figure(row, "auroc")]]


def _figure(row: dict, metric: str) -> str:
    return figure_text(row, metric) if row["status"] == DONE else row["status"]


def _changes(table: SweepTable) -> list[str]:
    if not table.changes_from:
        return []
    return list(table.changes) or ["None."]


def _below(table: SweepTable) -> list[str]:
    rows = table.rows.reindex(columns=["cell", "below_baseline"]).fillna("")
    return [f"{cell}: {text}" for cell, text in rows.itertuples(index=False) if text]


def _failed(table: SweepTable) -> list[str]:
    failed = table.rows[table.rows["status"] == FAILED]
    return [f"{row.cell}: {row.reason}" for row in failed.itertuples()]
