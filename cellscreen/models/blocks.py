"""The blocks that the edge nets share; each takes and returns a feature map.

Feature maps are `(batch, height, width, channels)`. Convolutions keep the size ("same" padding)
and have no bias where batch normalisation follows, whose offset takes its place.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

PROBABILITIES = "probabilities"
GLOBAL_POOLING = "global_pooling"


def edge_input(input_size: int) -> Any:
    """The net's input: edge maps `(batch, size, size, 1)` float32, in [0, 1]."""
    return keras.Input((input_size, input_size, 1), name="edges")


def conv_bn_relu(x: Any, channels: int, kernel: int, momentum: float, stride: int = 1) -> Any:
    """Convolution, batch normalisation, ReLU (hypoxia paper, III.B.1)."""
    x = layers.Conv2D(channels, kernel, strides=stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=momentum)(x)
    return layers.ReLU()(x)


def bottleneck(x: Any, channels: int, momentum: float) -> Any:
    """1x1 convolution to `channels`, then 2x2 average pooling (hypoxia paper, III.B.2)."""
    x = conv_bn_relu(x, channels, 1, momentum)
    return layers.AveragePooling2D(2, padding="same")(x)


def channel_attention(x: Any, reduction: int) -> Any:
    """Weights every channel by a gate in (0, 1) (hypoxia paper, III.B.3).

    The channels' means and maxima go through one perceptron, with shared weights; the gate is the
    sigmoid of the sum of both answers.
    """
    channels = x.shape[-1]
    hidden = layers.Dense(max(1, channels // reduction), activation="relu")
    answer = layers.Dense(channels)
    mean = layers.GlobalAveragePooling2D(keepdims=True)(x)
    top = layers.GlobalMaxPooling2D(keepdims=True)(x)
    gate = ops.sigmoid(answer(hidden(mean)) + answer(hidden(top)))
    return x * gate


def spatial_attention(x: Any) -> Any:
    """Weights every pixel by a gate in (0, 1) (hypoxia paper, III.B.3).

    A 1x1 convolution joins the mean and the maximum over channels.
    """
    pooled = [ops.mean(x, axis=-1, keepdims=True), ops.max(x, axis=-1, keepdims=True)]
    gate = layers.Conv2D(1, 1, activation="sigmoid")(ops.concatenate(pooled, axis=-1))
    return x * gate


def global_pooling(x: Any, kind: str) -> Any:
    """Mean ("average") or maximum ("max") of every channel: `(batch, channels)`."""
    pool = layers.GlobalMaxPooling2D if kind == "max" else layers.GlobalAveragePooling2D
    return pool(name=GLOBAL_POOLING)(x)


def probabilities(x: Any, n_classes: int) -> Any:
    """Dense layer and softmax: `(batch, n_classes)`, float32 under any dtype policy."""
    head = layers.Dense(n_classes, activation="softmax", dtype="float32", name=PROBABILITIES)
    return head(x)
