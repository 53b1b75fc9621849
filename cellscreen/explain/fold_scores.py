"""What the folds' nets answered of the bags they held out, as one score table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cellscreen.errors import ScoreError
from cellscreen.plates.columns import PREFIX
from cellscreen.screening.scores import IMAGE, WELL, check_scores, score_column

_MAKE = "Score the prepared bags with this run: `cellscreen score`, or leave --scores out."


def fold_scores(
    predictions: pd.DataFrame,
    bags: pd.DataFrame,
    task: str,
    classes: Sequence[str],
    model_id: str,
    unit: str,
) -> pd.DataFrame:
    """Brings the predictions of all folds into the form of `cellscreen score`.

    Args:
        predictions: `key, fold, p_<class>…` and `sd_<class>…` where there is a spread; rows
            without a score (bags without cells) are left out.
        bags: `BagIndex.bags`.
        task: name of the question.
        classes: their names.
        model_id: of the run.
        unit: `well` or `field`, what a bag is.

    Raises:
        ScoreError: no bag has a score.
    """
    known = predictions[predictions[f"p_{classes[0]}"].notna()]
    known = known.drop_duplicates("key").set_index("key")
    rows = bags[bags["key"].isin(known.index)].reset_index(drop=True)
    found = known.loc[rows["key"]].reset_index(drop=True)
    metadata = rows[[name for name in rows if str(name).startswith(PREFIX)]]
    scores = metadata.assign(
        key=rows["key"],
        level=WELL if unit == "well" else IMAGE,
        model_id=model_id,
        fold=found["fold"].astype("Int64"),
        n_images=rows.get("n_fields", 1),
    )
    for name in classes:
        column = score_column(task, name)
        scores[column] = found[f"p_{name}"].astype(float)
        scores[f"{column}_sd"] = found.get(f"sd_{name}", np.nan)
    if scores.empty:
        raise ScoreError("Expected scores of held-out bags, got none.", fix=_MAKE)
    return scores


def out_of_fold(
    scores: pd.DataFrame, manifest: pd.DataFrame, file: Path | None = None
) -> pd.DataFrame:
    """Keeps the scores that the net of the fold made which held the bag out.

    Args:
        scores: a score table of the run's bags, as `cellscreen score` writes it.
        manifest: of the run.
        file: where the scores lie, for messages.

    Raises:
        ScoreError: it is no score table, or none of its rows was scored out of fold.
    """
    check_scores(scores, file=file)
    folds = scores["key"].map(manifest.set_index("key")["fold"])
    honest = folds.ge(0) & (scores["fold"].astype(float) == folds)
    if not honest.any():
        raise ScoreError(
            "Expected scores by the nets that held a bag out; no row is of the run's bags and "
            "folds.",
            file=file,
            fix=_MAKE,
        )
    return scores[honest].reset_index(drop=True)
