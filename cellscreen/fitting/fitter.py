"""A net with its optimizer and compiled steps, and the state by which a fit can go on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cellscreen.fitting.fit_config import FitConfig, OptimizerConfig
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.optimizer import build_optimizer
from cellscreen.fitting.step import LossScale, StepOptions, prediction_step, training_step
from cellscreen.fitting.task import Examples, Questions, Task
from cellscreen.pipelines.order import Share, Start


class Fitter:
    """A net with its optimizer and compiled steps, for one fold after another.

    Args:
        task: what is fitted.
        fit: batch, epochs, seed and what ends a fit.
        optimizer: optimizer and learning rate.
        machine: strategy and precision, opened.
        jit: whether to compile with XLA.

    Attributes:
        model: the net; after `fit.fit` its weights are those that answer.
        optimizer: its optimizer, built.
        scale: the loss scale of float16.
        task: as given.
        train_step: of `step.training_step`.
        jit: whether the steps are compiled with XLA.
        fit_config, optimizer_config, machine: as given.

    Raises:
        ConfigError: the batch does not divide among replicas and parts.
    """

    def __init__(
        self, task: Task, fit: FitConfig, optimizer: OptimizerConfig, machine: Machine, jit: bool
    ) -> None:
        self.task, self.fit_config, self.machine = task, fit, machine
        self.optimizer_config = optimizer
        self._batch = machine.batch_of_replica(fit.batch_size, fit.accumulation)
        with machine.scope():
            self.model = task.build()
            self.optimizer = build_optimizer(optimizer, self.model.trainable_variables)
            self.scale = LossScale(machine.precision == "mixed_float16")
        self._unused = [variable.numpy() for variable in self.optimizer.variables]
        self.use_jit(jit)

    def use_jit(self, jit: bool) -> None:
        """Makes the steps anew, compiled by XLA or not."""
        options = StepOptions(self.fit_config.accumulation, self.optimizer_config.clip_norm, jit)
        self.jit = jit
        self.train_step = training_step(
            self.task, self.model, self.optimizer, self.scale, self.machine, options
        )
        self._predict_step = prediction_step(self.task, self.model, self.machine, jit)

    def reset(self, seed: int) -> None:
        """Gives the net fresh weights, and forgets everything of an earlier fit."""
        keras.utils.set_random_seed(seed)
        with self.machine.scope():
            fresh = [variable.numpy() for variable in self.task.build().variables]
        self.restore([*fresh, *self._unused, *self.scale.initial])

    def variables(self) -> list[Any]:
        """All that decides how a fit goes on: net, seeds, optimizer, averages, loss scale."""
        return [*self.model.variables, *self.optimizer.variables, *self.scale.variables]

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

        return iter(self.machine.distribute(make, self._batch))

    def predict(self, questions: Questions) -> tuple[np.ndarray, np.ndarray]:
        """Answers every example once.

        Returns:
            rows `(n,)` int64 and answers `(n, ...)` float32, in one order.
        """
        batches = iter(self.machine.distribute(_padded(questions), self._batch))
        size = self._batch * self.machine.replicas
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
        if not self.optimizer_config.ema or not self.optimizer.iterations.numpy():
            return use()
        variables = self.model.trainable_variables
        raw = [variable.numpy() for variable in variables]
        self.optimizer.finalize_variable_values(variables)
        try:
            return use()
        finally:
            for variable, value in zip(variables, raw, strict=True):
                variable.assign(value)


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


def weights_digest(model: keras.Model) -> str:
    """A short hash of all weights: equal on all workers, and for the same run given again."""
    digest = hashlib.sha256()
    for variable in model.variables:
        digest.update(np.ascontiguousarray(variable.numpy()).tobytes())
    return digest.hexdigest()[:16]
