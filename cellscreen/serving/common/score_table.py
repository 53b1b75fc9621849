"""Answers to a score table, told of where they may flatter or are missing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from cellscreen.screening.not_scored import NOT_SCORED, is_lost
from cellscreen.serving.common.scored import Scored

LOGGER = logging.getLogger(__name__)
CELLS = "Metadata_cells"
_NOT_TEXT = ("Metadata_hours", "Metadata_concentration_um", "Metadata_simulated", CELLS)


class Model(Protocol):
    """What a score table says of the model."""

    model_id: str
    simulated: bool

    @property
    def columns(self) -> Sequence[str]:
        """Score columns, in the order of the answers."""


def score_table(
    model: Model,
    metadata: pd.DataFrame,
    keys: Sequence[str],
    scored: Sequence[Scored],
    level: str,
    n_images: Sequence[int] | int = 1,
) -> pd.DataFrame:
    """A score table of one level; see `screening.scores`.

    Rows that were not scored have NaN, and their reason in `Metadata_not_scored`; where a net that
    answers was trained on others of a row's group, `Metadata_model_saw_group` is true. Both are
    warned of.

    Args:
        model: what answered.
        metadata: a row a key; columns `Metadata_*` are taken.
        keys: of the images or wells.
        scored: their answers.
        level: `image` or `well`.
        n_images: of each row.
    """
    scores = metadata.filter(like="Metadata_").reset_index(drop=True)
    scores["Metadata_simulated"] = scores.get("Metadata_simulated", False)
    for column in scores.columns:
        if column not in _NOT_TEXT:
            scores[column] = scores[column].astype("string").fillna("").astype(str)
    scores["Metadata_model_simulated"] = model.simulated
    scores["Metadata_model_saw_group"] = [one.saw_group for one in scored]
    reasons = [one.reason for one in scored]
    if any(reasons):
        scores[NOT_SCORED] = reasons
    scores = scores.assign(
        key=list(keys),
        level=level,
        model_id=model.model_id,
        fold=pd.array([one.fold for one in scored], dtype="Int64"),
        n_images=n_images,
    )
    means = np.array([one.mean for one in scored], float)
    deviations = np.array([one.deviation for one in scored], float)
    for number, column in enumerate(model.columns):
        scores[column], scores[f"{column}_sd"] = means[:, number], deviations[:, number]
    _warn(scores, level)
    return scores


def _warn(scores: pd.DataFrame, level: str) -> None:
    saw = scores["Metadata_model_saw_group"]
    if saw.any():
        LOGGER.warning(
            "%d of %d %ss (such as %s) are of groups that the model was trained on: their "
            "scores may flatter, and Metadata_model_saw_group is true for them.",
            *(saw.sum(), len(scores), level, scores.loc[saw, "key"].iloc[0]),
        )
    lost = scores[is_lost(scores)]
    if len(lost):
        LOGGER.warning(
            "%d of %d %ss (such as %s) are not scored: %s.",
            *(len(lost), len(scores), level, lost["key"].iloc[0]),
            ", ".join(sorted(set(lost[NOT_SCORED]))),
        )
