"""What can be had without a net, on the same folds: printed beside every model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from cellscreen.pipelines.leaks import position_columns
from cellscreen.plates.key import well_position

MAJORITY, POSITION = "majority_class", "well_position"


def baseline_predictions(
    manifest: pd.DataFrame, classes: tuple[str, ...], features: Mapping[str, pd.Series]
) -> dict[str, pd.DataFrame]:
    """Out-of-fold probabilities of every baseline for the held-out rows of a manifest.

    `majority_class` answers with the frequencies of the classes in the training part,
    `well_position` is a logistic regression on row, column and well (undefined where wells have
    no position, such as dishes), each further one a logistic regression on one feature (undefined
    where any image lacks it).

    Args:
        manifest: of `assign_folds`; trained rows of fold -1 are in every training part, and so
            are those set apart for validation.
        classes: class names, in the order of the labels.
        features: by name of the baseline the feature of every row, on the manifest's index, such
            as the share of edge pixels.

    Returns:
        For each baseline a frame `key, group, fold, label, p_<class>…` of the trained rows that
        are held out once; NaN where the baseline has no answer.

    Example:
        >>> frames = baseline_predictions(  # doctest: +SKIP
        ...     manifest, ("normoxia", "hypoxia"), {"edge_density": frame["edge_density"]}
        ... )
        >>> list(frames)  # doctest: +SKIP
        ['majority_class', 'well_position', 'edge_density']
    """
    rows = manifest[manifest["trained"]]
    positions = rows["Metadata_Well"].map(well_position)
    columns: dict[str, np.ndarray | None] = {
        MAJORITY: np.zeros((len(rows), 0)),
        POSITION: None if positions.isna().any() else position_columns(positions),
    }
    for name, feature in features.items():
        values = feature.loc[rows.index].to_numpy(np.float64)[:, None]
        columns[name] = values if np.isfinite(values).all() else None
    return {name: _out_of_fold(name, rows, inputs, classes) for name, inputs in columns.items()}


def _out_of_fold(
    name: str, rows: pd.DataFrame, columns: np.ndarray | None, classes: tuple[str, ...]
) -> pd.DataFrame:
    labels, folds = rows["label"].to_numpy(), rows["fold"].to_numpy()
    probabilities = np.full((len(rows), len(classes)), np.nan)
    for fold in np.unique(folds[folds >= 0]):
        train, test = folds != fold, folds == fold
        seen = np.bincount(labels[train], minlength=len(classes))
        if name == MAJORITY and seen.any():
            probabilities[test] = seen / seen.sum()
        elif columns is not None and np.count_nonzero(seen) > 1:
            model = _model(name).fit(columns[train], labels[train])
            answers = np.zeros((test.sum(), len(classes)))
            answers[:, model.classes_] = model.predict_proba(columns[test])
            probabilities[test] = answers
    frame = rows[["key", "group", "fold", "label"]].assign(
        **{f"p_{label}": probabilities[:, number] for number, label in enumerate(classes)}
    )
    return frame[folds >= 0].reset_index(drop=True)


def _model(name: str) -> Pipeline:
    one_hot = OneHotEncoder(handle_unknown="ignore")
    return make_pipeline(one_hot if name == POSITION else StandardScaler(), LogisticRegression())
