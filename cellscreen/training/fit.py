"""The one training loop: every task, every strategy; it can be killed anywhere and goes on exactly.

Keras' own `fit` breaks under a strategy with XLA, accumulation or several workers, and cannot go
on inside an epoch (docs/decisions/training-loop.md). This loop drives Keras' callbacks.
"""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cellscreen.pipelines.order import Share, Start
from cellscreen.training.checkpoint import Progress, State, load_newest, save_state
from cellscreen.training.fit_config import UNWATCHED, FitConfig, OptimizerConfig, Watch
from cellscreen.training.machine import Machine
from cellscreen.training.nonfinite import MOST_IN_A_ROW, note_batch, refuse_batch
from cellscreen.training.optimizer import build_optimizer, learning_rates
from cellscreen.training.step import LossScale, StepOptions, prediction_step, training_step
from cellscreen.training.stopping import StopRequest, stop_requests
from cellscreen.training.task import Examples, Questions, Task, Validation

LOGGER = logging.getLogger(__name__)
CHECKPOINTS = "checkpoints"
WATCHED = "val_loss"
WAITING, LONG_ENOUGH_S = 0.3, 2.0
COUNTERS = ("wait", "best", "best_epoch", "stopped_epoch", "cooldown_counter")


class Fitter:
    """A net with its optimizer and compiled steps, for one fold after another.

    Args:
        task: what is fitted.
        fit: batch, epochs, seed and what ends a fit.
        optimizer: optimizer and learning rate.
        machine: strategy and precision, opened.
        jit: whether to compile with XLA.

    Attributes:
        model: the net; after `fit` its weights are those that answer.

    Raises:
        ConfigError: the batch does not divide among replicas and parts.
    """

    def __init__(
        self, task: Task, fit: FitConfig, optimizer: OptimizerConfig, machine: Machine, jit: bool
    ) -> None:
        self._task, self._fit, self._machine = task, fit, machine
        self._optimizer_config = optimizer
        self._batch = machine.batch_of_replica(fit.batch_size, fit.accumulation)
        with machine.scope():
            self.model = task.build()
            self.optimizer = build_optimizer(optimizer, self.model.trainable_variables)
            self._scale = LossScale(machine.precision == "mixed_float16")
        self._unused = [variable.numpy() for variable in self.optimizer.variables]
        self.use_jit(jit)

    def use_jit(self, jit: bool) -> None:
        """Makes the steps anew, compiled by XLA or not."""
        options = StepOptions(self._fit.accumulation, self._optimizer_config.clip_norm, jit)
        self.jit = jit
        self.train_step = training_step(
            self._task, self.model, self.optimizer, self._scale, self._machine, options
        )
        self._predict_step = prediction_step(self._task, self.model, self._machine, jit)

    def reset(self, seed: int) -> None:
        """Gives the net fresh weights, and forgets everything of an earlier fit."""
        keras.utils.set_random_seed(seed)
        with self._machine.scope():
            fresh = [variable.numpy() for variable in self._task.build().variables]
        self.restore([*fresh, *self._unused, *self._scale.initial])

    def variables(self) -> list[Any]:
        """All that decides how a fit goes on: net, seeds, optimizer, averages, loss scale."""
        return [*self.model.variables, *self.optimizer.variables, *self._scale.variables]

    def capture(self) -> list[np.ndarray]:
        """The values of `variables()`."""
        return [np.asarray(variable.numpy()) for variable in self.variables()]

    def restore(self, arrays: Sequence[Any]) -> None:
        """Sets `variables()`."""
        for variable, array in zip(self.variables(), arrays, strict=True):
            variable.assign(array)

    def batches(self, examples: Examples, start: Start) -> Iterator[Any]:
        """Distributed batches from a start on."""

        def make(share: Share) -> tf.data.Dataset:
            return examples.batches(start, share)

        return iter(self._machine.distribute(make, self._batch))

    def fit(
        self,
        examples: Examples,
        folder: Path,
        validation: Validation | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        watch: Watch = UNWATCHED,
    ) -> list[dict[str, float]]:
        """Fits, or goes on where the newest checkpoint in `folder` ends.

        Args:
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
        run = _Run(self, examples, folder, validation, watch)
        counted = self._counted_callbacks()
        shown = keras.callbacks.CallbackList(
            [*counted, *callbacks],
            add_progbar=watch.progress and self._machine.is_chief,
            model=self.model,
            verbose=1 if sys.stdout.isatty() else 2,
            epochs=self._fit.epochs,
            steps=run.steps,
        )
        self.model.optimizer, self.model.stop_training = self.optimizer, False
        with stop_requests() as stop:
            shown.on_train_begin()
            run.go_on(counted)
            batches = self.batches(examples, Start(run.progress.epoch, run.progress.step))
            while run.progress.epoch < self._fit.epochs and not run.progress.stopped:
                run.epoch(batches, shown, counted, stop)
            run.finish()
            shown.on_train_end()
        self.model.optimizer = None  # it would be saved with the net
        return run.progress.history

    def predict(self, questions: Questions) -> tuple[np.ndarray, np.ndarray]:
        """Answers every example once.

        Returns:
            rows `(n,)` int64 and answers `(n, ...)` float32, in one order.
        """
        batches = iter(self._machine.distribute(_padded(questions), self._batch))
        size = self._batch * self._machine.replicas
        rows, answers = [], []
        for _ in range(math.ceil(questions.count / size)):
            found = self._predict_step(next(batches))
            rows.append(found[0].numpy())
            answers.append(found[1].numpy())
        if not rows:
            return np.zeros(0, np.int64), np.zeros((0, *self.model.output_shape[1:]), np.float32)
        row, answer = np.concatenate(rows), np.concatenate(answers)
        return row[row >= 0], answer[row >= 0]

    def averaged(self, use: Callable[[], Any]) -> Any:
        """Calls `use` while the averaged weights (EMA) stand in the net; without EMA, as it is."""
        if not self._optimizer_config.ema or not self.optimizer.iterations.numpy():
            return use()
        variables = self.model.trainable_variables
        raw = [variable.numpy() for variable in variables]
        self.optimizer.finalize_variable_values(variables)
        try:
            return use()
        finally:
            for variable, value in zip(variables, raw, strict=True):
                variable.assign(value)

    def _counted_callbacks(self) -> list[keras.callbacks.Callback]:
        """Callbacks with counters that a checkpoint must hold."""
        found: list[keras.callbacks.Callback] = []
        config = self._optimizer_config
        if config.schedule == "plateau":
            found.append(
                keras.callbacks.ReduceLROnPlateau(
                    WATCHED, factor=config.decay, patience=config.drop_epochs, mode="min"
                )
            )
        if self._fit.patience:
            found.append(
                keras.callbacks.EarlyStopping(WATCHED, patience=self._fit.patience, mode="min")
            )
        return found


class _Run:
    """One call of `Fitter.fit`: the state that lives from step to step."""

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
        self.fit, self.machine = fitter._fit, fitter._machine
        self.steps = examples.count // self.fit.batch_size
        self.rate = learning_rates(fitter._optimizer_config, self.fit.epochs)
        self.progress, self.best = Progress(), list[np.ndarray]()
        self.saved_at, self.row_of_bad = time.monotonic(), 0
        self.told = False

    def go_on(self, counted: list[keras.callbacks.Callback]) -> None:
        """Takes up the newest checkpoint, if there is one."""
        shapes = [tuple(variable.shape) for variable in self.fitter.variables()]
        state = load_newest(self.folder / CHECKPOINTS, shapes)
        if state is None:
            return
        self.fitter.restore(state.arrays)
        self.progress, self.best = state.progress, state.best
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
            if stop.signal is not None or self.is_due():
                self.save(counted)
            if stop.signal is not None:
                LOGGER.warning("Stopped and saved: the same command goes on from here.")
                stop.leave()
        self.tell_waiting(waited, time.monotonic() - began)
        self.end_epoch(shown, counted)

    def step(self, batch: Any) -> None:
        """One step; adds its figures, or deals with one that is not finite."""
        progress = self.progress
        logs = {name: float(value) for name, value in self.fitter.train_step(batch).items()}
        if logs.pop("finite"):
            logs["grad_norm"] *= logs["n"]
            for name, value in logs.items():
                progress.sums[name] = progress.sums.get(name, 0.0) + value
            self.row_of_bad = 0
        else:
            self.deal_with_nonfinite()
        progress.step += 1

    def deal_with_nonfinite(self) -> None:
        """The weights are as they were; names the batch, then stops or goes on."""
        progress, scale = self.progress, self.fitter._scale
        if scale.active and float(scale.factor.numpy()) > 1:
            return  # float16 overflowed: the smaller factor is tried next
        self.row_of_bad += 1
        progress.skipped += 1
        start = Start(progress.epoch, progress.step)
        keys = note_batch(self.examples, start, self.fit.batch_size, self.folder, self.machine)
        if self.fit.on_nonfinite == "stop" or self.row_of_bad >= MOST_IN_A_ROW:
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
        # NaN would stay "best" for ever in Keras' callbacks.
        shown.on_epoch_end(
            progress.epoch, {k: v if math.isfinite(v) else math.inf for k, v in logs.items()}
        )
        progress.epoch, progress.step, progress.sums = progress.epoch + 1, 0, {}
        progress.stopped = bool(self.fitter.model.stop_training)
        if self.is_due() or progress.stopped or progress.epoch == self.fit.epochs:
            self.save(counted)

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
        model = self.fitter.model
        if self.fit.keep == "best" and self.best:
            for variable, value in zip(model.variables, self.best, strict=True):
                variable.assign(value)
        elif self.fitter._optimizer_config.ema and self.fitter.optimizer.iterations.numpy():
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
        number = self.progress.epoch * self.steps + self.progress.step
        state = State(self.progress, self.fitter.capture(), self.best)
        save_state(state, self.folder / CHECKPOINTS, number)

    def tell_waiting(self, waited: float, whole: float) -> None:
        """Says once that steps wait for data, if they do."""
        if not self.told and whole > LONG_ENOUGH_S and waited > WAITING * whole:
            self.told = True
            LOGGER.warning(
                "Input-bound: %.0f %% of the time the net waits for data (reading and "
                "augmentation); a faster disk, more cores or a larger --reduce_factor help.",
                100 * waited / whole,
            )


def _padded(questions: Questions) -> Callable[[Share], tf.data.Dataset]:
    """Full batches for every replica: what is missing at the end repeats with row -1."""

    def make(share: Share) -> tf.data.Dataset:
        missing = -questions.count % share.global_batch
        filling = questions.examples.take(1).repeat(missing)
        filling = filling.map(lambda inputs, row: (inputs, tf.constant(-1, tf.int64)))
        whole = questions.examples.concatenate(filling)
        if share.pipelines > 1:

            def mine(number: tf.Tensor, _: Any) -> tf.Tensor:
                return number // share.block % share.pipelines == share.pipeline

            whole = whole.enumerate().filter(mine).map(lambda _, example: example)
        return whole.batch(share.batch, drop_remainder=True).prefetch(tf.data.AUTOTUNE)

    return make
