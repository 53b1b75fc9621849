"""What each net got right on images it had not seen, with its baselines beside it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd

from cellscreen.judging.metrics import METRICS
from cellscreen.report.data import ReportData
from cellscreen.report.net_drawings import (
    DRAWN,
    HEADINGS,
    fold_dots,
    score_histograms,
    training_curves,
)
from cellscreen.report.runs import BASELINE_NAMES, Run
from cellscreen.report.section import Drawing, Section, Table, missing, render
from cellscreen.report.texts import between, counted, listed, number, percent, spread

KEY, TITLE = "nets", "How well the nets tell the classes apart"
_THRESHOLD = 0.5


@dataclasses.dataclass(frozen=True)
class NetPart:
    """What is shown of one run."""

    key: str
    run: Run
    verdict: str
    table: Table
    confusion: Table
    drawings: tuple[Drawing, ...]


def nets_results(data: ReportData) -> Section:
    """Shows figures, score distributions, curves and confusion matrix of every run."""
    if not data.runs:
        return missing(KEY, TITLE, "no training was given (--runs).")
    return Section(
        KEY,
        TITLE,
        render(
            "nets.html",
            comparison=comparison_table(data.runs) if len(data.runs) > 1 else None,
            parts=[_part(place, run) for place, run in enumerate(data.runs, start=1)],
            oracle=_oracle_table(data.oracle_aucs),
        ),
        simulated=any(run.simulated for run in data.runs),
    )


def against_baselines(run: Run) -> str:
    """Says in words whether the net is above what can be had without a net."""
    below = [_in_words(text) for text in run.summary["below_baseline"]]
    if below:
        return f"Not above baseline: {listed(below)}."
    undefined = [
        BASELINE_NAMES.get(model, model)
        for model in run.baselines
        if all(math.isnan(run.figure(model, metric, "pooled")) for metric in DRAWN)
    ]
    without = f" (undefined here: {listed(undefined)})" if undefined else ""
    return f"Above its baselines in accuracy and AUROC{without}."


def comparison_table(runs: tuple[Run, ...]) -> Table:
    """Returns a row a run, to compare nets and groups."""
    return Table(
        caption="All runs: mean ± SD over folds of the net, and how it stands to its baselines.",
        headings=("Run", "Net", "Images of", "F1", "AUROC", "Baselines"),
        rows=tuple(
            (
                run.name,
                run.net,
                run.summary["group"],
                *(
                    spread(run.figure(run.net, m), run.figure(run.net, m, "sd"))
                    for m in ("f1", "auroc")
                ),
                against_baselines(run),
            )
            for run in runs
        ),
        right=frozenset({3, 4}),
    )


def metrics_table(run: Run) -> Table:
    """Returns the figures of a net and its baselines: mean ± SD over folds, pooled, interval."""
    models = (run.net, *run.baselines)
    shown = [name for name in HEADINGS if name in {*METRICS, *run.metrics["metric"]}]
    return Table(
        caption=f"{run.name}: mean ± SD over {counted(len(run.histories), 'fold')}, below it all "
        "folds pooled with the 95 % bootstrap interval over groups. A score above "
        f"{_THRESHOLD} counts as {run.classes[1]}. ECE is the error of calibration: less is "
        "better.",
        headings=("Model", "", *(HEADINGS[metric] for metric in shown)),
        rows=tuple(
            (
                BASELINE_NAMES.get(model, model),
                "net" if model == run.net else "baseline",
                *(_figures(run, model, metric) for metric in shown),
            )
            for model in models
        ),
        right=frozenset(range(2, 2 + len(shown))),
        marks=tuple("net" if model == run.net else "" for model in models),
    )


def confusion_counts(run: Run) -> np.ndarray:
    """Returns counts, `(2, 2)` int: row the true class, column the called one."""
    counts = np.zeros((2, 2), int)
    called = (run.predictions["score"] > _THRESHOLD).astype(int)
    np.add.at(counts, (run.predictions["label"], called), 1)
    return counts


def confusion_table(run: Run) -> Table:
    """Returns the confusion matrix over all folds with the share of each true class."""
    counts = confusion_counts(run)
    rows = []
    for name, row in zip(run.classes, counts, strict=True):
        total = row.sum()
        shares = [f"{count} ({percent(count / total if total else math.nan)})" for count in row]
        rows.append((f"truly {name}", *shares, str(total)))
    return Table(
        caption="Confusion matrix: images of all folds, each called by the model that did not "
        "see it.",
        headings=("", *(f"called {name}" for name in run.classes), "images"),
        rows=tuple(rows),
        right=frozenset({1, 2, 3}),
    )


def _part(place: int, run: Run) -> NetPart:
    key = f"net-{place}"
    drawn = (fold_dots(key, run), score_histograms(key, run), training_curves(key, run))
    drawings = tuple(drawing for drawing in drawn if drawing)
    verdict = against_baselines(run)
    return NetPart(key, run, verdict, metrics_table(run), confusion_table(run), drawings)


def _figures(run: Run, model: str, metric: str) -> str:
    mean = spread(run.figure(model, metric), run.figure(model, metric, "sd"))
    pooled, (low, high) = run.figure(model, metric, "pooled"), run.interval(model, metric)
    lines = [mean] if math.isnan(pooled) else [mean, f"pooled {number(pooled)}"]
    return "\n".join(lines if math.isnan(low) else [*lines, between(low, high)])


def _oracle_table(aucs: pd.DataFrame | None) -> Table | None:
    if aucs is None:
        return None
    return Table(
        caption="The simulation's oracle: logistic regression on the true nuclear area and "
        "roundness of each field, which no net is given. The simulation was set by it.",
        headings=("Cell line", "Hours", "Images", "AUROC"),
        rows=tuple(
            (str(row.cell_line), f"{row.hours:g}", str(row.images), number(row.auc))
            for row in aucs.itertuples()
        ),
        right=frozenset({1, 2, 3}),
    )


def _in_words(text: str) -> str:
    for model, name in BASELINE_NAMES.items():
        text = text.replace(model, name)
    return text.replace("auroc", "AUROC")
