"""What a net of several binary tasks got right: each task where its label is known, and means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cellscreen.judging.levels import whole_mean
from cellscreen.judging.metrics import TABLE_COLUMNS, class_metrics, metrics_table
from cellscreen.votes.draws import DRAWS

BINARY = ("negative", "positive")


def task_metrics_table(
    predictions: Mapping[str, pd.DataFrame],
    tasks: Sequence[str],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Figures of every task, as `auroc[herg]`, and their means over tasks, as `auroc`.

    Args:
        predictions: for each model a frame `group, fold, label_<task>…, p_<task>…`; a label is 0,
            1, or -1 where it is missing, and such rows do not count for that task.
        tasks: their names.
        draws: resamples of groups for the intervals.
        seed: of the resamples.

    Returns:
        Tidy, as `metrics.metrics_table`. A mean is undefined where any task's figure is, and has
        no interval.

    Example:
        >>> task_metrics_table({"net": frame}, ("herg", "mitotox"))  # doctest: +SKIP
    """
    parts = []
    for task in tasks:
        frames = {model: of_task(frame, task) for model, frame in predictions.items()}
        parts.append(metrics_table(frames, BINARY, draws=draws, seed=seed).assign(task=task))
    table = pd.concat(parts, ignore_index=True)
    named = table.assign(metric=table["metric"] + "[" + table["task"] + "]").drop(columns="task")
    return pd.concat([_means(table), named], ignore_index=True)


def of_task(frame: pd.DataFrame, task: str) -> pd.DataFrame:
    """The rows whose label of a task is known, as `label, p_negative, p_positive`."""
    known = frame[frame[f"label_{task}"] >= 0]
    positive = known[f"p_{task}"]
    return known[["group", "fold"]].assign(
        label=known[f"label_{task}"].astype(int), p_negative=1 - positive, p_positive=positive
    )


def task_figures(values: np.ndarray, answers: np.ndarray) -> dict[str, float]:
    """Means over tasks of one set of answers, for validation.

    Args:
        values: `(n, tasks)` int: 0, 1, or -1 where missing.
        answers: `(n, tasks)` float, probabilities.

    Returns:
        `loss` (log loss), `accuracy`, `f1` and `auroc`; undefined where any task's is.
    """
    found = []
    for number in range(values.shape[1]):
        known = values[:, number] >= 0
        positive = answers[known, number].astype(np.float64)
        both = np.column_stack([1 - positive, positive])
        found.append(class_metrics(values[known, number], both, BINARY))
    names = {"loss": "log_loss", "accuracy": "accuracy", "f1": "f1", "auroc": "auroc"}
    return {name: float(np.mean([one[key] for one in found])) for name, key in names.items()}


def _means(table: pd.DataFrame) -> pd.DataFrame:
    """Means over tasks; their SD is that of the folds' means, not the mean of SDs."""
    rows: list[tuple] = []
    for (model, metric), part in table.groupby(["model", "metric"], sort=False):
        means = part.groupby("fold", sort=False)["value"].agg(whole_mean)
        folds = means.drop(["pooled", "mean", "sd"]).to_numpy(np.float64)
        means["sd"] = float(np.std(folds, ddof=1)) if len(folds) > 1 else float("nan")
        rows += [(model, fold, metric, value, np.nan, np.nan) for fold, value in means.items()]
    return pd.DataFrame(rows, columns=TABLE_COLUMNS)
