"""What a classifier got right: undefined figures are NaN, never 0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn import metrics

from cellscreen.errors import DataError
from cellscreen.judging.calibration import apply_temperature
from cellscreen.judging.intervals import bootstrap_intervals
from cellscreen.judging.resampled import figures_by_class
from cellscreen.votes.draws import DRAWS
from cellscreen.votes.reliability import expected_calibration_error

METRICS = ("accuracy", "precision", "recall", "f1", "auroc", "auprc", "mcc", "ece")
TEMPERATURE = "temperature"
AFTER_TEMPERATURE = "ece_after_temperature"
HEADLINES = (*METRICS, AFTER_TEMPERATURE, "rmse", "spearman", "r2")  # in the order of tables
_COMPARED = {"accuracy": 1, "auroc": 1, "rmse": -1, "spearman": 1}  # -1: less is better
_NO_INTERVAL = (float("nan"), float("nan"))
TABLE_COLUMNS = ["model", "fold", "metric", "value", "low", "high"]


def class_metrics(
    labels: np.ndarray, probabilities: np.ndarray, classes: tuple[str, ...]
) -> dict[str, float]:
    """The figures of one set of answers; the class of the greatest probability is the called one.

    Args:
        labels: `(n,)` int, class numbers.
        probabilities: `(n, classes)` float, rows sum to 1; NaN where a model has no answer.
        classes: class names; of two, the second is the positive one.

    Returns:
        `METRICS`, `macro_f1` and `log_loss`. Precision, recall and F1 are of the positive class if
        there are two, else means over classes, with `recall[<class>]` and its like beside them.
        AUROC and AUPRC (average precision) are one class against the rest, their mean with more
        than two. NaN where a figure is undefined: no images, an answer missing, no such call
        (precision) or label (recall), a single class or equal scores throughout (AUROC, AUPRC),
        a single class called or true (MCC).

    Raises:
        DataError: a label that is no class number.

    Example:
        >>> answers = np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.6, 0.4]])
        >>> class_metrics(np.array([0, 0, 1, 1]), answers, ("normoxia", "hypoxia"))["auroc"]
        0.75
    """
    probabilities = np.asarray(probabilities, np.float64)  # nets may answer in bfloat16
    numbers = list(range(len(classes)))
    odd = sorted(set(labels) - set(numbers))
    if odd:
        raise DataError(f"Expected labels from 0 to {len(classes) - 1}; got {odd[0]}.")
    if len(labels) == 0 or np.isnan(probabilities).any():
        return dict.fromkeys(_names(classes), float("nan"))
    calls = probabilities.argmax(axis=1)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        labels, calls, labels=numbers, average=None, zero_division=np.nan
    )
    varied = len(set(labels)) > 1 and len(set(calls)) > 1
    auroc, auprc = _ranked(labels, probabilities)
    shares = probabilities / probabilities.sum(
        axis=1, keepdims=True
    )  # float32 sums are off by 1e-7
    figures = {
        "accuracy": metrics.accuracy_score(labels, calls),
        **figures_by_class(precision, recall, f1, classes),
        "auroc": auroc,
        "auprc": auprc,
        "mcc": metrics.matthews_corrcoef(labels, calls) if varied else np.nan,
        "ece": expected_calibration_error(labels, probabilities),
        "log_loss": metrics.log_loss(labels, shares, labels=numbers),
    }
    return {name: float(value) for name, value in figures.items()}


def metrics_table(
    predictions: dict[str, pd.DataFrame],
    classes: tuple[str, ...],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Figures of every model by fold, pooled over folds, and their mean and spread.

    Args:
        predictions: for each model a frame `key, group, fold, label, p_<class>…`, a row an image
            that was held out when the model that scored it was trained. A column `temperature`
            (that of the net which scored the row, fitted on its validation images) adds the
            figure `ece_after_temperature`.
        classes: class names in the order of the columns.
        draws: resamples of groups for the intervals.
        seed: of the resamples.

    Returns:
        Tidy: `model, fold, metric, value, low, high`; fold is a number, "pooled", "mean" or "sd"
        (sample SD over folds, undefined for a single one). Mean and SD are undefined where any
        fold's figure is. Low and high are the 95 % bootstrap interval over groups of the pooled
        figure, NaN elsewhere.
    """
    rows = [
        (model, *row)
        for model, frame in predictions.items()
        for row in _rows(frame, classes, _intervals(frame, classes, draws, seed))
    ]
    return pd.DataFrame(rows, columns=TABLE_COLUMNS)


