"""The data of an edge training: prepared plates, labels, folds; and each fold's parts."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

from cellscreen.fitting.fold_parts import (
    check_batch,
    chosen_training_rows,
    describe_fold,
    fold_seed,
)
from cellscreen.fitting.labelled import class_labels
from cellscreen.fitting.task import Examples, Questions, Validation
from cellscreen.judging.metrics import class_metrics
from cellscreen.pipelines.balance import class_weights, sampling_probabilities
from cellscreen.pipelines.edges import TrainingMaps, keyed_maps, questions, training_maps
from cellscreen.pipelines.folds import (
    assign_folds,
    held_out_folds,
    held_out_rows,
    validation_rows,
)
from cellscreen.pipelines.leaks import leak_warnings
from cellscreen.pipelines.records import open_records, prepared_plates, read_metadata
from cellscreen.pipelines.selection import select
from cellscreen.training.edges.config import EdgesConfig

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class EdgeData:
    """What a training of edge nets reads.

    Attributes:
        config: of the training.
        plates: prepared directories.
        manifest: a row a record.
        features: one-column features for baselines, on the manifest's index.
        leaks: what the leak check says.
    """

    config: EdgesConfig
    plates: list[Path]
    manifest: pd.DataFrame
    features: dict[str, pd.Series]
    leaks: list[str]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the manifest's labels."""
        return self.config.data.classes

    @property
    def folds(self) -> list[int]:
        """The folds that are held out, each by one fit."""
        return held_out_folds(self.manifest)

    def trained_rows(self, fold: int) -> pd.Index:
        """The rows that a fold's net is trained on, after down-sampling."""
        return chosen_training_rows(self.manifest, fold, self.config.balance, self.config.fit.seed)

    def describe(self, fold: int) -> str:
        """What a fold is trained on, for the log."""
        return describe_fold(self, fold)

    def claim(self, workdir: Path) -> None:
        """The manifest, with checksums, says all that a run folder keeps of edge maps."""

    def release(self) -> None:
        """Edge maps are kept by TensorFlow's own cache, which goes with its dataset."""

    def training(self, fold: int, disk: Path | None = None) -> Examples:
        """The training part of a fold, augmented; `disk` is for what memory cannot keep."""
        maps = self._training_maps(fold, self.trained_rows(fold), disk)
        keys = self.manifest["key"].to_numpy()
        return Examples(maps.batches, maps.count, lambda rows: list(keys[rows]))

    def held_out(self, fold: int) -> Questions:
        """What a fold's net is asked: all rows that the fold holds out, trained on or not."""
        return self._questions(held_out_rows(self.manifest, fold))

    def validation(self, fold: int) -> Validation | None:
        """The part of a fold's training groups that is set apart; None without one."""
        if not self.config.folds_config.validation_share:
            return None
        labels, classes = self.manifest["label"].to_numpy(), self.config.data.classes

        def figures(rows: np.ndarray, answers: np.ndarray) -> dict[str, float]:
            found = class_metrics(labels[rows], answers, classes)
            return {"loss": found["log_loss"]} | {k: found[k] for k in ("accuracy", "f1", "auroc")}

        rows = self.manifest.index[validation_rows(self.manifest, fold)]
        asked = questions(self._maps(rows), self.config.edge_input, cached_count=len(rows))
        return Validation(Questions(asked, len(rows)), figures)

    def examples(self, fold: int, count: int) -> dict[str, np.ndarray]:
        """A few inputs of a fold, raw and augmented, `(count, size, size, 1)` float32."""
        rows = self.trained_rows(fold)[:count]
        raw = questions(self._maps(rows), self.config.edge_input).batch(count)
        augmented = self._training_maps(fold, rows).sample(count)
        return {"raw": next(iter(raw))[0].numpy(), "augmented": augmented}

    def _questions(self, chosen: pd.Series) -> Questions:
        rows = self.manifest.index[chosen]
        return Questions(questions(self._maps(rows), self.config.edge_input), len(rows))

    def _maps(self, rows: pd.Index, mixed: bool = False) -> tf.data.Dataset:
        chosen = {key: int(row) for row, key in self.manifest.loc[rows, "key"].items()}
        records = open_records(self.plates, mixed=mixed)
        return keyed_maps(records, chosen, self.config.data.channel)

    def _training_maps(self, fold: int, rows: pd.Index, disk: Path | None = None) -> TrainingMaps:
        balance = self.config.balance
        labels = self.manifest.loc[rows, "label"].to_numpy()
        n_classes = len(self.config.data.classes)
        weights = class_weights(labels, n_classes, balance)
        drawn = sampling_probabilities(labels, n_classes, balance)
        return training_maps(
            self._maps(rows, mixed=True),
            tf.constant(self.manifest["label"].to_numpy(), tf.int64),
            self.config.edge_input,
            len(rows),
            fold_seed(self.config.fit.seed, fold),
            tf.constant(weights, tf.float32),
            None if drawn is None else tf.constant(drawn, tf.float32),
            disk,
        )


def load_edges(config: EdgesConfig) -> EdgeData:
    """Reads the metadata of the prepared plates, labels them and deals out folds.

    Raises:
        ConfigError: the batch is larger than a fold's training part.
        DataError: labels or folds cannot carry the training.
        RecordError: the prepared plates are missing or damaged.
    """
    wanted = config.data
    plates = prepared_plates(wanted.data_dir, wanted.dataset, "edges")
    frame = read_metadata(plates, wanted.channel)
    frame = frame[select(frame, wanted.where)].reset_index(drop=True)
    labels = class_labels(frame, wanted)
    trained = select(frame, wanted.train_where)
    folds, seed = config.folds_config, config.fit.seed
    manifest = assign_folds(frame, labels, trained, folds, seed, wanted.classes)
    leaks = leak_warnings(manifest, frame)
    for leak in leaks:
        LOGGER.warning("%s", leak)
    features = {"edge_density": frame["edge_density"]}
    data = EdgeData(config, plates, manifest, features, leaks)
    check_batch(data)
    return data
