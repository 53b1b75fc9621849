"""A trained model and any plate table to a score table, streaming, with progress."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from cellscreen.errors import ConfigError, ScoreError
from cellscreen.records.edges import row_key
from cellscreen.records.table_fingerprint import rows_of
from cellscreen.screening.scores import IMAGE
from cellscreen.serving import export
from cellscreen.serving.openers import OPENERS, AnyScorer
from cellscreen.serving.score_table import score_table
from cellscreen.serving.scorer import Scorer
from cellscreen.training import run_folder
from cellscreen.training.config import EdgesConfig


def open_model(path: str | Path, asked: Mapping[str, Any] | None = None) -> AnyScorer:
    """A run folder, an exported version's folder, or the folder of its versions (newest).

    Args:
        path: the folder.
        asked: what is not to be as in the run: of nets of bags fields of `InferenceConfig`, of nets
            of cells those of `CellDataConfig` about their table.

    Returns:
        What scores images with `score_images`, bags with `bag_scoring.score_bags`, or cells with
        `cell_scoring.score_cells`; its `kind` says which.

    Raises:
        ConfigError: the path is none of these, or fields are asked for that the model has not.
    """
    path, asked = Path(path), asked or {}
    if (path / run_folder.CONFIG).is_file():
        opener = OPENERS[run_folder.read_config(path).TRAINER]
        opener.check(asked, path)
        return opener.of_run(path, asked)
    folder = [path, *export.versions(path)][-1]
    about = folder / export.ASSETS / export.MODEL_FILE
    if about.is_file():
        kind = json.loads(about.read_text(encoding="utf-8")).get("kind", EdgesConfig.TRAINER)
        opener = OPENERS[kind]
        opener.check(asked, path)
        return opener.of_export(folder, asked)
    raise ConfigError(
        "Expected a run folder (config.json) or an exported model (saved_model.pb with "
        "assets.extra/cellscreen.json).",
        file=path,
        fix="Give the --workdir of a training or the --output of `cellscreen export`.",
    )


def score_images(scorer: Scorer, table: pd.DataFrame) -> pd.DataFrame:
    """Scores every image of a plate table.

    Images are read, scored and forgotten in small batches: memory does not grow with the plate.
    Where a net that answers was trained on others of an image's group, `Metadata_model_saw_group`
    is true, and a warning tells it.

    Args:
        scorer: from `open_model`.
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
