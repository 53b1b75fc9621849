"""Score against concentration: each compound's wells, and their mean and spread by dose.

MID, Figure 2d: scores of inhibitors rise with the concentration, those of others stay below 0.5.
Low doses mostly look like the vehicle, so a compound's mean over all doses hides what its top
doses say: both are told.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cellscreen.errors import ScoreError
from cellscreen.screening.scores import IMAGE, TREATMENT, aggregate, check_scores, one_level

TREATED, VEHICLE = "trt", "negcon"
_NAME, _DOSE, _TYPE = "Metadata_pert_iname", "Metadata_concentration_um", "Metadata_control_type"
_NEEDED = (_NAME, _DOSE, _TYPE)
POINT_COLUMNS = ("compound", "concentration_um", "plate", "well", "score", "deviation", "fold")


def dose_points(scores: pd.DataFrame, column: str) -> pd.DataFrame:
    """The wells of all compounds with their doses.

    Args:
        scores: a score table of images or wells; images of a well are averaged.
        column: the score, `Score_<task>_<class>`.

    Returns:
        A row a treated well with a known dose (every well with one, where no `control_type` is
        stated at all), by compound, dose, plate and well: `compound,
        concentration_um, plate, well, score, deviation` (SD of the score's own draws; NaN where
        there is none), `fold`.

    Raises:
        ScoreError: a column is missing, or the table is of treatments: its wells are lost.
    """
    wells = _wells(scores, column)
    # Where no well states what it is for, none is known to be a control.
    stated = wells[_TYPE].fillna("").astype(str) != ""
    is_treated = wells[_TYPE].eq(TREATED) if stated.any() else ~stated
    treated = wells[is_treated & wells[_DOSE].notna()]
    deviation = treated.get(f"{column}_sd", np.nan)
    points = pd.DataFrame(
        {
            "compound": treated[_NAME],
            "concentration_um": treated[_DOSE].astype(float),
            "plate": treated["Metadata_Plate"],
            "well": treated["Metadata_Well"],
            "score": treated[column].astype(float),
            "deviation": deviation,
            "fold": treated["fold"],
        }
    )
    order = ["compound", "concentration_um", "plate", "well"]
    return points.sort_values(order, ignore_index=True)


def dose_scores(points: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread of the replicates of each compound and dose.

    Args:
        points: of `dose_points`.

    Returns:
        A row a compound and dose: `compound, concentration_um, n_wells, mean, sd` (over wells,
        n - 1; NaN with one well), `low, high` (the extreme wells).

    Example:
        >>> points = pd.DataFrame(
        ...     {"compound": "a", "concentration_um": 1.0, "score": [0.2, 0.4]}, index=[0, 1]
        ... )
        >>> dose_scores(points)["mean"].round(2).tolist()
        [0.3]
    """
    groups = points.groupby(["compound", "concentration_um"])["score"]
    found = groups.agg(n_wells="size", mean="mean", sd="std", low="min", high="max")
    return found.reset_index()


def vehicle_scores(scores: pd.DataFrame, column: str) -> pd.Series:
    """The scores of the vehicle's wells, the level that inactive doses have."""
    wells = _wells(scores, column)
    return wells.loc[wells[_TYPE] == VEHICLE, column].astype(float).reset_index(drop=True)


def compound_scores(doses: pd.DataFrame) -> pd.DataFrame:
    """One row a compound: over all doses alike, and at its highest dose.

    Args:
        doses: of `dose_scores`.

    Returns:
        By falling score of the highest dose: `compound, n_doses, n_wells, mean` (over all wells),
        `top_um, top_mean, top_sd, rise` (highest dose - lowest dose; NaN with one dose).
    """
    rows = []
    for compound, part in doses.sort_values("concentration_um").groupby("compound"):
        top, lowest = part.iloc[-1], part.iloc[0]
        rows.append(
            {
                "compound": compound,
                "n_doses": len(part),
                "n_wells": int(part["n_wells"].sum()),
                "mean": float(np.average(part["mean"], weights=part["n_wells"])),
                "top_um": top["concentration_um"],
                "top_mean": top["mean"],
                "top_sd": top["sd"],
                "rise": top["mean"] - lowest["mean"] if len(part) > 1 else np.nan,
            }
        )
    columns = ["compound", "n_doses", "n_wells", "mean", "top_um", "top_mean", "top_sd", "rise"]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values(["top_mean", "compound"], ascending=[False, True], ignore_index=True)


def _wells(scores: pd.DataFrame, column: str) -> pd.DataFrame:
    check_scores(scores)
    missing = [name for name in (*_NEEDED, column) if name not in scores]
    if missing or one_level(scores) == TREATMENT:
        what = f"missing: {', '.join(missing)}" if missing else "got a table of treatments"
        raise ScoreError(
            f"Expected scores of images or wells with their compounds and doses, {what}.",
            fix="State the columns in the plate map, and start from what `cellscreen score` wrote.",
        )
    return aggregate(scores) if one_level(scores) == IMAGE else scores