def figure(
    table: pd.DataFrame, model: str, metric: str, fold: str = "mean", column: str = "value"
) -> float:
    """One figure of a metrics table, or the `low` or `high` of its interval."""
    chosen = (table["model"] == model) & (table["metric"] == metric) & (table["fold"] == fold)
    return float(table.loc[chosen, column].iloc[0])


def below_baselines(table: pd.DataFrame, net: str) -> list[str]:
    """The baselines whose pooled accuracy or AUROC (of doses RMSE or Spearman) is not exceeded."""
    baselines = [model for model in table["model"].unique() if model != net]
    compared = {name: sign for name, sign in _COMPARED.items() if name in set(table["metric"])}
    beaten = []
    for baseline in baselines:
        for metric, sign in compared.items():
            theirs = figure(table, baseline, metric, "pooled")
            ours = figure(table, net, metric, "pooled")
            if not np.isnan(theirs) and not sign * ours > sign * theirs:
                beaten.append(f"{baseline} ({metric} {theirs:.3f}, net {ours:.3f})")
    return beaten


def probabilities_of(frame: pd.DataFrame, classes: tuple[str, ...]) -> np.ndarray:
    """The columns `p_<class>` of a predictions frame, `(n, classes)` float64."""
    return frame[[f"p_{name}" for name in classes]].to_numpy(np.float64)


def _rows(
    frame: pd.DataFrame,
    classes: tuple[str, ...],
    intervals: dict[str, tuple[float, float]],
) -> Iterator[tuple[str, str, float, float, float]]:
    """Rows `fold, metric, value, low, high` of one model."""
    folds = {str(fold): _figures(part, classes) for fold, part in frame.groupby("fold")}
    for name, pooled in _figures(frame, classes).items():
        values = [figures[name] for figures in folds.values()]
        sd = np.std(values, ddof=1) if len(values) > 1 else np.nan
        yield from ((fold, name, v, *_NO_INTERVAL) for fold, v in zip(folds, values, strict=True))
        yield "pooled", name, pooled, *intervals.get(name, _NO_INTERVAL)
        yield "mean", name, float(np.mean(values)), *_NO_INTERVAL
        yield "sd", name, float(sd), *_NO_INTERVAL


def _figures(frame: pd.DataFrame, classes: tuple[str, ...]) -> dict[str, float]:
    labels, probabilities = frame["label"].to_numpy(), probabilities_of(frame, classes)
    figures = class_metrics(labels, probabilities, classes)
    if TEMPERATURE in frame:
        scaled = apply_temperature(probabilities, frame[TEMPERATURE].to_numpy())
        figures[AFTER_TEMPERATURE] = expected_calibration_error(labels, scaled)
    return figures


def _intervals(
    frame: pd.DataFrame, classes: tuple[str, ...], draws: int, seed: int
) -> dict[str, tuple[float, float]]:
    labels, groups = frame["label"].to_numpy(), frame["group"].to_numpy()
    probabilities = probabilities_of(frame, classes)
    chosen = {"draws": draws, "seed": seed}
    intervals = bootstrap_intervals(labels, probabilities, groups, classes, **chosen)
    if TEMPERATURE in frame:
        scaled = apply_temperature(probabilities, frame[TEMPERATURE].to_numpy())
        again = bootstrap_intervals(labels, scaled, groups, classes, **chosen)
        intervals |= {AFTER_TEMPERATURE: again["ece"]} if again else {}
    return intervals


def _names(classes: tuple[str, ...]) -> list[str]:
    nothing = np.full(len(classes), np.nan)
    by_class = figures_by_class(nothing, nothing, nothing, classes)
    return ["accuracy", *by_class, "auroc", "auprc", "mcc", "ece", "log_loss"]


def _ranked(labels: np.ndarray, probabilities: np.ndarray) -> tuple[float, float]:
    """AUROC and average precision of the positive class, or their means over classes."""
    n_classes = probabilities.shape[1]
    figures = []
    for number in (1,) if n_classes == 2 else range(n_classes):
        positive, scores = labels == number, probabilities[:, number]
        if len(set(positive)) < 2 or len(set(scores)) < 2:
            return float("nan"), float("nan")
        figures.append(
            (
                metrics.roc_auc_score(positive, scores),
                metrics.average_precision_score(positive, scores),
            )
        )
    auroc, auprc = np.mean(figures, axis=0)
    return float(auroc), float(auprc)
