"""Answers of a table's model for rows that it did not see, on the folds of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.pipelines.folds import held_out_folds, held_out_rows


class Model(Protocol):
    """What a classifier of scikit-learn's form offers."""

    classes_: np.ndarray

    def fit(self, columns: pd.DataFrame, labels: np.ndarray) -> Model:
        """Fits it."""

    def predict_proba(self, columns: pd.DataFrame) -> np.ndarray:
        """Returns `(rows, classes)` probabilities."""


def out_of_fold(
    manifest: pd.DataFrame,
    columns_of: Callable[[int], pd.DataFrame],
    make: Callable[[], Model],
    classes: tuple[str, ...],
) -> pd.DataFrame:
    """Fits a model for every fold on what the fold does not hold out, and asks it for the rest.

    A validation part of a run is trained on here: nothing follows it. Columns that a fold's
    training part lacks altogether are left out of that fold.

    Args:
        manifest: of `folds.assign_folds`.
        columns_of: from a fold to the inputs of every row, on the manifest's index; a row whose
            inputs are all NaN has no answer and is not trained on.
        make: returns an unfitted model.
        classes: class names.

    Returns:
        `key, group, fold, label, p_<class>…` of the trained rows that are held out once; NaN
        where there is no answer.

    Raises:
        DataError: a training part has no row with inputs, or lacks a class.

    Example:
        >>> out_of_fold(manifest, lambda fold: table, LogisticRegression, ("a", "b"))
        ... # doctest: +SKIP
    """
    asked = manifest[manifest["trained"] & (manifest["fold"] >= 0)]
    answers = pd.DataFrame(
        np.nan, index=asked.index, columns=[f"p_{name}" for name in classes], dtype=float
    )
    for fold in held_out_folds(manifest):
        columns = columns_of(fold)
        known = columns.notna().any(axis=1)
        held_out = held_out_rows(manifest, fold) & manifest["trained"] & known
        seen = manifest["trained"] & ~held_out_rows(manifest, fold) & known
        _check(manifest.loc[seen, "label"], len(classes), fold)
        used = columns.columns[columns[seen].notna().any()]
        model = make().fit(columns.loc[seen, used], manifest.loc[seen, "label"].to_numpy())
        if held_out.any():
            found = model.predict_proba(columns.loc[held_out, used])
            answers.loc[held_out[held_out].index, answers.columns[model.classes_]] = found
    return asked[["key", "group", "fold", "label"]].join(answers).reset_index(drop=True)


def _check(labels: pd.Series, n_classes: int, fold: int) -> None:
    missing = sorted(set(range(n_classes)) - set(labels))
    if missing:
        raise DataError(
            f"Expected rows with features of every class to train on; fold {fold} leaves none of "
            f"class {missing}.",
            fix="Ask for fewer folds, or look at the wells without cells.",
        )
