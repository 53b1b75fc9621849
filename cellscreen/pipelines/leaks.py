"""What folds cannot keep apart: copies of an image across folds, and metadata that give the label.

`folds.check_manifest` stops at a group or a file in two folds; what is found here is a matter of
degree, so it is said with its figure and the training goes on.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from cellscreen.pipelines.copies import copy_warnings
from cellscreen.plates.key import well_position

NAMED = 3
MARGIN, STANDARD_ERRORS = 0.1, 3.0
MOST_FITS = 20  # of a column's prediction; more folds than that are held out several at a time


def leak_warnings(manifest: pd.DataFrame, frame: pd.DataFrame) -> list[str]:
    """Leaks that remain in a checked manifest, as sentences with their figures.

    Args:
        manifest: of `folds.assign_folds`.
        frame: the records' metadata on the same index, `perceptual_hash` among its columns.

    Returns:
        One sentence a finding; none where nothing was found.
    """
    trained = manifest[manifest["trained"]]
    batch = trained.get("Metadata_batch", pd.Series("", index=trained.index))
    warnings = copy_warnings(manifest, frame["perceptual_hash"].loc[manifest.index])
    warnings += _by_block("plate", trained["Metadata_Plate"].astype(str), trained)
    warnings += _by_block("batch", batch.fillna("").astype(str), trained)
    positions = trained["Metadata_Well"].map(well_position)
    if positions.notna().all() and positions.nunique() > 1:
        warnings += _by_prediction("well position", position_columns(positions), trained)
    return warnings


def position_columns(positions: pd.Series) -> np.ndarray:
    """Row, column and well of positions such as `A01`, as `(n, 3)` text to one-hot encode."""
    letters = positions.str.extract(r"^([A-Z]+)(\d+)$")
    return np.column_stack([letters[0], letters[1], positions]).astype(object)


def _by_block(name: str, values: pd.Series, trained: pd.DataFrame) -> list[str]:
    """What a plate or batch gives away; one with a single well each is a group, not a block."""
    wells = trained["Metadata_Plate"].astype(str) + "/" + trained["Metadata_Well"].astype(str)
    if not 1 < values.nunique() < wells.nunique():
        return []
    classes = trained.groupby(values)["label"]
    plural = "batches" if name == "batch" else f"{name}s"
    if (classes.nunique() == 1).all():
        some = ", ".join(list(dict.fromkeys(values))[:NAMED])
        return [
            f"Every {name} holds one class only ({values.nunique()} {plural}, such as {some}): "
            f"{name} and class cannot be told apart by design."
        ]
    if (trained.groupby(values)["fold"].nunique() > 1).any():
        return _by_prediction(name, values.to_numpy(object)[:, None], trained)
    purity = classes.agg(lambda labels: labels.value_counts().iloc[0]).sum() / len(trained)
    majority = trained["label"].value_counts(normalize=True).iloc[0]
    if purity <= (1 + majority) / 2:
        return []
    return [
        f"The {name} gives the label of {purity:.3f} of the images (majority class "
        f"{majority:.3f}); as no {name} is in two folds, held-out images cannot show it."
    ]


def _by_prediction(name: str, columns: np.ndarray, trained: pd.DataFrame) -> list[str]:
    """Warns where a column alone predicts held-out labels beyond what chance does by group."""
    scored = (trained["fold"] >= 0).to_numpy()
    labels = trained["label"].to_numpy()
    classes = np.unique(labels)
    scores = _held_out_scores(columns, labels, classes, _few_folds(trained))[scored]
    labels, held_out = labels[scored], trained[scored]
    accuracy = float((classes[scores.argmax(axis=1)] == labels).mean())
    majority = float((labels[:, None] == classes).mean(axis=0).max())
    auroc = float(roc_auc_score(labels, scores[:, 1])) if len(classes) == 2 else 0.0
    for_accuracy, for_auroc = _chance(held_out, majority)
    if accuracy <= majority + for_accuracy and auroc <= 0.5 + for_auroc:
        return []
    ranked = f", AUROC {auroc:.3f}" if len(classes) == 2 else ""
    return [
        f"The {name} alone predicts the label of held-out images with accuracy "
        f"{accuracy:.3f} (majority class {majority:.3f}){ranked}: a net may learn the {name} "
        "instead of the cells."
    ]


def _held_out_scores(
    columns: np.ndarray, labels: np.ndarray, classes: np.ndarray, folds: np.ndarray
) -> np.ndarray:
    """Probabilities `(n, classes)` of each row by the rows of other folds; 0 where not held out."""
    scores = np.zeros((len(labels), len(classes)))
    for fold in np.unique(folds[folds >= 0]):
        train, test = folds != fold, folds == fold
        seen = np.flatnonzero(np.isin(classes, labels[train]))
        if len(seen) == 1:
            scores[test, seen] = 1
            continue
        model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
        model.fit(columns[train], labels[train])
        scores[np.ix_(test, seen)] = model.predict_proba(columns[test])
    return scores


def _few_folds(trained: pd.DataFrame) -> np.ndarray:
    """Folds `(n,)`, dealt over `MOST_FITS` by their class where there are more; -1 stays."""
    folds = trained["fold"]
    in_turn = trained[folds >= 0].groupby("fold")["label"].agg(lambda part: part.mode()[0])
    turn = in_turn.sort_values(kind="stable").index
    dealt = {fold: number % MOST_FITS for number, fold in enumerate(turn)}
    return folds.to_numpy() if len(turn) <= MOST_FITS else folds.map(dealt).fillna(-1).to_numpy()


def _chance(trained: pd.DataFrame, majority: float) -> tuple[float, float]:
    """Rises of accuracy and AUROC that chance may give: images of a group are not independent."""
    n_groups = trained["group"].nunique()
    sizes = trained.groupby("label")["group"].nunique().to_numpy(np.float64)
    accuracy = np.sqrt(majority * (1 - majority) / n_groups)
    auroc = np.sqrt((sizes.sum() + 1) / (12 * sizes.prod()))  # of the Mann-Whitney statistic
    return max(MARGIN, STANDARD_ERRORS * accuracy), max(MARGIN, STANDARD_ERRORS * auroc)
