"""A trained model and any plate table to a score table, streaming, with progress."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import tensorflow as tf
from tqdm import tqdm

from cellscreen.errors import ConfigError, ScoreError
from cellscreen.images import gray
from cellscreen.images.fingerprint import sha256_of
from cellscreen.images.in_graph import reduce_edges
from cellscreen.images.threads import read_in_order
from cellscreen.pipelines.edge_input import EdgeInput
from cellscreen.pipelines.folds import held_out_folds, read_manifest
from cellscreen.records.edges import row_key
from cellscreen.records.fields import Field, Pixels, Row, read_field, read_pixels
from cellscreen.records.table_fingerprint import rows_of
from cellscreen.screening.scores import score_column
from cellscreen.serving import export
from cellscreen.training import run_folder

BATCH = 32
MEAN_OF_FOLDS = -1


class Scorer(Protocol):
    """What scores images: the nets of a run folder, or an exported model."""

    model_id: str
    task: str
    classes: tuple[str, ...]
    channel: str
    simulated: bool

    def score(self, rows: Sequence[Row]) -> Iterator[tuple[np.ndarray, np.ndarray, int | None]]:
        """Yields (mean, SD over nets, fold or None) of the class probabilities of each row."""


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
    means, deviations, folds = zip(*progress, strict=True)
    metadata = table.filter(like="Metadata_").reset_index(drop=True)
    metadata["Metadata_simulated"] = metadata.get("Metadata_simulated", False)
    for column in metadata.columns:
        if column not in ("Metadata_hours", "Metadata_concentration_um", "Metadata_simulated"):
            metadata[column] = metadata[column].astype("string").fillna("").astype(str)
    metadata["Metadata_model_simulated"] = scorer.simulated
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
    """Scores with the nets of a run folder: an image of the manifest by the net that did not see
    it, any other by the mean over folds.

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
        held = manifest[manifest["fold"] >= 0]
        self._fold_of = dict(zip(held["checksum"], held["fold"], strict=True))
        always = manifest["trained"] & (manifest["fold"] < 0)
        self._seen = set(manifest.loc[always, "checksum"])

    def score(self, rows: Sequence[Row]) -> Iterator[tuple[np.ndarray, np.ndarray, int | None]]:
        """See `Scorer`."""
        fields = read_in_order(read_field, rows)
        for batch in _batches(fields):
            inputs = tf.stack([edge_map_input(f.edge_map, self._edge_input) for f in batch])
            each = np.stack([net(inputs, training=False).numpy() for net in self._nets])
            for number, field in enumerate(batch):
                fold = self._held_out_fold(field)
                undefined = np.full(len(self.classes), np.nan)
                if fold is None:
                    of_nets = each[:, number]
                    spread = of_nets.std(axis=0, ddof=1) if len(of_nets) > 1 else undefined
                    yield of_nets.mean(axis=0), spread, None
                else:
                    yield each[self._net_of[fold], number], undefined, fold

    def _held_out_fold(self, field: Field) -> int | None:
        """The fold that held this very file out, by its checksum; None if no net ever saw it."""
        key = row_key(field.row)
        if self._checksum_of.get(key, field.sha256) != field.sha256:
            raise ScoreError(
                f"The run's manifest knows {key} as another image.",
                file=field.row["path"],
                plate=field.row["Metadata_Plate"],
                well=field.row["Metadata_Well"],
                fix="Give the new plate a name of its own: keys must name one image for ever.",
            )
        if field.sha256 in self._seen:
            raise ScoreError(
                "Every net of this run was trained on this image: its score would flatter.",
                file=field.row["path"],
                plate=field.row["Metadata_Plate"],
                well=field.row["Metadata_Well"],
                fix="Leave it out of the plate table, or train with --fold_mode=kfold.",
            )
        return self._fold_of.get(field.sha256)


class ExportScorer:
    """Scores with an exported SavedModel, from raw pixels; needs neither Keras nor the run."""

    def __init__(self, folder: Path) -> None:
        about = json.loads((folder / export.ASSETS / export.MODEL_FILE).read_text())
        self.model_id, self.task = about["model_id"], about["task"]
        self.classes, self.simulated = tuple(about["classes"]), about["simulated"]
        self.channel = about["channel_names"][0]
        self._seen = set((folder / export.ASSETS / export.SEEN_FILE).read_text().split())
        self._loaded = tf.saved_model.load(str(folder))

    def score(self, rows: Sequence[Row]) -> Iterator[tuple[np.ndarray, np.ndarray, int | None]]:
        """See `Scorer`; the SD over nets is not known, and every net may see every image."""
        undefined = np.full(len(self.classes), np.nan)
        for batch in _batches(read_in_order(self._read, rows)):
            # Fields of a plate may differ in size, so that a batch is cut where the shape changes.
            shapes = itertools.groupby(batch, key=lambda p: (p.image.shape[:2], p.image.dtype))
            for _, pixels in shapes:
                for mean in self._serve(list(pixels)):
                    yield mean, undefined, None

    def _read(self, row: Row) -> Pixels:
        with open(row["path"], "rb") as file:
            digest = sha256_of(file.read())
        if digest in self._seen:
            raise ScoreError(
                "The exported model was trained on this image: its score would flatter.",
                file=row["path"],
                plate=row["Metadata_Plate"],
                well=row["Metadata_Well"],
                fix="Score it with the run folder, which takes the net that did not see it.",
            )
        return read_pixels(row)

    def _serve(self, pixels: list[Pixels]) -> np.ndarray:
        images = np.stack([gray.to_gray(p.image) for p in pixels])[..., None]
        if images.dtype == np.uint8:
            given = {"images": tf.constant(images)}
            served = self._loaded.signatures["serving_default"](**given)
        else:
            served = self._loaded.signatures["serve_uint16"](
                images=tf.constant(images),
                low=tf.constant([p.low for p in pixels], tf.int32),
                high=tf.constant([p.high for p in pixels], tf.int32),
            )
        return np.stack([served["p0"].numpy(), served["p1"].numpy()], axis=1)


@tf.function(reduce_retracing=True)
def _reduced(edge_map: tf.Tensor, factor: int, size: int) -> tf.Tensor:
    return reduce_edges(tf.cast(edge_map, tf.float32)[..., None], factor, size)


def edge_map_input(edge_map: np.ndarray, edge_input: EdgeInput) -> tf.Tensor:
    """A stored edge map `(height, width)` as the net's input `(size, size, 1)` float32."""
    return _reduced(tf.constant(edge_map), edge_input.reduce_factor, edge_input.input_size)


def _batches(items: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(itertools.islice(items, BATCH)):
        yield batch


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
