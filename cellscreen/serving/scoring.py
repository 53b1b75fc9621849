"""A trained model and any plate table to a score table, streaming, with progress."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm import tqdm

from cellscreen.errors import ConfigError, ScoreError
from cellscreen.images.in_graph import reduce_edges
from cellscreen.images.threads import read_in_order
from cellscreen.pipelines.edge_input import EdgeInput
from cellscreen.pipelines.folds import held_out_folds, read_manifest
from cellscreen.records.edges import row_key
from cellscreen.records.fields import Field, Row, read_field
from cellscreen.records.table_fingerprint import rows_of
from cellscreen.screening.scores import score_column
from cellscreen.serving import export
from cellscreen.serving.export_scorer import ExportScorer
from cellscreen.serving.scorer import Scored, Scorer, batches, would_flatter
from cellscreen.serving.seen_groups import ALWAYS_TRAINED, IN_SEVERAL, FoldsOfGroups
from cellscreen.training import run_folder

LOGGER = logging.getLogger(__name__)


def open_model(path: str | Path) -> Scorer:
    """A run folder, an exported version's folder, or the folder of its versions (newest).

    Raises:
        ConfigError: the path is none of these.
    """
    path = Path(path)
    if (path / run_folder.CONFIG).is_file():
        return RunScorer(path)
    folder = [path, *export.versions(path)][-1]
    if (folder / export.ASSETS / export.MODEL_FILE).is_file():
        return ExportScorer(folder)
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
    means, deviations, folds, saw_group = zip(*progress, strict=True)
    metadata = table.filter(like="Metadata_").reset_index(drop=True)
    metadata["Metadata_simulated"] = metadata.get("Metadata_simulated", False)
    for column in metadata.columns:
        if column not in ("Metadata_hours", "Metadata_concentration_um", "Metadata_simulated"):
            metadata[column] = metadata[column].astype("string").fillna("").astype(str)
    metadata["Metadata_model_simulated"] = scorer.simulated
    metadata["Metadata_model_saw_group"] = saw_group
    _warn_of_groups(rows, saw_group)
    scores = metadata.assign(
        key=[row_key(row) for row in rows],
        level="image",
        model_id=scorer.model_id,
        fold=pd.array(folds, dtype="Int64"),
        n_images=1,
    )
    for number, name in enumerate(scorer.classes):
        scores[score_column(scorer.task, name)] = np.array(means, float)[:, number]
        scores[f"{score_column(scorer.task, name)}_sd"] = np.array(deviations, float)[:, number]
    return scores


class RunScorer:
    """Scores with the nets of a run folder: an image by the net that held it, or its group, out;
    one of a group that no net saw by the mean over folds.

    Raises:
        ConfigError: the run is not finished.
    """

    def __init__(self, workdir: Path) -> None:
        config = run_folder.read_config(workdir)
        self.simulated = run_folder.read_summary(workdir)["simulated"]
        self.model_id = export.model_id(workdir)
        self.task, self.classes = config.data.task, config.data.classes
        self.channel = config.data.channel
        self._edge_input = config.edge_input
        manifest = read_manifest(workdir / run_folder.MANIFEST)
        folds = held_out_folds(manifest)
        self._nets = [
            tf.function(run_folder.load_fold(workdir, fold), reduce_retracing=True)
            for fold in folds
        ]
        self._net_of = {fold: number for number, fold in enumerate(folds)}
        self._checksum_of = dict(zip(manifest["key"], manifest["checksum"], strict=True))
        self._fold_of = dict(zip(manifest["checksum"], manifest["fold"], strict=True))
        self._groups = FoldsOfGroups(manifest, config.folds_config.fold_by)
        always = manifest["trained"] & (manifest["fold"] < 0)
        self._seen = set(manifest.loc[always, "checksum"])

    def score(self, rows: Sequence[Row]) -> Iterator[Scored]:
        """See `Scorer`."""
        of_groups = self._groups.of_rows(rows)
        for batch in batches(zip(read_in_order(read_field, rows), of_groups, strict=True)):
            inputs = [edge_map_input(field.edge_map, self._edge_input) for field, _ in batch]
            each = np.stack([net(tf.stack(inputs), training=False).numpy() for net in self._nets])
            for number, (field, of_group) in enumerate(batch):
                fold = self._held_out_fold(field, int(of_group))
                yield self._answer(each[:, number], fold, of_group in (ALWAYS_TRAINED, IN_SEVERAL))

    def _answer(self, of_nets: np.ndarray, fold: int | None, saw_group: bool) -> Scored:
        undefined = np.full(len(self.classes), np.nan)
        if fold is not None:
            return Scored(of_nets[self._net_of[fold]], undefined, fold, saw_group)
        spread = of_nets.std(axis=0, ddof=1) if len(of_nets) > 1 else undefined
        return Scored(of_nets.mean(axis=0), spread, None, saw_group)

    def _held_out_fold(self, field: Field, of_group: int) -> int | None:
        """The fold that held this very file out, by its checksum, or its group; else None."""
        key = row_key(field.row)
        if self._checksum_of.get(key, field.sha256) != field.sha256:
            raise ScoreError(
                f"The run's manifest knows {key} as another image.",
                file=field.row["path"],
                plate=field.row["Metadata_Plate"],
                well=field.row["Metadata_Well"],
                fix="Give the new plate a name of its own: keys must name one image for ever.",
            )
        known = field.sha256 in self._fold_of
        if field.sha256 in self._seen or (not known and of_group == ALWAYS_TRAINED):
            what = "this image" if known else "others of this image's group"
            raise would_flatter(
                f"Every net of this run was trained on {what}",
                field.row,
                "Leave it out of the plate table, or train with --fold_mode=kfold.",
            )
        fold = self._fold_of.get(field.sha256, of_group)
        return fold if fold >= 0 else None


def _warn_of_groups(rows: Sequence[Row], saw_group: Sequence[bool]) -> None:
    if any(saw_group):
        LOGGER.warning(
            "%d of %d images (such as %s) are of groups that the model was trained on: their "
            "scores may flatter, and Metadata_model_saw_group is true for them.",
            sum(saw_group),
            len(rows),
            row_key(rows[list(saw_group).index(True)]),
        )


@tf.function(reduce_retracing=True)
def _reduced(edge_map: tf.Tensor, factor: int, size: int) -> tf.Tensor:
    return reduce_edges(tf.cast(edge_map, tf.float32)[..., None], factor, size)


def edge_map_input(edge_map: np.ndarray, edge_input: EdgeInput) -> tf.Tensor:
    """A stored edge map `(height, width)` as the net's input `(size, size, 1)` float32."""
    return _reduced(tf.constant(edge_map), edge_input.reduce_factor, edge_input.input_size)


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
