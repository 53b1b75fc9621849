"""How a score follows dose and controls: figures over a whole plate, pooled over its folds.

Nine wells of one row say nothing: dose rises with the column there, and a net that knows
nothing but the column agrees with it. So a compound's figure takes all its rows, comes with the
range that chance gives, and the controls are asked separately.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score

from cellscreen.errors import ScoreError
from cellscreen.screening.scores import IMAGE, TREATMENT, aggregate, check_scores, one_level

_FEWEST_DOSES = 3
_ONE_OF = ("unit", "cell_line", "model_id")
NAN = float("nan")


@dataclasses.dataclass(frozen=True)
class DoseCorrelation:
    """Spearman's correlation of a compound's scores with its concentrations.

    Attributes:
        compound: its name.
        rho: the correlation over wells; NaN if all scores are equal.
        low: lower end of its bootstrap 95 % interval (wells drawn with replacement).
        high: upper end.
        null: half-width of the middle 95 % of what shuffled scores give.
        p: two-sided permutation p.
        n_wells: wells it rests on.
        n_doses: different concentrations among them.
        note: why `rho` is undefined, else empty.
    """

    compound: str
    rho: float
    low: float
    high: float
    null: float
    p: float
    n_wells: int
    n_doses: int
    note: str = ""


@dataclasses.dataclass(frozen=True)
class ControlMetrics:
    """How the controls of a plate are told apart.

    Attributes:
        auc: area under the ROC curve of positive against negative control wells; NaN if one of
            them is missing.
        accuracy: share of control wells on the right side of the threshold; NaN likewise.
        n_positive: positive control wells.
        n_negative: negative control wells.
        empty_negative: share of empty wells below the threshold; NaN without empty wells.
        n_empty: empty wells.
        notes: what is undefined, and why.
    """

    auc: float
    accuracy: float
    n_positive: int
    n_negative: int
    empty_negative: float
    n_empty: int
    notes: tuple[str, ...] = ()


def dose_correlation(
    scores: pd.DataFrame, compound: str, column: str, *, seed: int = 0, draws: int = 2000
) -> DoseCorrelation:
    """Returns Spearman's correlation of score and dose over all treated wells of a compound.

    Args:
        scores: a score table of images or wells; its folds are pooled. Wells with
            control_type=trt are the dose series.
        compound: `pert_iname`, one: doses of two compounds have no common order of effect.
        column: the score, `Score_<task>_<class>`.
        seed: of the draws.
        draws: how often wells are drawn, and scores shuffled.

    Raises:
        ScoreError: no such compound; two units, cell lines or models in its wells; fewer than
            three doses; or each dose in a single well.
    """
    wells = _wells(scores, column)
    wells = wells[(wells["control_type"] == "trt") & (wells["pert_iname"] == compound)]
    _check_series(wells, compound)
    dose = wells["concentration_um"].to_numpy(dtype=float)
    score = wells[column].to_numpy(dtype=float)
    counts = (len(wells), len(np.unique(dose)))
    if np.ptp(score) == 0:
        note = f"All {len(wells)} wells of {compound} have one score: no correlation is defined."
        return DoseCorrelation(compound, NAN, NAN, NAN, NAN, NAN, *counts, note)
    rng = np.random.default_rng(seed)
    rho = float(_spearman(dose[None], score[None])[0])
    drawn = rng.integers(len(wells), size=(draws, len(wells)))
    low, high = np.nanquantile(_spearman(dose[drawn], score[drawn]), [0.025, 0.975])
    shuffled = rng.permuted(np.tile(score, (draws, 1)), axis=1)
    by_chance = np.abs(_spearman(np.tile(dose, (draws, 1)), shuffled))
    p = (1 + int((by_chance >= abs(rho) - 1e-12).sum())) / (draws + 1)
    null = float(np.quantile(by_chance, 0.95))
    return DoseCorrelation(compound, rho, float(low), float(high), null, p, *counts)


def control_metrics(scores: pd.DataFrame, column: str, threshold: float = 0.5) -> ControlMetrics:
    """Returns AUC and accuracy over control wells, and how empty wells are called.

    Args:
        scores: a score table of images or wells; its folds, rows and compounds are pooled.
            control_type is poscon, negcon or empty; other wells are not looked at.
        column: the score of the positive class.
        threshold: from this score on a well is called positive.

    Raises:
        ScoreError: no control well at all, or no control_type.
    """
    wells = _wells(scores, column)
    by_type = {name: part[column].to_numpy(float) for name, part in wells.groupby("control_type")}
    positive, negative, empty = (
        by_type.get(name, np.empty(0)) for name in ("poscon", "negcon", "empty")
    )
    if not len(positive) and not len(negative):
        raise ScoreError(
            "Expected control wells (control_type poscon or negcon), got none.",
            fix="State control_type in images.csv and score again.",
        )
    auc, accuracy, notes = NAN, NAN, []
    if len(positive) and len(negative):
        truth = np.repeat([1, 0], [len(positive), len(negative)])
        auc = float(roc_auc_score(truth, np.concatenate([positive, negative])))
        right = (positive >= threshold).sum() + (negative < threshold).sum()
        accuracy = float(right / len(truth))
    else:
        absent = "negative" if len(positive) else "positive"
        notes.append(f"No {absent} control wells: AUC and accuracy are undefined.")
    if not len(empty):
        notes.append("No empty wells: how they are called is undefined.")
    called = float((empty < threshold).mean()) if len(empty) else NAN
    return ControlMetrics(
        auc, accuracy, len(positive), len(negative), called, len(empty), tuple(notes)
    )


def _wells(scores: pd.DataFrame, column: str) -> pd.DataFrame:
    check_scores(scores)
    needed = ["Metadata_control_type", "Metadata_pert_iname", "Metadata_concentration_um", column]
    missing = [name for name in needed if name not in scores]
    if missing or one_level(scores) == TREATMENT:
        what = f"missing: {', '.join(missing)}" if missing else "got a table of treatments"
        raise ScoreError(
            f"Expected scores of images or wells with their compounds and doses, {what}.",
            fix="State the columns in images.csv, and start from what `cellscreen score` wrote.",
        )
    wells = aggregate(scores) if one_level(scores) == IMAGE else scores
    return wells.rename(columns=lambda name: name.removeprefix("Metadata_"))


def _check_series(wells: pd.DataFrame, compound: str) -> None:
    if wells.empty:
        raise ScoreError(
            f"Expected wells of {compound} with control_type=trt, got none.",
            fix="Name a compound as pert_iname does.",
        )
    for name in _ONE_OF:
        values = sorted(map(str, wells[name].unique())) if name in wells else []
        if len(values) > 1:
            raise ScoreError(
                f"Expected one {name} in the wells of {compound}, got {', '.join(values)}.",
                fix="Give each apart; pooled, their order means nothing.",
            )
    unknown = wells[wells["concentration_um"].isna()]
    if not unknown.empty:
        raise ScoreError(
            f"Expected concentration_um for every well of {compound}, got NaN.",
            plate=str(unknown["Plate"].iloc[0]),
            well=str(unknown["Well"].iloc[0]),
            fix="State the concentration in images.csv and score again.",
        )
    doses = wells["concentration_um"].nunique()
    if doses < _FEWEST_DOSES or doses == len(wells):
        raise ScoreError(
            f"Expected at least {_FEWEST_DOSES} doses of {compound}, some in more than one well, "
            f"got {doses} doses in {len(wells)} wells.",
            fix="Pool all rows of the compound: one row confounds dose with the column.",
        )


def _spearman(dose: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Returns `(rows,)`: correlation of the ranks of each row; NaN where one is constant."""
    ranks = [stats.rankdata(values, axis=1) for values in (dose, score)]
    x, y = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    scale = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    product = (x * y).sum(axis=1)
    return np.divide(product, scale, out=np.full(len(x), np.nan), where=scale > 0)
