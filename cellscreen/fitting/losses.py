"""Losses an example: Keras' own, without the division by replicas that comes with reduction."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from cellscreen.fitting.fit_config import LossConfig

_SMALLEST = 1e-7  # as Keras clips


def class_loss(
    config: LossConfig, n_classes: int, prior: tf.Variable | None = None
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The loss of one label an example.

    With `logit_adjustment` τ the loss is that of the logits plus τ log π (Menon et al. 2021,
    equation 10), so that a rare class must be told by the logits alone; answers are not adjusted.

    Args:
        config: which loss.
        n_classes: classes of the net.
        prior: π, the frequency of each class in training, `(n_classes,)` float32, above 0 where a
            class is trained on; it may change between fits. Only with `logit_adjustment`.

    Returns:
        A function from labels `(batch,)` int64 and probabilities `(batch, n_classes)` float32 to
        losses `(batch,)` float32.
    """
    if config.loss == "focal":
        keras_loss: keras.losses.Loss = keras.losses.CategoricalFocalCrossentropy(
            alpha=1.0,
            gamma=config.focal_gamma,
            label_smoothing=config.label_smoothing,
            reduction=None,
        )
    else:
        keras_loss = keras.losses.CategoricalCrossentropy(
            label_smoothing=config.label_smoothing, reduction=None
        )

    def loss(labels: tf.Tensor, probabilities: tf.Tensor) -> tf.Tensor:
        wanted = tf.one_hot(labels, n_classes, dtype=tf.float32)
        given = tf.cast(probabilities, tf.float32)
        if prior is not None and config.logit_adjustment:
            given = adjusted(given, prior, config.logit_adjustment)
        return keras_loss(wanted, given)

    return loss


def adjusted(probabilities: tf.Tensor, prior: tf.Tensor, share: float) -> tf.Tensor:
    """The probabilities of logits to which `share` times the log of `prior` is added.

    Args:
        probabilities: `(batch, classes)` float32, rows sum to 1.
        prior: `(classes,)` float32; a class of 0 counts as one of 1e-7.
        share: τ of Menon et al. 2021.

    Returns:
        `(batch, classes)` float32, rows sum to 1.

    Example:
        >>> adjusted(tf.constant([[0.5, 0.5]]), tf.constant([0.9, 0.1]), 1.0).numpy().round(2)
        array([[0.9, 0.1]], dtype=float32)
    """
    logits = tf.math.log(tf.maximum(probabilities, _SMALLEST))
    return tf.nn.softmax(logits + share * tf.math.log(tf.maximum(prior, _SMALLEST)))


def is_right(labels: tf.Tensor, probabilities: tf.Tensor) -> dict[str, tf.Tensor]:
    """1 where the likeliest class is the label, `(batch,)` float32, as `accuracy`."""
    return {"accuracy": tf.cast(tf.argmax(probabilities, axis=-1) == labels, tf.float32)}
