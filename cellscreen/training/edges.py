"""Training of edge nets: a fit for each fold of one group of images, from config to run folder."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.models.edge_nets import build_edge_net
from cellscreen.pipelines.folds import claim_manifest
from cellscreen.training import run_folder
from cellscreen.training.boards import EpochBoard, write_answers, write_inputs
from cellscreen.training.calibration import fit_temperature
from cellscreen.training.checkpoint import write_history
from cellscreen.training.conclusion import Result, conclude
from cellscreen.training.config import EdgesConfig
from cellscreen.training.edge_data import EdgeData, describe_fold, fold_seed, load_edges
from cellscreen.training.fit import CHECKPOINTS, fit
from cellscreen.training.fit_config import UNWATCHED, Watch
from cellscreen.training.fitter import Fitter, weights_digest
from cellscreen.training.flags import flat
from cellscreen.training.losses import class_loss, is_right
from cellscreen.training.machine import Machine
from cellscreen.training.metrics import probabilities_of
from cellscreen.training.planning import choose_jit, require_jit
from cellscreen.training.stopping import locked
from cellscreen.training.task import Questions, Task

LOGGER = logging.getLogger(__name__)
EXAMPLES = 8


def train_and_evaluate(
    config: EdgesConfig, workdir: str | Path, watch: Watch = UNWATCHED
) -> Result:
    """Trains one net per fold and writes the run folder.

    A run folder that was begun with the same config goes on: inside the epoch in which it was
    killed, to the same weights. The held-out part of a fold decides nothing.

    Args:
        config: what to train.
        workdir: the run folder, new or of the same config; of several workers one that all see.
        watch: how it is watched and saved.

    Raises:
        ConfigError: the run folder is of another config or of other data or in use, or the batch
            does not fit.
        DataError: labels or folds cannot carry the training, or a loss became NaN or infinite.
        RecordError: the prepared plates are missing or damaged.

    Example:
        >>> config = EdgesConfig(DataConfig(data_dir="records"))  # doctest: +SKIP
        >>> train_and_evaluate(config, "runs/ac16").summary["below_baseline"]  # doctest: +SKIP
        []
    """
    started, workdir = time.monotonic(), Path(workdir)
    machine = Machine(config.machine)  # several workers must meet before anything else runs
    data = load_edges(config)
    with _claimed(data, workdir, machine) as config:
        fitter = edge_fitter(config, machine)
        config = _decided(config, data, fitter, machine)
        if machine.is_chief:
            claim_manifest(data.manifest, workdir / run_folder.MANIFEST)
            run_folder.claim(workdir, config)
        predictions = [_fold(fitter, data, fold, workdir, machine, watch) for fold in data.folds]
        seconds = time.monotonic() - started
        return conclude(config, data, pd.concat(predictions), workdir, machine, seconds)


def edge_fitter(config: EdgesConfig, machine: Machine) -> Fitter:
    """The net of a config with its optimizer, not compiled by XLA unless the config says so."""
    n_classes = len(config.data.classes)
    task = Task(
        lambda: build_edge_net(config.net_config, config.edge_input.input_size, n_classes),
        class_loss(config.loss_config, n_classes),
        is_right,
    )
    jit = config.machine.jit == "on"
    return Fitter(task, config.fit, config.optimizer_config, machine, jit)


@contextlib.contextmanager
def _claimed(data: EdgeData, workdir: Path, machine: Machine) -> Iterator[EdgesConfig]:
    """The config as an earlier start of the run resolved it, while no other process may train."""
    config = run_folder.adopt(workdir, data.config)
    with locked(workdir) if machine.is_chief else contextlib.nullcontext():
        if machine.is_chief:
            run_folder.tidy(workdir)
        yield config


def _decided(config: EdgesConfig, data: EdgeData, fitter: Fitter, machine: Machine) -> EdgesConfig:
    """The config with nothing left to `auto`."""
    jit = config.machine.jit
    if jit == "auto":
        steps = sum(data.steps(fold) for fold in data.folds) * config.fit.epochs
        on = steps > 0 and choose_jit(fitter, data.training(data.folds[0]), steps, machine)
        jit = "on" if on else "off"
    elif jit == "on":
        require_jit(fitter, data.training(data.folds[0]))
    machine.be_deterministic(jit == "on")
    resolved = dataclasses.replace(config.machine, strategy=machine.name, jit=jit)
    return dataclasses.replace(config, machine=resolved)


def _fold(
    fitter: Fitter, data: EdgeData, fold: int, workdir: Path, machine: Machine, watch: Watch
) -> pd.DataFrame:
    """Trains one fold, or goes on with it, or reads what is finished; returns its predictions."""
    folder = run_folder.fold_folder(workdir, fold)
    place = f"Fold {data.folds.index(fold) + 1} of {len(data.folds)}"
    if (folder / run_folder.PREDICTIONS).is_file():
        LOGGER.info("%s is finished already.", place)
        _clear(folder, machine)
        return run_folder.read_predictions(folder)
    counts = describe_fold(data, fold)
    LOGGER.info("%s: training %s. %s", place, data.config.net_config.net, counts)
    history = _fit_fold(fitter, data, fold, folder, machine, watch)
    predictions = _predictions(fitter, data, fold)
    if machine.is_chief:
        run_folder.save_model(fitter.model, folder / run_folder.MODEL)
        write_history(history, folder)
        classes, settings = data.config.data.classes, flat(data.config)
        write_answers(folder / "logs", classes, predictions, settings, len(history))
        run_folder.write_csv(predictions, folder / run_folder.PREDICTIONS)
    _clear(folder, machine)
    LOGGER.info("%s is done; weights %s.", place, weights_digest(fitter.model))
    return predictions


def _clear(folder: Path, machine: Machine) -> None:
    """Removes what a finished fold needs no more."""
    if machine.is_chief:
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
        (folder / run_folder.LAST_MODEL).unlink(missing_ok=True)


def _fit_fold(
    fitter: Fitter, data: EdgeData, fold: int, folder: Path, machine: Machine, watch: Watch
) -> list[dict[str, float]]:
    fitter.reset(fold_seed(data.config.fit.seed, fold))
    callbacks = _boards(data, fold, folder, watch) if machine.is_chief else []
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=run_folder.CACHE, dir=folder) as disk:
            training, validation = data.training(fold, Path(disk)), data.validation(fold)
            return fit(fitter, training, folder, validation, callbacks, watch)
    except (KeyboardInterrupt, SystemExit, DataError):
        if machine.is_chief:
            last = folder / run_folder.LAST_MODEL
            fitter.averaged(lambda: run_folder.save_model(fitter.model, last))
            LOGGER.warning("The net as it was is in %s, for keras.saving.load_model.", last)
        raise


def _boards(
    data: EdgeData, fold: int, folder: Path, watch: Watch
) -> list[keras.callbacks.Callback]:
    logs = folder / "logs"
    if not (folder / CHECKPOINTS).is_dir():
        shutil.rmtree(logs, ignore_errors=True)  # curves of a fit that begins anew
    board = EpochBoard(
        str(logs),
        histogram_freq=watch.histogram_epochs,
        write_graph=False,
        update_freq=watch.scalar_steps or "epoch",
        profile_batch=tuple(map(int, watch.profile.split(","))) if watch.profile else 0,
    )

    write_inputs(logs, data.examples(fold, EXAMPLES))
    return [board]


def _answers(fitter: Fitter, asked: Questions, data: EdgeData) -> pd.DataFrame:
    """Probabilities of rows of the manifest: `key, label, p_<class>…`; -1 where not trained on."""
    rows, answers = fitter.predict(asked)
    known = data.manifest.loc[rows].reset_index(drop=True)
    frame = known[["key"]].assign(label=known["label"].where(known["trained"], -1))
    classes = data.config.data.classes
    answers = answers.astype(np.float64)  # as they are read back from predictions.csv
    return frame.assign(**{f"p_{name}": answers[:, i] for i, name in enumerate(classes)})


def _predictions(fitter: Fitter, data: EdgeData, fold: int) -> pd.DataFrame:
    """What a fold's net answers of the images it did not see, and the temperature it would need."""
    classes, validation = data.config.data.classes, data.validation(fold)
    frame = _answers(fitter, data.held_out(fold), data).assign(fold=fold)
    if validation is None:
        return frame
    seen = _answers(fitter, validation.questions, data)
    probabilities = probabilities_of(seen, classes)
    return frame.assign(temperature=fit_temperature(seen["label"].to_numpy(), probabilities))
