"""Losses an example: Keras' own, without the division by replicas that comes with reduction."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from cellscreen.training.fit_config import LossConfig


def class_loss(config: LossConfig, n_classes: int) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The loss of one label an example.

    Args:
        config: which loss.
        n_classes: classes of the net.

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
        return keras_loss(wanted, tf.cast(probabilities, tf.float32))

    return loss


def is_right(labels: tf.Tensor, probabilities: tf.Tensor) -> dict[str, tf.Tensor]:
    """1 where the likeliest class is the label, `(batch,)` float32, as `accuracy`."""
    return {"accuracy": tf.cast(tf.argmax(probabilities, axis=-1) == labels, tf.float32)}
