"""One training step and one prediction step, the same code for every strategy.

Inside XLA goes only what is pure: tensors in, gradients and new state out. Without a strategy the
whole step is compiled; with one, reduction, clipping and update stay outside, since collectives
cannot be compiled into it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from cellscreen.fitting.machine import Machine
from cellscreen.fitting.task import Task

# Replicas start from the same seeds: this far apart, their dropout differs.
SEED_STRIDE = 1_000_003
GROW_AFTER, LARGEST_SCALE = 2000, 2.0**15


@dataclass(frozen=True)
class StepOptions:
    """What a step does beside gradients and update.

    Attributes:
        parts: micro-batches a step, one after another (gradient accumulation).
        clip_norm: largest global norm of the reduced gradients; 0 is no limit.
        jit: whether to compile with XLA.
    """

    parts: int = 1
    clip_norm: float = 0.0
    jit: bool = False


class LossScale:
    """The dynamic factor that keeps float16 gradients from vanishing; 1 in other precisions."""

    def __init__(self, active: bool) -> None:
        self.active = active
        self.initial = (LARGEST_SCALE if active else 1.0, 0)
        self.factor = tf.Variable(self.initial[0], trainable=False)
        self.good_steps = tf.Variable(self.initial[1], trainable=False)

    @property
    def variables(self) -> list[tf.Variable]:
        """What a checkpoint must hold."""
        return [self.factor, self.good_steps]

    def follow(self, finite: tf.Tensor) -> None:
        """Halves the factor after gradients that overflowed, doubles it after many good ones."""
        good = tf.where(finite, self.good_steps + 1, 0)
        grown = tf.minimum(self.factor * 2, LARGEST_SCALE)
        raised = tf.where(good >= GROW_AFTER, grown, self.factor)
        self.factor.assign(tf.where(finite, raised, tf.maximum(self.factor / 2, 1.0)))
        self.good_steps.assign(tf.where(good >= GROW_AFTER, 0, good))


def training_step(
    task: Task,
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    scale: LossScale,
    machine: Machine,
    options: StepOptions,
) -> Callable[[Any], dict[str, tf.Tensor]]:
    """The function that takes one (distributed) batch and updates the net.

    Gradients are summed over replicas and parts, clipped, and applied only if they are finite.
    Batch normalisation uses each replica's own statistics of a part; the moving ones are averaged
    over replicas.

    Returns:
        A function from a batch to scalars: `n` and sums over its examples of `loss` and of the
        task's measures, `grad_norm` before clipping, and `finite`.
    """
    strategy, replicas = machine.strategy, machine.replicas
    trainable = [v.value for v in model.trainable_variables]
    state = [v.value for v in model.non_trainable_variables]
    is_seed = _seeds(model)

    @tf.function(jit_compile=options.jit and machine.distributed, autograph=False)
    def gradients(weights: list, state: list, batch: tuple, factor: tf.Tensor) -> tuple:
        inputs, targets, importance, _ = batch
        with tf.GradientTape() as tape:
            tape.watch(weights)
            outputs, state, penalties = model.stateless_call(
                weights, state, inputs, training=True, return_losses=True
            )
            losses = task.loss(targets, outputs) * importance
            total = tf.reduce_mean(losses) + tf.add_n([tf.zeros([]), *penalties])
            scaled = total * factor
        found = tape.gradient(scaled, weights, unconnected_gradients="zero")
        figures = {"loss": losses, **task.measures(targets, outputs)}
        sums = {name: tf.reduce_sum(tf.cast(v, tf.float32)) for name, v in figures.items()}
        return found, state, sums | {"n": tf.cast(tf.shape(losses)[0], tf.float32)}

    def parts_of(batch: tuple) -> list[tuple]:
        if options.parts == 1:
            return [batch]
        split = [tf.split(leaf, options.parts) for leaf in tf.nest.flatten(batch)]
        return [tf.nest.pack_sequence_as(batch, part) for part in zip(*split, strict=True)]

    def replica_gradients(batch: tuple) -> tuple:
        context = tf.distribute.get_replica_context()
        offset = tf.cast(context.replica_id_in_sync_group, tf.int64) * SEED_STRIDE
        now = [
            v + tf.cast(offset, v.dtype) if s else tf.identity(v)
            for v, s in zip(state, is_seed, strict=True)
        ]
        weights = [tf.identity(v) for v in trainable]
        factor = tf.identity(scale.factor)
        first, *others = parts_of(batch)
        found, now, sums = gradients(weights, now, first, factor)
        for part in others:
            with tf.control_dependencies([sums["n"]]):  # one part's activations at a time
                weights = [tf.identity(w) for w in weights]
            new, now, counts = gradients(weights, now, part, factor)
            found = [a + b for a, b in zip(found, new, strict=True)]
            sums = {name: sums[name] + counts[name] for name in sums}
        share = factor * replicas * options.parts
        found = [gradient / share for gradient in found]
        floats = [v for v, s in zip(now, is_seed, strict=True) if not s]
        if replicas > 1:
            means = [v / replicas for v in floats]
            found, floats, sums = context.all_reduce("sum", (found, means, sums))
        moved = iter(floats)
        now = [
            v - tf.cast(offset, v.dtype) if s else next(moved)
            for v, s in zip(now, is_seed, strict=True)
        ]
        return found, now, sums

    def update(found: list, now: list) -> None:
        # The optimizer sums over replicas once more.
        optimizer.apply([g / replicas for g in found], model.trainable_variables)
        for variable, value in zip(state, now, strict=True):
            variable.assign(value)

    def step(batch: tuple) -> dict[str, tf.Tensor]:
        per_replica = strategy.run(replica_gradients, args=(batch,))
        found, now, sums = tf.nest.map_structure(
            lambda value: strategy.experimental_local_results(value)[0], per_replica
        )
        norm = tf.linalg.global_norm(found)
        finite = tf.math.is_finite(norm) & tf.math.is_finite(sums["loss"])
        if options.clip_norm:
            ratio = tf.minimum(1.0, options.clip_norm / tf.maximum(norm, 1e-12))
            found = [gradient * ratio for gradient in found]

        def applied() -> tf.Tensor:
            strategy.run(update, args=(found, now))
            return tf.constant(True)

        tf.cond(finite, applied, lambda: tf.constant(False))
        if scale.active:
            scale.follow(finite)
        return sums | {"grad_norm": norm, "finite": finite}

    whole = options.jit and not machine.distributed
    return tf.function(step, jit_compile=whole, autograph=False)


def prediction_step(
    task: Task, model: keras.Model, machine: Machine, jit: bool
) -> Callable[[Any], tuple[tf.Tensor, tf.Tensor]]:
    """The function that answers one (distributed) batch of `(inputs, rows)`.

    Returns:
        A function to rows `(n,)` and answers `(n, ...)` float32 of all replicas, in any order.
    """
    strategy = machine.strategy

    @tf.function(jit_compile=jit, autograph=False)
    def answers(weights: list, state: list, inputs: Any) -> tf.Tensor:
        outputs, _ = model.stateless_call(weights, state, inputs, training=False)
        return tf.cast(task.answer(outputs), tf.float32)

    def replica_answers(batch: tuple) -> tuple:
        inputs, rows = batch
        weights = [tf.identity(v.value) for v in model.trainable_variables]
        state = [tf.identity(v.value) for v in model.non_trainable_variables]
        return rows, answers(weights, state, inputs)

    def step(batch: tuple) -> tuple[tf.Tensor, tf.Tensor]:
        rows, found = strategy.run(replica_answers, args=(batch,))
        if machine.replicas == 1:
            return rows, found
        return strategy.gather(rows, axis=0), strategy.gather(found, axis=0)

    return tf.function(step, autograph=False)


def _seeds(model: keras.Model) -> list[bool]:
    """Which of the non-trainable variables are the state of a seed generator."""
    weights = {id(v) for v in model.non_trainable_weights}
    return [id(v) not in weights for v in model.non_trainable_variables]
