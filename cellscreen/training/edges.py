"""Training of edge nets: k folds of one net on one group of images, from config to run folder."""

from __future__ import annotations

import hashlib
import logging
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from cellscreen.atomic import write_text
from cellscreen.errors import ConfigError
from cellscreen.models.edge_nets import build_edge_net
from cellscreen.pipelines.edges import evaluation_batches, keyed_maps, training_batches
from cellscreen.pipelines.folds import LEAKY, assign_folds, claim_manifest
from cellscreen.pipelines.labels import UNLABELLED, labels_from_column, labels_from_csv
from cellscreen.pipelines.leaks import leak_warnings
from cellscreen.pipelines.records import open_records, prepared_plates, read_metadata
from cellscreen.pipelines.selection import select
from cellscreen.training import run_folder
from cellscreen.training.baselines import baseline_predictions
from cellscreen.training.boards import EdgeBoard
from cellscreen.training.card import model_card, run_summary
from cellscreen.training.config import EdgesConfig
from cellscreen.training.metrics import metrics_table

LOGGER = logging.getLogger(__name__)
CONDITION = "condition"
EXAMPLES = 8


@dataclass(frozen=True)
class Result:
    """A finished training.

    Attributes:
        workdir: the run folder.
        metrics: tidy figures of the net and its baselines: `model, fold, metric, value`.
        predictions: a row an image with a label: `key, fold, label, score`, each scored by the
            model that did not see it.
        summary: what `run.json` says.
    """

    workdir: Path
    metrics: pd.DataFrame
    predictions: pd.DataFrame
    summary: dict


@dataclass(frozen=True)
class _Data:
    plates: list[Path]
    channel: str
    manifest: pd.DataFrame
    edge_density: pd.Series
    leaks: list[str]

    def maps(self, rows: pd.Series) -> tf.data.Dataset:
        """The packed maps of the chosen rows of the manifest."""
        keys = self.manifest.loc[rows, "key"]
        chosen = {key: int(row) for row, key in keys.items()}
        return keyed_maps(open_records(self.plates), chosen, self.channel)


def train_and_evaluate(config: EdgesConfig, workdir: str | Path) -> Result:
    """Trains one net per fold and writes the run folder.

    A run folder that holds finished folds of the same config goes on with the missing ones. The
    held-out part of a fold decides nothing: every net is trained for all its epochs, and the last
    state counts.

    Args:
        config: what to train.
        workdir: the run folder, new or of the same config.

    Raises:
        ConfigError: the run folder is of another config or of other data, or the batch is larger
            than the data.
        DataError: labels or folds cannot carry the training.
        RecordError: the prepared plates are missing or damaged.

    Example:
        >>> config = EdgesConfig(DataConfig(data_dir="records"))  # doctest: +SKIP
        >>> train_and_evaluate(config, "runs/ac16").summary["below_baseline"]  # doctest: +SKIP
        []
    """
    started, workdir = time.monotonic(), Path(workdir)
    tf.config.experimental.enable_op_determinism()  # the same config gives the same weights
    data = _load(config)
    _check_batch(config, data.manifest)
    run_folder.claim(workdir, config)
    claim_manifest(data.manifest, workdir / run_folder.MANIFEST)
    n_folds = config.folds_config.folds
    for fold in range(n_folds):
        folder = run_folder.fold_folder(workdir, fold)
        if (folder / run_folder.PREDICTIONS).is_file():
            LOGGER.info("Fold %d of %d is finished already.", fold + 1, n_folds)
            continue
        LOGGER.info("Fold %d of %d: training %s.", fold + 1, n_folds, config.net_config.net)
        _train_fold(config, data, fold, folder)
    return _conclude(config, data, workdir, time.monotonic() - started)


def _load(config: EdgesConfig) -> _Data:
    wanted, folds = config.data, config.folds_config
    plates = prepared_plates(wanted.data_dir, wanted.dataset, "edges")
    frame = read_metadata(plates, wanted.channel)
    frame = frame[select(frame, wanted.where)].reset_index(drop=True)
    if wanted.labels:
        labels = labels_from_csv(frame, wanted.labels, wanted.classes)
    else:
        labels = labels_from_column(frame, wanted.label_column or CONDITION, wanted.classes)
    trained = select(frame, wanted.train_where)
    manifest = assign_folds(frame, labels, trained, folds.fold_by, folds.folds, config.fit.seed)
    leaks = leak_warnings(manifest, frame)
    for leak in leaks:
        LOGGER.warning("%s", leak)
    return _Data(plates, wanted.channel, manifest, frame["edge_density"], leaks)


