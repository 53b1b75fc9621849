"""The sanity check of paper 002: do features tell control cells from treated ones at all?

Supplement, "Sanity Check": a logistic regression on the features, an accuracy of 0.79. An accuracy
says little without the share of the larger class, and little of compounds where cells of one well
are on both sides; so it stands beside that share, with an AUROC, under each split.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cellscreen.comparators.out_of_fold import out_of_fold
from cellscreen.comparators.tabular import logistic
from cellscreen.judging.intervals import bootstrap_intervals
from cellscreen.judging.metrics import class_metrics
from cellscreen.plates.columns import CONTROL_TYPE

CONTROL, TREATED = "negcon", "trt"
CLASSES = (CONTROL, TREATED)
MAJORITY, ACCURACY, AUROC = "majority_share", "accuracy", "auroc"
COLUMNS = ["metric", "value", "low", "high", "n_cells", "n_wells"]


def sanity_figures(features: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Control against treated cells by logistic regression, out of fold.

    Args:
        features: a row a cell, on the manifest's index, NaN where undefined.
        manifest: folds of the cells, `Metadata_control_type` among the columns.

    Returns:
        `metric, value, low, high, n_cells, n_wells` of `accuracy`, `auroc` (of treated) and
        `majority_share`, the accuracy of whoever always says the larger class; 95 % intervals
        over wells. Undefined where no fold has control and treated cells on both sides.

    Example:
        >>> sanity_figures(cell_features(data), data.manifest)  # doctest: +SKIP
    """
    kind = manifest.get(CONTROL_TYPE, pd.Series("", index=manifest.index)).astype(str)
    known = manifest["trained"] & kind.isin(CLASSES)
    asked = manifest.assign(label=(kind == TREATED).astype(int), trained=known)
    if not _both_sides(asked):
        return _rows({}, {}, asked.iloc[:0])
    answers = out_of_fold(asked, lambda _: features, logistic, CLASSES).dropna()
    rows = asked.set_index("key").loc[answers["key"]]
    labels = answers["label"].to_numpy()
    found = answers[[f"p_{name}" for name in CLASSES]].to_numpy()
    values = class_metrics(labels, found, CLASSES)
    ends = bootstrap_intervals(labels, found, _wells(rows).to_numpy(str), CLASSES)
    return _rows(values, ends, rows)


def _both_sides(asked: pd.DataFrame) -> bool:
    """Whether every fold has cells of both kinds to train on, and any to be asked."""
    trained = asked[asked["trained"]]
    folds = [fold for fold in trained["fold"].unique() if fold >= 0]
    seen = [trained.loc[trained["fold"] != fold, "label"].nunique() for fold in folds]
    return bool(seen) and min(seen) == len(CLASSES)


def _wells(rows: pd.DataFrame) -> pd.Series:
    return rows["Metadata_Plate"].astype(str) + "/" + rows["Metadata_Well"].astype(str)


def _rows(values: dict, ends: dict, rows: pd.DataFrame) -> pd.DataFrame:
    nothing = float("nan")
    counts = np.bincount(rows["label"], minlength=len(CLASSES)) if len(rows) else np.zeros(2)
    share = counts.max() / counts.sum() if counts.sum() else nothing
    lines = [
        (name, values.get(name, nothing), *ends.get(name, (nothing, nothing)))
        for name in (ACCURACY, AUROC)
    ]
    lines.append((MAJORITY, share, nothing, nothing))
    table = pd.DataFrame(lines, columns=COLUMNS[:4])
    return table.assign(n_cells=len(rows), n_wells=_wells(rows).nunique() if len(rows) else 0)
