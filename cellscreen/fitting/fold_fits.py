"""A fit for each fold, from config to run folder: the same for every trainer."""

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
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.fitting import run_folder
from cellscreen.fitting.boards import EpochBoard, write_inputs
from cellscreen.fitting.checkpoint import write_history
from cellscreen.fitting.conclusion import Result, conclude
from cellscreen.fitting.fit import CHECKPOINTS, fit
from cellscreen.fitting.fit_config import Watch
from cellscreen.fitting.fitter import Fitter, weights_digest
from cellscreen.fitting.flags import flat
from cellscreen.fitting.fold_parts import fold_seed, steps
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.planning import choose_jit, require_jit
from cellscreen.fitting.stopping import locked
from cellscreen.fitting.trainer import Config, Data, FoldData, Trainer
from cellscreen.pipelines.folds import claim_manifest

LOGGER = logging.getLogger(__name__)
EXAMPLES = 8


def train_folds(
    trainer: Trainer[Config, Data], config: Config, workdir: str | Path, watch: Watch
) -> Result:
    """Trains one net per fold and writes the run folder.

    A run folder that was begun with the same config goes on: inside the epoch in which it was
    killed, to the same weights. The held-out part of a fold decides nothing.

    Args:
        trainer: whose config it is.
        config: what to train.
        workdir: the run folder, new or of the same config; of several workers one that all see.
        watch: how it is watched and saved.

    Raises:
        ConfigError: the run folder is of another config or of other data or in use, or the batch
            does not fit.
        DataError: labels or folds cannot carry the training, or a loss became NaN or infinite.
        RecordError: the prepared plates are missing or damaged.

    Example:
        >>> train_folds(EDGES, config, "runs/ac16", UNWATCHED).workdir  # doctest: +SKIP
        PosixPath('runs/ac16')
    """
    started, workdir = time.monotonic(), Path(workdir)
    machine = Machine(config.machine)  # several workers must meet before anything else runs
    data = trainer.load(config)
    with _claimed(data, workdir, machine) as config:
        fitter = trainer.fitter(config, data, machine)
        config = _decided(config, data, fitter, machine)
        if machine.is_chief:
            claim_manifest(data.manifest, workdir / run_folder.MANIFEST)
            data.claim(workdir)
            run_folder.claim(workdir, config)
        answers = [_fold(trainer, fitter, data, k, workdir, machine, watch) for k in data.folds]
        seconds = time.monotonic() - started
        data.release()
        return conclude(trainer, config, data, pd.concat(answers), workdir, machine, seconds)


@contextlib.contextmanager
def _claimed(data: FoldData, workdir: Path, machine: Machine) -> Iterator[Config]:
    """The config as an earlier start of the run resolved it, while no other process may train."""
    config = run_folder.adopt(workdir, data.config)
    with locked(workdir) if machine.is_chief else contextlib.nullcontext():
        if machine.is_chief:
            run_folder.tidy(workdir)
        yield config


def _decided(config: Config, data: FoldData, fitter: Fitter, machine: Machine) -> Config:
    """The config with nothing left to `auto`."""
    jit = config.machine.jit
    if jit == "auto":
        n_steps = sum(steps(data, fold) for fold in data.folds) * config.fit.epochs
        on = n_steps > 0 and choose_jit(fitter, data.training(data.folds[0]), n_steps, machine)
        jit = "on" if on else "off"
    elif jit == "on":
        require_jit(fitter, data.training(data.folds[0]))
    machine.be_deterministic(jit == "on")
    resolved = dataclasses.replace(config.machine, strategy=machine.name, jit=jit)
    return dataclasses.replace(config, machine=resolved)


def _fold(
    trainer: Trainer[Config, Data],
    fitter: Fitter,
    data: Data,
    fold: int,
    workdir: Path,
    machine: Machine,
    watch: Watch,
) -> pd.DataFrame:
    """Trains one fold, or goes on with it, or reads what is finished; returns its predictions."""
    folder = run_folder.fold_folder(workdir, fold)
    place = f"Fold {data.folds.index(fold) + 1} of {len(data.folds)}"
    if (folder / run_folder.PREDICTIONS).is_file():
        LOGGER.info("%s is finished already.", place)
        _clear(folder, machine)
        return run_folder.read_predictions(folder)
    LOGGER.info("%s: training %s. %s", place, trainer.net(data.config), data.describe(fold))
    fitter.reset(fold_seed(data.config.fit.seed, fold))
    trainer.adapt(fitter, data, fold)
    history = _fit_fold(fitter, data, fold, folder, machine, watch)
    answers = trainer.answers(fitter, data, fold).assign(fold=fold)
    if machine.is_chief:
        run_folder.save_model(fitter.model, folder / run_folder.MODEL)
        write_history(history, folder)
        trainer.show(folder / "logs", data, answers, flat(data.config), len(history))
        run_folder.write_csv(answers, folder / run_folder.PREDICTIONS)
    _clear(folder, machine)
    LOGGER.info("%s is done; weights %s.", place, weights_digest(fitter.model))
    return answers


def _clear(folder: Path, machine: Machine) -> None:
    """Removes what a finished fold needs no more."""
    if machine.is_chief:
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
        (folder / run_folder.LAST_MODEL).unlink(missing_ok=True)


def _fit_fold(
    fitter: Fitter, data: FoldData, fold: int, folder: Path, machine: Machine, watch: Watch
) -> list[dict[str, float]]:
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
    data: FoldData, fold: int, folder: Path, watch: Watch
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
