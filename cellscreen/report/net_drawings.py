"""What is drawn of a run: computed here from its tables, drawn by `net_plots`."""

from __future__ import annotations

import numpy as np

from cellscreen.report import net_plots
from cellscreen.report.runs import BASELINE_NAMES, Run
from cellscreen.report.section import Drawing
from cellscreen.report.texts import number

HEADINGS = {"accuracy": "Accuracy", "precision": "Precision", "recall": "Recall", "f1": "F1"}
HEADINGS |= {"auroc": "AUROC", "auprc": "AUPRC", "mcc": "MCC", "ece": "ECE"}
HEADINGS |= {"ece_after_temperature": "ECE\nafter temperature"}
_CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")
DRAWN = ("accuracy", "auroc")


def fold_dots(key: str, run: Run) -> Drawing:
    """Draws accuracy and AUROC of a net and its baselines in every fold."""
    models = (run.net, *run.baselines)
    folds = sorted({fold for fold in run.metrics["fold"] if fold.isdigit()}, key=int)
    figures = {
        HEADINGS[metric]: {
            BASELINE_NAMES.get(model, model): [run.figure(model, metric, fold) for fold in folds]
            for model in models
        }
        for metric in DRAWN
    }
    return net_plots.model_dots(
        f"{key}-dots",
        figures,
        caption="Each open circle is a fold, the diamond their mean. A net earns its keep only "
        "to the right of every baseline.",
        alt=f"Dot plot of accuracy and AUROC by fold for {run.net} and its baselines; the table "
        "above has the figures.",
    )


def score_histograms(key: str, run: Run) -> Drawing:
    """Draws the out-of-fold scores of each true class."""
    scores = {
        name: run.predictions.loc[run.predictions["label"] == label, "score"].to_numpy()
        for label, name in enumerate(run.classes)
    }
    medians = "; ".join(
        f"median score of truly {name} {number(np.median(s))}"
        for name, s in scores.items()
        if len(s)
    )
    return net_plots.score_histograms(
        f"{key}-scores",
        scores,
        run.classes[1],
        caption=f"Out-of-fold scores by true class; dashed: the threshold. Here: {medians}.",
        alt=f"Histograms of out-of-fold scores by true class: {medians}.",
    )


def training_curves(key: str, run: Run) -> Drawing | None:
    """Draws loss and accuracy over epochs; None for a net that was not trained at all."""
    shared = set.intersection(*(set(history.columns) for history in run.histories.values()))
    curves = [curve for curve in _CURVES if curve in shared]
    if not curves or any(history.empty for history in run.histories.values()):
        return None
    ends = ", ".join(
        f"fold {fold} {number(history[curves[0]].iloc[-1])}"
        for fold, history in run.histories.items()
    )
    decides = (
        "What is drawn as val is of groups set apart from training."
        if any(curve.startswith("val_") for curve in curves)
        else "Every fold is trained to its last epoch."
    )
    return net_plots.training_curves(
        f"{key}-curves",
        run.histories,
        curves,
        caption=f"Training curves, a line a fold. The held-out images decide nothing. {decides}",
        alt=f"Curves of {' and '.join(curves)} over epochs by fold; last {curves[0]}: {ends}.",
    )
