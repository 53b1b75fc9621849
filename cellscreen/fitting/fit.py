"""The one training loop: every task, every strategy; it can be killed anywhere and goes on exactly.

Keras' own `fit` breaks under a strategy with XLA, accumulation or several workers, and cannot go
on inside an epoch (docs/decisions/training-loop.md). This loop drives Keras' callbacks.
"""

from __future__ import annotations

import logging
import math
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cellscreen.fitting.checkpoint import (
    Progress,
    State,
    load_newest,
    save_state,
    write_history,
)
from cellscreen.fitting.fit_config import UNWATCHED, Watch
from cellscreen.fitting.fitter import Fitter, weights_digest
from cellscreen.fitting.nonfinite import FILE as NONFINITE
from cellscreen.fitting.nonfinite import MOST_IN_A_ROW, note_batch, refuse_batch
from cellscreen.fitting.optimizer import learning_rates
from cellscreen.fitting.stopping import StopRequest, stop_requests
from cellscreen.fitting.task import Examples, Validation
from cellscreen.fitting.telling import Teller
from cellscreen.pipelines.order import Start

LOGGER = logging.getLogger(__name__)
CHECKPOINTS = "checkpoints"
WATCHED = "val_loss"
# Workers agree on stopping so many steps apart.
ASKED_EVERY = 8
COUNTERS = ("wait", "best", "best_epoch", "stopped_epoch", "cooldown_counter")


def fit(
    fitter: Fitter,
    examples: Examples,
    folder: Path,
    validation: Validation | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    watch: Watch = UNWATCHED,
) -> list[dict[str, float]]:
    """Fits, or goes on where the newest checkpoint in `folder` ends.

    Args:
        fitter: reset, or as an earlier call left it.
        examples: the training part.
        folder: of this fit; gets `checkpoints/`.
        validation: the part that early stopping, plateau and `keep=best` follow.
        callbacks: further ones of Keras; they run on every worker.
        watch: how it is watched and saved.

    Returns:
        The figures of every epoch.

    Raises:
        DataError: a loss or gradient was NaN or infinite.
        KeyboardInterrupt: after Ctrl-C, everything saved.
        SystemExit: after SIGTERM, everything saved.
    """
    run = _Run(fitter, examples, folder, validation, watch)
    counted = _counted_callbacks(fitter)
    shown = keras.callbacks.CallbackList(
        [*counted, *callbacks],
        add_progbar=watch.progress and fitter.machine.is_chief,
        model=fitter.model,
        verbose=1 if sys.stdout.isatty() else 2,
        epochs=fitter.fit_config.epochs,
        steps=run.steps,
    )
    fitter.model.optimizer, fitter.model.stop_training = fitter.optimizer, False
    try:
        with stop_requests() as stop:
            shown.on_train_begin()
            run.go_on(counted)
            batches = fitter.batches(examples, Start(run.progress.epoch, run.progress.step))
            while run.progress.epoch < fitter.fit_config.epochs and not run.progress.stopped:
                run.epoch(batches, shown, counted, stop)
                run.leave_if_asked(stop, counted)
            run.finish()
            shown.on_train_end()
        if stop.signal is not None:
            stop.leave()  # it came while the last things were done, and all is saved
    finally:
        fitter.model.optimizer = None  # it would be saved with the net
    return run.progress.history


def _counted_callbacks(fitter: Fitter) -> list[keras.callbacks.Callback]:
    """Callbacks with counters that a checkpoint must hold."""
    found: list[keras.callbacks.Callback] = []
    config = fitter.optimizer_config
    if config.schedule == "plateau":
        found.append(
            keras.callbacks.ReduceLROnPlateau(
                WATCHED, factor=config.decay, patience=config.drop_epochs, mode="min"
            )
        )
    if fitter.fit_config.patience:
        found.append(
            keras.callbacks.EarlyStopping(WATCHED, patience=fitter.fit_config.patience, mode="min")
        )
    return found


