"""What bags give without a net, whatever is asked: majority, well position, cell count."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from cellscreen.judging.baselines import POSITION, baseline_predictions
from cellscreen.judging.task_metrics import BINARY
from cellscreen.pipelines.leaks import position_columns
from cellscreen.plates.key import well_position
from cellscreen.training.bags.targets import BagTargets

MEAN_DOSE, ANSWER, VALUE = "mean_dose", "answer", "value"


def bag_baselines(
    manifest: pd.DataFrame, targets: BagTargets, features: Mapping[str, pd.Series]
) -> dict[str, pd.DataFrame]:
    """Out-of-fold answers of every baseline for the trained rows that are held out.

    Of classes as `baselines.baseline_predictions`; of tasks the same for each; of doses the mean of
    the training part, a ridge regression on row, column and well, and a linear one on each feature.

    Args:
        manifest: of the bags, row for row as `targets.values`.
        targets: what is asked.
        features: by name of the baseline the feature of every row, on the manifest's index.

    Returns:
        For each baseline a frame `key, group, fold, label` and `p_<class>…`, or `label_<task>…` and
        `p_<task>…`, or `value` and `answer`.

    Example:
        >>> list(bag_baselines(data.manifest, data.targets, data.features))  # doctest: +SKIP
        ['majority_class', 'well_position', 'cell_count']
    """
    if targets.kind == "classes":
        return baseline_predictions(manifest, targets.classes, features)
    if targets.kind == "tasks":
        return _of_tasks(manifest, targets, features)
    return _of_doses(manifest, targets.values[:, 0], features)


def _of_tasks(
    manifest: pd.DataFrame, targets: BagTargets, features: Mapping[str, pd.Series]
) -> dict[str, pd.DataFrame]:
    held_out = manifest[manifest["trained"] & (manifest["fold"] >= 0)]
    labels = [f"label_{task}" for task in targets.names]
    known = held_out[["key", "group", "fold", "label", *labels]]
    frames: dict[str, pd.DataFrame] = {}
    for task in targets.names:
        label = manifest[f"label_{task}"]
        asked = manifest.assign(label=label, trained=manifest["trained"] & (label >= 0))
        for name, answers in baseline_predictions(asked, BINARY, features).items():
            positive = answers[["key", "p_positive"]].rename(columns={"p_positive": f"p_{task}"})
            frames[name] = frames.get(name, known).merge(positive, on="key", how="left")
    return frames


def _of_doses(
    manifest: pd.DataFrame, values: np.ndarray, features: Mapping[str, pd.Series]
) -> dict[str, pd.DataFrame]:
    rows = manifest[manifest["trained"]]
    values = values[rows.index]
    positions = rows["Metadata_Well"].map(well_position)
    columns: dict[str, np.ndarray | None] = {
        MEAN_DOSE: np.zeros((len(rows), 1)),
        POSITION: None if positions.isna().any() else position_columns(positions),
    }
    for name, feature in features.items():
        column = feature.loc[rows.index].to_numpy(np.float64)[:, None]
        columns[name] = column if np.isfinite(column).all() else None
    return {name: _dose_answers(name, rows, values, inputs) for name, inputs in columns.items()}


def _dose_answers(
    name: str, rows: pd.DataFrame, values: np.ndarray, columns: np.ndarray | None
) -> pd.DataFrame:
    folds, answers = rows["fold"].to_numpy(), np.full(len(rows), np.nan)
    for fold in np.unique(folds[folds >= 0]):
        if columns is not None:
            train, test = folds != fold, folds == fold
            model = LinearRegression()
            if name == POSITION:
                model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), Ridge())
            answers[test] = model.fit(columns[train], values[train]).predict(columns[test])
    frame = rows[["key", "group", "fold", "label"]].assign(**{VALUE: values, ANSWER: answers})
    return frame[folds >= 0].reset_index(drop=True)
