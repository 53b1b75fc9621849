"""A trained edge net and any plate table to a score table, streaming, with progress."""

from __future__ import annotations

import pandas as pd
from tqdm import tqdm

from cellscreen.errors import ScoreError
from cellscreen.records.edges import row_key
from cellscreen.records.table_fingerprint import rows_of
from cellscreen.screening.scores import IMAGE
from cellscreen.serving.common.score_table import score_table
from cellscreen.serving.edges.scorer import Scorer


def score_images(scorer: Scorer, table: pd.DataFrame) -> pd.DataFrame:
    """Scores every image of a plate table.

    Images are read, scored and forgotten in small batches: memory does not grow with the plate.
    Where a net that answers was trained on others of an image's group, `Metadata_model_saw_group`
    is true, and a warning tells it.

    Args:
        scorer: from `openers.open_model`.
        table: a plate table; with several channels the model's own is taken.

    Returns:
        A score table of level image, in the order of `table`.

    Raises:
        ScoreError: the model's channel is missing, or an image cannot be scored honestly.
        ImageError: an image cannot be read.
    """
    table = _of_channel(table, scorer.channel)
    rows = rows_of(table)
    progress = tqdm(scorer.score(rows), total=len(rows), unit=" images", desc="Scoring")
    return score_table(scorer, table, [row_key(row) for row in rows], list(progress), IMAGE)


def _of_channel(table: pd.DataFrame, channel: str) -> pd.DataFrame:
    channels = sorted(set(table["channel"]))
    if channel:
        if channel not in channels:
            raise ScoreError(
                f"The model reads channel {channel!r}; the plates have {', '.join(channels)}."
            )
        return table[table["channel"] == channel].reset_index(drop=True)
    if len(channels) > 1:
        raise ScoreError(
            f"The model was trained on one unnamed channel; the plates have {', '.join(channels)}.",
            fix="Leave the rows of one channel in the plate table.",
        )
    return table.reset_index(drop=True)
