"""What can be had without a net, on the same folds: printed beside every model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from cellscreen.pipelines.leaks import position_columns
from cellscreen.plates.key import well_position

BASELINES = ("majority_class", "well_position", "edge_density")


def baseline_predictions(
    manifest: pd.DataFrame, edge_density: pd.Series
) -> dict[str, pd.DataFrame]:
    """Out-of-fold scores of every baseline for the trained rows of a manifest.

    `majority_class` answers with the frequency of the positive class in the training part,
    `well_position` is a logistic regression on row, column and well (undefined where wells have
    no position, such as dishes), `edge_density` one on the share of edge pixels.

    Args:
        manifest: of `assign_folds`, labels 0 and 1.
        edge_density: share of edge pixels of every row, on the manifest's index.

    Returns:
        For each of `BASELINES` a frame `key, fold, label, score`.
    """
    rows = manifest[manifest["trained"]]
    positions = rows["Metadata_Well"].map(well_position)
    inputs = {
        "well_position": None if positions.isna().any() else position_columns(positions),
        "edge_density": edge_density.loc[rows.index].to_numpy()[:, None],
    }
    encoders = {
        "well_position": OneHotEncoder(handle_unknown="ignore"),
        "edge_density": StandardScaler(),
    }
    scores = {name: np.full(len(rows), np.nan) for name in BASELINES}
    labels, folds = rows["label"].to_numpy(), rows["fold"].to_numpy()
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        scores["majority_class"][test] = labels[train].mean()
        for name, columns in inputs.items():
            if columns is not None:
                model = make_pipeline(encoders[name], LogisticRegression())
                model.fit(columns[train], labels[train])
                scores[name][test] = model.predict_proba(columns[test])[:, 1]
    frame = rows[["key", "fold", "label"]]
    return {name: frame.assign(score=values) for name, values in scores.items()}
