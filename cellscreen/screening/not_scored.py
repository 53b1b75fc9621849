"""Rows of a score table that have no score, and their reasons."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from cellscreen.errors import ScoreError

LOGGER = logging.getLogger(__name__)
NOT_SCORED = "Metadata_not_scored"


def is_lost(scores: pd.DataFrame) -> pd.Series:
    """Which rows say that they were not scored.

    Example:
        >>> is_lost(pd.DataFrame({"Metadata_not_scored": ["", "no cells"]})).tolist()
        [False, True]
    """
    if NOT_SCORED not in scores:
        return pd.Series(False, index=scores.index)
    return scores[NOT_SCORED].fillna("") != ""


def scored_rows(scores: pd.DataFrame, file: str | Path) -> pd.DataFrame:
    """The rows that are scored, without the column of reasons; a warning tells of the others.

    Args:
        scores: a score table.
        file: where it lies, for messages.

    Raises:
        ScoreError: no row is scored.
    """
    lost = is_lost(scores)
    if not lost.any():
        return scores.drop(columns=NOT_SCORED, errors="ignore")
    reasons = ", ".join(sorted(set(scores[NOT_SCORED][lost])))
    if lost.all():
        raise ScoreError(
            f"Expected a scored row; none of {len(scores)} is: {reasons}.",
            file=file,
            fix="Look at the segmentation of these images.",
        )
    LOGGER.warning(
        "%s: %d of %d rows (such as %s) were not scored, and are left out: %s.",
        *(file, lost.sum(), len(scores), scores.loc[lost, "key"].iloc[0], reasons),
    )
    return scores[~lost].drop(columns=NOT_SCORED).reset_index(drop=True)


def common_reason(reasons: pd.Series) -> str:
    """Why none of a group's rows is scored; empty where one is."""
    reasons = reasons.fillna("")
    return "" if (reasons == "").any() else ", ".join(sorted(set(reasons)))