class _Run:
    """One call of `fit`: the state that lives from step to step."""

    def __init__(
        self,
        fitter: Fitter,
        examples: Examples,
        folder: Path,
        validation: Validation | None,
        watch: Watch,
    ) -> None:
        self.fitter, self.examples, self.folder = fitter, examples, folder
        self.validation, self.watch = validation, watch
        self.fit, self.machine = fitter.fit_config, fitter.machine
        self.steps = examples.count // self.fit.batch_size
        self.rate = learning_rates(fitter.optimizer_config, self.fit.epochs)
        self.progress, self.best = Progress(), list[np.ndarray]()
        self.saved_at = time.monotonic()
        self.teller = Teller(self.fit.epochs)

    def go_on(self, counted: list[keras.callbacks.Callback]) -> None:
        """Takes up the newest checkpoint, if there is one."""
        shapes = [tuple(variable.shape) for variable in self.fitter.variables()]
        state = load_newest(self.folder / CHECKPOINTS, shapes)
        if state is not None:
            self.take_up(state, counted)
        progress = self.progress
        seen = f"{weights_digest(self.fitter.model)} {progress.epoch} {progress.step}"
        self.machine.check_alike(zlib.crc32(seen.encode()) >> 8, "weights and checkpoints")

    def take_up(self, state: State, counted: list[keras.callbacks.Callback]) -> None:
        """Goes on from a checkpoint."""
        self.fitter.restore(state.arrays)
        self.progress, self.best = state.progress, state.best
        self.teller.first_epoch = state.progress.epoch
        for callback, counters in zip(counted, self.progress.callbacks, strict=True):
            vars(callback).update(counters)
        LOGGER.info("Going on after epoch %d, step %d.", self.progress.epoch, self.progress.step)

    def epoch(
        self,
        batches: Iterator[Any],
        shown: keras.callbacks.CallbackList,
        counted: list[keras.callbacks.Callback],
        stop: StopRequest,
    ) -> None:
        """The steps of an epoch that are left, then its figures."""
        progress = self.progress
        shown.on_epoch_begin(progress.epoch)
        began, waited = time.monotonic(), 0.0
        while progress.step < self.steps:
            self.set_rate()
            shown.on_train_batch_begin(progress.step)
            asked = time.monotonic()
            batch = next(batches)
            waited += time.monotonic() - asked
            self.step(batch)
            shown.on_train_batch_end(progress.step - 1, self.means())
            if self.is_due():
                self.save(counted)
            if not self.machine.distributed or progress.step % ASKED_EVERY == 0:
                self.leave_if_asked(stop, counted)
        self.teller.waiting(progress.epoch, waited, time.monotonic() - began)
        self.end_epoch(shown, counted)

    def leave_if_asked(self, stop: StopRequest, counted: list[keras.callbacks.Callback]) -> None:
        """Saves and leaves if a signal came, on all workers at the same step."""
        if not self.machine.agreed(float(stop.signal is not None)):
            return
        self.save(counted)
        LOGGER.warning("Stopped and saved: the same command goes on from here.")
        stop.leave()

    def step(self, batch: Any) -> None:
        """One step; adds its figures, or deals with one that is not finite."""
        progress = self.progress
        logs = {name: float(value) for name, value in self.fitter.train_step(batch).items()}
        if logs.pop("finite"):
            logs["grad_norm"] *= logs["n"]
            for name, value in logs.items():
                progress.sums[name] = progress.sums.get(name, 0.0) + value
            progress.bad_in_a_row = 0
        else:
            self.deal_with_nonfinite(logs["loss"])
        progress.step += 1

    def deal_with_nonfinite(self, loss: float) -> None:
        """The weights are as they were; names the batch, then stops or goes on."""
        progress, scale = self.progress, self.fitter.scale
        if scale.active and math.isfinite(loss) and float(scale.factor.numpy()) > 1:
            return  # float16 gradients overflowed: the smaller factor is tried next
        progress.bad_in_a_row += 1
        progress.skipped += 1
        start = Start(progress.epoch, progress.step)
        keys = note_batch(self.examples, start, self.fit.batch_size, self.folder, self.machine)
        if self.fit.on_nonfinite == "stop" or progress.bad_in_a_row >= MOST_IN_A_ROW:
            refuse_batch(start, keys, self.folder)

    def means(self) -> dict[str, float]:
        """Figures of the epoch so far: means over its examples."""
        sums = self.progress.sums
        count = sums.get("n", 0.0)
        return {name: sums[name] / count for name in sums if name != "n" and count}

    def set_rate(self) -> None:
        """Sets the learning rate of the next step."""
        if self.rate is None:
            return
        wanted = np.float32(self.rate(self.progress.epoch + self.progress.step / self.steps))
        if self.fitter.optimizer.learning_rate.numpy() != wanted:
            self.fitter.optimizer.learning_rate = wanted

    def end_epoch(
        self, shown: keras.callbacks.CallbackList, counted: list[keras.callbacks.Callback]
    ) -> None:
        """Validation, history, callbacks, and whether the fit is over."""
        progress = self.progress
        logs = self.means()
        if self.validation is not None:
            validation = self.validation
            logs |= self.fitter.averaged(lambda: self.validated(validation))
        rate = float(self.fitter.optimizer.learning_rate.numpy())
        progress.history.append({"epoch": progress.epoch, **logs, "learning_rate": rate})
        told = {name: value for name, value in logs.items() if math.isfinite(value)}
        if self.validation is not None:
            told.setdefault(WATCHED, math.inf)  # NaN would stay "best" for ever in callbacks
        shown.on_epoch_end(progress.epoch, told)
        progress.epoch, progress.step, progress.sums = progress.epoch + 1, 0, {}
        progress.stopped = bool(self.fitter.model.stop_training)
        if self.is_due() or progress.stopped or progress.epoch == self.fit.epochs:
            self.save(counted)
        self.teller.time_left(progress.epoch)

    def validated(self, validation: Validation) -> dict[str, float]:
        """Figures of the validation part; keeps the weights if they are the best so far."""
        rows, answers = self.fitter.predict(validation.questions)
        figures = {f"val_{k}": v for k, v in validation.figures(rows, answers).items()}
        value, best = figures[WATCHED], self.progress.best
        if self.fit.keep == "best" and math.isfinite(value) and (best is None or value < best):
            self.progress.best = value
            self.best = [variable.numpy() for variable in self.fitter.model.variables]
        return figures

    def finish(self) -> None:
        """Puts the weights that answer into the net."""
        model, progress = self.fitter.model, self.progress
        if progress.skipped:
            LOGGER.warning(
                "%d batches were left out: see %s.", progress.skipped, self.folder / NONFINITE
            )
        if self.fit.keep == "best" and not self.best and progress.history:
            LOGGER.warning("No epoch had a finite %s: the last weights are kept.", WATCHED)
        if self.fit.keep == "best" and self.best:
            for variable, value in zip(model.variables, self.best, strict=True):
                variable.assign(value)
        elif self.fitter.optimizer_config.ema and self.fitter.optimizer.iterations.numpy():
            self.fitter.optimizer.finalize_variable_values(model.trainable_variables)

    def is_due(self) -> bool:
        """Whether enough work is unsaved."""
        return time.monotonic() - self.saved_at >= self.watch.checkpoint_seconds

    def save(self, counted: list[keras.callbacks.Callback]) -> None:
        """Writes a checkpoint; only the chief does."""
        self.saved_at = time.monotonic()
        if not self.machine.is_chief:
            return
        self.progress.callbacks = [
            {name: vars(callback)[name] for name in COUNTERS if name in vars(callback)}
            for callback in counted
        ]
        if self.progress.history:
            write_history(self.progress.history, self.folder)
        number = self.progress.epoch * self.steps + self.progress.step
        state = State(self.progress, self.fitter.capture(), self.best)
        save_state(state, self.folder / CHECKPOINTS, number)
