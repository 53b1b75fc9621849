"""A trained model and prepared bags to a score table, streaming, with progress."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from cellscreen.errors import ConfigError
from cellscreen.pipelines.bag_index import index_bags
from cellscreen.pipelines.bag_input import BagUnit
from cellscreen.pipelines.selection import select
from cellscreen.screening.scores import IMAGE, WELL
from cellscreen.serving.bags.scorer import BagScorer
from cellscreen.serving.common.score_table import CELLS, score_table


def score_bags(
    scorer: BagScorer, folders: Sequence[Path], level: str = WELL, where: str = ""
) -> pd.DataFrame:
    """Scores every bag of prepared plates: all cells of a field, or of a well, together.

    Wells are read, scored and forgotten: memory does not grow with the plate. A bag without cells
    is not scored: its scores are NaN, and `Metadata_not_scored` says why.

    Args:
        scorer: from `openers.open_model`.
        folders: prepared directories of the kind `bags`.
        level: `image`, a row a field, or `well`; `screening.scores.aggregate` makes treatments of
            wells.
        where: which bags, in the grammar of `pipelines.selection.select`; empty is all.

    Returns:
        A score table of that level, with `Metadata_cells` of each bag; `…_sd` is the SD over sets.

    Raises:
        ConfigError: the crops have another size or other channels than the model's, or `where`
            names what is not there, or no bag.
        ScoreError: a bag cannot be scored honestly.
        DataError: a net answers NaN or infinity.
        RecordError: the prepared plates differ or are damaged.

    Example:
        >>> folders = prepared_plates("records", "hcs", "bags")  # doctest: +SKIP
        >>> score_bags(open_model("runs/mid"), folders)["Score_toxicity_toxic"]  # doctest: +SKIP
    """
    unit: BagUnit = "field" if level == IMAGE else "well"
    index = index_bags(folders, unit)
    examples = index if unit == scorer.bag_unit else index_bags(folders, scorer.bag_unit)
    rows = np.flatnonzero(select(index.bags, where))
    if not len(rows):
        raise ConfigError(f"Expected bags to score; none of {len(index.bags)} meets {where!r}.")
    answers = scorer.score(index, rows.tolist(), examples)
    scored = list(tqdm(answers, total=len(rows), unit=f" {unit}s", desc="Scoring"))
    bags = index.bags.iloc[rows]
    metadata = bags.assign(**{CELLS: bags["cells"]})
    n_images = bags["n_fields"].tolist()
    return score_table(scorer, metadata, bags["key"].tolist(), scored, level, n_images)
