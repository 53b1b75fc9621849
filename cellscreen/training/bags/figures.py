"""Figures of bags by what is asked of them: during a fit, and of everything held out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cellscreen.judging.dose_metrics import dose_metrics, dose_metrics_table
from cellscreen.judging.metrics import class_metrics, metrics_table
from cellscreen.judging.task_metrics import task_figures, task_metrics_table
from cellscreen.training.bags.baselines import ANSWER, VALUE
from cellscreen.training.bags.targets import BagTargets


def answer_columns(targets: BagTargets) -> list[str]:
    """The columns of a net's answers: `p_<class>…`, `p_<task>…`, or `answer`, log10 of µM.

    Example:
        >>> answer_columns(data.targets)  # doctest: +SKIP
        ['p_nontoxic', 'p_toxic']
    """
    return [ANSWER] if targets.kind == "log_dose" else [f"p_{name}" for name in targets.names]


def spread_columns(targets: BagTargets) -> list[str]:
    """The columns of their SD over sets, in the same order."""
    return [f"sd_{name.removeprefix('p_')}" for name in answer_columns(targets)]


def target_columns(targets: BagTargets, rows: np.ndarray) -> dict[str, np.ndarray]:
    """What stands beside `label` in predictions: nothing, `label_<task>…`, or `value`."""
    if targets.kind == "tasks":
        return {f"label_{name}": targets.values[rows, i] for i, name in enumerate(targets.names)}
    return {} if targets.kind == "classes" else {VALUE: targets.values[rows, 0].astype(np.float64)}


def fit_figures(targets: BagTargets, rows: np.ndarray, answers: np.ndarray) -> dict[str, float]:
    """Figures of a validation part.

    Args:
        targets: of all bags.
        rows: `(n,)` int, which bags were answered.
        answers: `(n, outputs)` float.

    Returns:
        `loss` and others by name.
    """
    values = targets.values[rows]
    if targets.kind == "tasks":
        return task_figures(values, answers)
    if targets.kind == "log_dose":
        found = dose_metrics(values[:, 0], answers[:, 0])
        return {"loss": found["rmse"] ** 2} | found
    found = class_metrics(values, answers, targets.classes)
    return {"loss": found["log_loss"]} | {k: found[k] for k in ("accuracy", "f1", "auroc")}


def figures_table(targets: BagTargets, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tidy figures of every model's answers, `model, fold, metric, value, low, high`.

    Args:
        targets: what is asked.
        frames: by model `group, fold, label…` and `answer_columns`; groups are resampled whole.
    """
    if targets.kind == "tasks":
        return task_metrics_table(frames, targets.names)
    if targets.kind == "log_dose":
        return dose_metrics_table(frames)
    return metrics_table(dict(frames), targets.classes)
