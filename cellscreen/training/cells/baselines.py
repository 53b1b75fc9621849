"""What cells give without a net, on the same folds: majority, position, cell count, intensity.

All but the intensity are known of fields: they are fitted on fields, and each cell of a field gets
its field's answer.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from cellscreen.judging.baselines import baseline_predictions
from cellscreen.training.cells.data import CELL_COUNT, CellData

INTENSITY = "intensity"
MOST_CELLS = 20_000  # of a fold's training part that the regression on intensities is fitted on


def cell_baselines(data: CellData, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Out-of-fold answers of every baseline for the trained cells that are held out.

    `majority_class`, `well_position` and `cell_count` (cells of the field) as `baselines` has them;
    `intensity` is a logistic regression on the cell's mean intensity in each channel.

    Args:
        data: what a net was trained on.
        seed: of the choice of cells where a training part has more than 20,000.

    Returns:
        For each baseline a frame `key, group, fold, label, p_<class>…`; NaN where the baseline has
        no answer.

    Example:
        >>> list(cell_baselines(data))  # doctest: +SKIP
        ['majority_class', 'well_position', 'cell_count', 'intensity']
    """
    counts = data.images["key"].map(data.index.fields.assign(
        count=np.bincount(data.index.cells["field"], minlength=len(data.index.fields))
    ).set_index("key")["count"])  # fmt: skip
    of_images = baseline_predictions(data.images, data.classes, {CELL_COUNT: counts})
    asked = data.manifest[data.manifest["trained"] & (data.manifest["fold"] >= 0)]
    frames = {name: _of_cells(frame, asked) for name, frame in of_images.items()}
    return frames | {INTENSITY: _intensity(data, asked, seed)}


def _of_cells(frame: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Every cell with its field's answer."""
    answers = [name for name in frame if str(name).startswith("p_")]
    by_image = frame.set_index("key")[answers].loc[asked["image"]].reset_index(drop=True)
    known = asked[["key", "group", "fold", "label"]].reset_index(drop=True)
    return pd.concat([known, by_image], axis=1)


def _intensity(data: CellData, asked: pd.DataFrame, seed: int) -> pd.DataFrame:
    columns, labels = data.intensities, data.manifest["label"].to_numpy()
    folds, trained = data.manifest["fold"].to_numpy(), data.manifest["trained"].to_numpy()
    answers = np.full((len(data.manifest), len(data.classes)), np.nan)
    for fold in data.folds if columns.shape[1] else []:
        train, test = np.flatnonzero(trained & (folds != fold)), folds == fold
        if len(train) > MOST_CELLS:
            train = np.random.default_rng([seed, fold]).permutation(train)[:MOST_CELLS]
        seen = np.unique(labels[train])
        if len(seen) > 1 and test.any():
            model = _model().fit(columns[train], labels[train])
            answers[test] = 0
            answers[np.ix_(test, seen)] = model.predict_proba(columns[test])
    found = pd.DataFrame(answers[asked.index], columns=[f"p_{name}" for name in data.classes])
    known = asked[["key", "group", "fold", "label"]].reset_index(drop=True)
    return pd.concat([known, found], axis=1)


def _model() -> Pipeline:
    return make_pipeline(
        SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=500)
    )
