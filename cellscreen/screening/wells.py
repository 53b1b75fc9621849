"""The wells of a screen: which of them vote, against which controls, and what speaks against it."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from cellscreen.errors import ScoreError
from cellscreen.screening.scores import IMAGE, TREATMENT, aggregate, check_scores, one_level

TREATED, CONTROL = "treated", "control"
COMPOUND = ["pert_iname", "concentration_um"]
_NEEDED = ("cell_line", "batch", "condition", "control_type", "pert_iname")
HYPOXIA, VEHICLE, DRUG = "hypoxia", "negcon", "trt"
_EXPERTS = 2


def screen_wells(scores: pd.DataFrame, column: str) -> pd.DataFrame:
    """Returns the wells (or dishes) that vote, of both cell lines.

    Controls are the vehicle wells in hypoxia (condition=hypoxia, control_type=negcon), treated
    wells those of a compound in hypoxia (control_type=trt). Others do not vote. The unit is the
    well: images of one well are not independent (hypoxia paper, II.D takes five images and does
    not say of how many wells).

    Args:
        scores: a score table of images or wells, of exactly two cell lines.
        column: the score to be compared, `Score_<task>_<class>`.

    Returns:
        A row a well, in an order that does not depend on that of `scores`: cell_line, batch,
        plate, well, role (treated, control), pert_iname, concentration_um, score, n_images,
        simulated.

    Raises:
        ScoreError: a column, a control or a cell line is missing, a well has two treatments, a
            cell line two experts, or a batch several times in the chamber.
    """
    wells = _wells(scores, column)
    lines = sorted(wells["cell_line"].unique())
    if len(lines) != _EXPERTS:
        raise ScoreError(
            f"Expected scores of two cell lines, got {', '.join(lines) or 'none'}.",
            fix="Give the score tables of both experts, one for each cell line.",
        )
    _check_experts(wells)
    _check_times(wells)
    _check_concentrations(wells)
    _check_controls(wells)
    wells["simulated"] = wells["simulated"].isin([True])
    order = ["cell_line", "batch", "role", *COMPOUND, "plate", "well"]
    columns = [*order, "score", "n_images", "simulated"]
    return wells[columns].sort_values(order, ignore_index=True)


def _wells(scores: pd.DataFrame, column: str) -> pd.DataFrame:
    check_scores(scores)
    missing = [c for c in (*(f"Metadata_{n}" for n in _NEEDED), column) if c not in scores]
    if missing:
        raise ScoreError(
            f"Expected columns to vote by, missing: {', '.join(missing)}.",
            fix="State them in images.csv (or name task and class of the experts) and score again.",
        )
    level = one_level(scores)
    if level == TREATMENT:
        raise ScoreError(
            "Expected scores of images or wells, got treatments: their wells are lost.",
            fix="Start from the parquet that `cellscreen score` wrote.",
        )
    condition, control_type = scores["Metadata_condition"], scores["Metadata_control_type"]
    votes = condition.isin([HYPOXIA]) & control_type.isin([VEHICLE, DRUG])
    chosen = scores[votes]
    if chosen.empty:
        raise ScoreError(
            "Expected wells in hypoxia with control_type negcon or trt, got none.",
            fix="State condition and control_type in images.csv and score again.",
        )
    _check_stated(chosen)
    wells = aggregate(chosen) if level == IMAGE else chosen
    wells = wells.rename(columns=lambda name: name.removeprefix("Metadata_"))
    wells = wells.rename(columns={"Plate": "plate", "Well": "well", column: "score"})
    wells["role"] = np.where(wells["control_type"] == VEHICLE, CONTROL, TREATED)
    for name in ("concentration_um", "hours", "simulated"):
        if name not in wells:
            wells[name] = np.nan
    return wells


def _check_stated(scores: pd.DataFrame) -> None:
    for name in ("cell_line", "batch", "pert_iname"):
        values = scores[f"Metadata_{name}"]
        unstated = scores[values.isna() | (values.astype(str) == "")]
        if not unstated.empty:
            first = unstated.iloc[0]
            raise ScoreError(
                f"Expected {name} for every well of the screen, got none for {first['key']!r} and "
                f"{len(unstated) - 1} more.",
                plate=str(first["Metadata_Plate"]),
                well=str(first["Metadata_Well"]),
                fix=f"State {name} in images.csv and score again.",
            )


def _check_experts(wells: pd.DataFrame) -> None:
    for line, models in wells.groupby("cell_line")["model_id"].unique().items():
        if len(models) > 1:
            raise ScoreError(
                f"Expected one expert for {line}, got {', '.join(sorted(map(str, models)))}.",
                fix=f"Score all wells of {line}, controls too, with the same model.",
            )


def _check_times(wells: pd.DataFrame) -> None:
    for place, hours in wells.groupby(["cell_line", "batch"])["hours"].unique().items():
        line, batch = cast(tuple[str, str], place)
        if len(hours) > 1:
            raise ScoreError(
                f"Expected one time in the chamber for {line} in batch {batch}, got "
                f"{', '.join(f'{hour:g}' for hour in sorted(hours))} hours.",
                fix="Vote on each time apart: hypoxia itself raises the score with the hours.",
            )


def _check_concentrations(wells: pd.DataFrame) -> None:
    treated = wells[wells["role"] == TREATED]
    unknown = treated["concentration_um"].isna()
    if unknown.any() and not unknown.all():
        first = treated[unknown].iloc[0]
        raise ScoreError(
            f"Expected concentration_um for every treated well or for none, got NaN for "
            f"{first['pert_iname']} and {int(unknown.sum()) - 1} more.",
            plate=str(first["plate"]),
            well=str(first["well"]),
            fix="State the concentration in images.csv and score again.",
        )


def _check_controls(wells: pd.DataFrame) -> None:
    counts = wells.groupby(["cell_line", "batch", "role"]).size().unstack(fill_value=0)
    if TREATED not in counts:
        raise ScoreError(
            "Expected wells of compounds (condition=hypoxia, control_type=trt), got controls only.",
            fix="State control_type and pert_iname in images.csv and score again.",
        )
    controls = counts.get(CONTROL, pd.Series(0, index=counts.index))
    for place, n_wells in controls[counts[TREATED] > 0].items():
        line, batch = cast(tuple[str, str], place)
        if n_wells < 2:
            raise ScoreError(
                f"Expected vehicle wells of {line} in batch {batch} to compare with "
                f"(condition=hypoxia, control_type=negcon), got {n_wells}; two are the least, "
                "24 are advised.",
                fix="Score the control plates of that batch too, or leave its wells out.",
            )
