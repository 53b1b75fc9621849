"""Losses of nets of bags an example, and what is shown beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from cellscreen.fitting.fit_config import LossConfig
from cellscreen.fitting.losses import class_loss, is_right
from cellscreen.training.bags.config import Target

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
_SMALLEST = 1e-7  # as Keras clips


def bag_loss(
    config: LossConfig, kind: Target, outputs: int, prior: tf.Variable | None = None
) -> Loss:
    """The loss of one bag.

    Args:
        config: which loss; not of doses, whose loss is the squared error.
        kind: what is asked.
        outputs: of the net.
        prior: of classes, as `class_loss` takes it.

    Returns:
        A function from targets (of `BagTargets.values`) and answers `(batch, outputs)` to losses
        `(batch,)` float32.
    """
    if kind == "classes":
        return class_loss(config, outputs, prior)
    if kind == "tasks":
        return masked_task_loss(config)
    return squared_error


def masked_task_loss(config: LossConfig) -> Loss:
    """The mean binary cross-entropy over a bag's known tasks; 0 where it has none.

    Label smoothing moves a label by half of its share towards the other class, focal weights are
    (1 - p)^gamma with the probability p of the true class, as Keras has them.

    Example:
        >>> loss = masked_task_loss(LossConfig())
        >>> loss(tf.constant([[1, -1]]), tf.constant([[0.5, 0.9]])).numpy().round(3)
        array([0.693], dtype=float32)
    """
    smoothing, gamma = config.label_smoothing, config.focal_gamma

    def loss(labels: tf.Tensor, answers: tf.Tensor) -> tf.Tensor:
        known = tf.cast(labels >= 0, tf.float32)
        wanted = tf.cast(labels > 0, tf.float32) * (1 - smoothing) + smoothing / 2
        answers = tf.clip_by_value(tf.cast(answers, tf.float32), _SMALLEST, 1 - _SMALLEST)
        each = -wanted * tf.math.log(answers) - (1 - wanted) * tf.math.log(1 - answers)
        if config.loss == "focal":
            right = wanted * answers + (1 - wanted) * (1 - answers)
            each *= (1 - right) ** gamma
        return tf.math.divide_no_nan(
            tf.reduce_sum(each * known, axis=-1), tf.reduce_sum(known, axis=-1)
        )

    return loss


def squared_error(values: tf.Tensor, answers: tf.Tensor) -> tf.Tensor:
    """The squared error of one value, `(batch,)` float32."""
    return tf.reduce_mean((tf.cast(answers, tf.float32) - values) ** 2, axis=-1)


def bag_measures(kind: Target) -> Callable[[Any, Any], dict[str, tf.Tensor]]:
    """What is shown of each epoch beside the loss.

    Returns:
        A function from targets and answers to `accuracy` (of tasks, over those known) or, of doses,
        `absolute_error`; each `(batch,)` float32.
    """
    if kind == "classes":
        return is_right
    return _tasks_right if kind == "tasks" else _absolute_error


def _tasks_right(labels: tf.Tensor, answers: tf.Tensor) -> dict[str, tf.Tensor]:
    known = tf.cast(labels >= 0, tf.float32)
    right = tf.cast((answers > 0.5) == (labels > 0), tf.float32) * known
    share = tf.math.divide_no_nan(tf.reduce_sum(right, axis=-1), tf.reduce_sum(known, axis=-1))
    return {"accuracy": share}


def _absolute_error(values: tf.Tensor, answers: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"absolute_error": tf.reduce_mean(tf.abs(answers - values), axis=-1)}
