"""What a classifier got right: undefined figures are NaN, never 0."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn import metrics

METRICS = ("accuracy", "precision", "recall", "f1", "auroc")


def binary_metrics(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Accuracy, precision, recall, F1 at a threshold of 0.5, and AUROC.

    Args:
        labels: `(n,)` int, 1 is the positive class.
        scores: `(n,)` float, probability of the positive class; NaN where a model has no answer.

    Returns:
        A figure for each of `METRICS`; NaN where it is undefined: no images, no positive
        prediction (precision), no positive image (recall), one class only (AUROC).
    """
    undefined = dict.fromkeys(METRICS, float("nan"))
    if len(labels) == 0 or np.isnan(scores).any():
        return undefined
    calls = (scores >= 0.5).astype(int)
    given = {"y_true": labels, "y_pred": calls, "zero_division": np.nan}
    ranked = len(set(labels)) == 2 and len(set(scores)) > 1
    return {
        "accuracy": float(metrics.accuracy_score(labels, calls)),
        "precision": float(metrics.precision_score(**given)),
        "recall": float(metrics.recall_score(**given)),
        "f1": float(metrics.f1_score(**given)),
        "auroc": float(metrics.roc_auc_score(labels, scores)) if ranked else float("nan"),
    }


def metrics_table(predictions: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Figures of every model by fold, pooled over folds, and their mean and spread.

    Args:
        predictions: for each model a frame with `fold`, `label` and `score`, a row an image that
            was held out when the model that scored it was trained.

    Returns:
        Tidy: `model, fold, metric, value`; fold is a number, "pooled", "mean" or "sd" (sample SD
        over folds). Mean and SD are undefined where any fold's figure is.
    """
    rows = []
    for model, frame in predictions.items():
        by_fold = {
            str(fold): binary_metrics(part["label"].to_numpy(), part["score"].to_numpy())
            for fold, part in frame.groupby("fold")
        }
        pooled = binary_metrics(frame["label"].to_numpy(), frame["score"].to_numpy())
        for name in METRICS:
            values = np.array([figures[name] for figures in by_fold.values()])
            spread = {"pooled": pooled[name], "mean": values.mean(), "sd": values.std(ddof=1)}
            per_fold = {fold: figures[name] for fold, figures in by_fold.items()}
            rows += [(model, fold, name, value) for fold, value in (per_fold | spread).items()]
    return pd.DataFrame(rows, columns=["model", "fold", "metric", "value"])


def figure(table: pd.DataFrame, model: str, metric: str, fold: str = "mean") -> float:
    """One figure of a metrics table."""
    chosen = (table["model"] == model) & (table["metric"] == metric) & (table["fold"] == fold)
    return float(table.loc[chosen, "value"].iloc[0])


def below_baselines(table: pd.DataFrame, net: str) -> list[str]:
    """The baselines whose pooled accuracy or AUROC the net does not exceed."""
    baselines = [model for model in table["model"].unique() if model != net]
    beaten = []
    for baseline in baselines:
        for metric in ("accuracy", "auroc"):
            theirs = figure(table, baseline, metric, "pooled")
            ours = figure(table, net, metric, "pooled")
            if not np.isnan(theirs) and not ours > theirs:
                beaten.append(f"{baseline} ({metric} {theirs:.3f}, net {ours:.3f})")
    return beaten