def _check_batch(config: EdgesConfig, manifest: pd.DataFrame) -> None:
    sizes = manifest[manifest["trained"]]["fold"].value_counts()
    smallest = int(sizes.sum() - sizes.max())
    if config.fit.batch_size > smallest:
        raise ConfigError(
            f"Expected a batch_size of at most {smallest}, the training images of the smallest "
            f"fold; got {config.fit.batch_size}.",
            fix="Lower --batch_size, or give more images.",
        )


def _train_fold(config: EdgesConfig, data: _Data, fold: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    manifest, fit = data.manifest, config.fit
    seed = _fold_seed(fit.seed, fold)
    keras.utils.set_random_seed(seed)
    in_training = manifest["trained"] & (manifest["fold"] != fold)
    n_images = int(in_training.sum())
    labels = tf.constant(manifest["label"].to_numpy(), tf.int64)
    batches = training_batches(
        data.maps(in_training), labels, config.edge_input, fit.batch_size, n_images, seed
    )
    held_out = evaluation_batches(
        data.maps(manifest["fold"] == fold), config.edge_input, fit.batch_size
    )
    model = build_edge_net(
        config.net_config, config.edge_input.input_size, len(config.data.classes)
    )
    _compile(model, config, n_images // fit.batch_size)
    examples = next(iter(batches.take(1)))[0].numpy()[:EXAMPLES]
    logs = folder / "logs"
    shutil.rmtree(logs, ignore_errors=True)  # curves of a fit that was killed
    known = manifest["label"].where(manifest["trained"], UNLABELLED).to_numpy()
    board = EdgeBoard(logs, examples, held_out, known, config.data.classes)
    try:
        history = model.fit(
            batches,
            epochs=fit.epochs,
            steps_per_epoch=n_images // fit.batch_size,
            callbacks=[keras.callbacks.TensorBoard(logs, profile_batch=0), board],
            shuffle=False,
            verbose=2,
        )
        run_folder.save_model(model, folder / run_folder.MODEL)
    except KeyboardInterrupt:
        last = folder / run_folder.LAST_MODEL
        run_folder.save_model(model, last)
        LOGGER.warning("Stopped: the net as it was is in %s, for keras.saving.load_model.", last)
        raise
    frame = pd.DataFrame(history.history)
    run_folder.write_csv(frame.rename_axis("epoch").reset_index(), folder / run_folder.HISTORY)
    predictions = predict(model, held_out, manifest, config.data.classes)
    run_folder.write_csv(predictions, folder / run_folder.PREDICTIONS)
    (folder / run_folder.LAST_MODEL).unlink(missing_ok=True)


def _compile(model: keras.Model, config: EdgesConfig, steps_per_epoch: int) -> None:
    fit = config.fit
    schedule = keras.optimizers.schedules.ExponentialDecay(
        fit.learning_rate, steps_per_epoch, fit.decay, staircase=True
    )
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )


def predict(
    model: keras.Model, batches: tf.data.Dataset, manifest: pd.DataFrame, classes: tuple[str, ...]
) -> pd.DataFrame:
    """Scores of rows of a manifest: `key, label, p_<class>…`, a row an image."""
    parts, rows = [], []
    for images, row in batches:
        parts.append(model(images, training=False).numpy())
        rows.append(row.numpy())
    frame = manifest.loc[np.concatenate(rows), ["key", "label"]].reset_index(drop=True)
    scores = np.concatenate(parts)
    return frame.assign(**{f"p_{name}": scores[:, i] for i, name in enumerate(classes)})


def _conclude(config: EdgesConfig, data: _Data, workdir: Path, seconds: float) -> Result:
    trained = data.manifest[data.manifest["trained"]]
    parts = [
        pd.read_csv(
            run_folder.fold_folder(workdir, fold) / run_folder.PREDICTIONS, dtype={"key": str}
        )
        for fold in range(config.folds_config.folds)
    ]
    positive = f"p_{config.data.classes[1]}"
    scores = pd.concat(parts).set_index("key")[positive]
    predictions = trained[["key", "fold", "label"]].assign(score=trained["key"].map(scores))
    models = {config.net_config.net: predictions}
    table = metrics_table(models | baseline_predictions(data.manifest, data.edge_density))
    run_folder.write_csv(table, workdir / run_folder.METRICS)
    summary = run_summary(config, data.manifest, table, data.leaks, seconds)
    write_text(workdir / run_folder.CARD, model_card(config, table, summary))
    run_folder.write_summary(workdir, summary)
    if config.folds_config.fold_by == LEAKY:
        LOGGER.warning("Leaky: images of one well are in several folds; the figures flatter.")
    return Result(workdir, table, predictions, summary)


def _fold_seed(seed: int, fold: int) -> int:
    digest = hashlib.sha256(f"{seed} {fold}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
