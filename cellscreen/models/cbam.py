"""The attention net: the plain net with channel and spatial attention behind each convolution."""

from __future__ import annotations

import functools

import keras
from keras import layers

from cellscreen.models import blocks
from cellscreen.models.net_config import NetConfig


def cbam(config: NetConfig, input_size: int = 128, n_classes: int = 2) -> keras.Model:
    """The hybrid-attention net (hypoxia paper, III.B.3; "AttentionNet" of Table III).

    It differs from the plain net in nothing but the attention, so that the two of them tell what
    attention is worth.

    Args:
        config: uses what the plain net uses, and reduction.
        input_size: side of the edge map, px.
        n_classes: classes, the negative one first.

    Returns:
        A model from edge maps `(batch, size, size, 1)` float32 in [0, 1] to probabilities
        `(batch, n_classes)` float32.

    Raises:
        ConfigError: the input is too small, or there are fewer than two classes.

    Example:
        >>> cbam(NetConfig(net="cbam"), input_size=96).output_shape
        (None, 2)
    """
    edges = blocks.edge_input(input_size)
    x = blocks.conv_stages(edges, config, functools.partial(blocks.attention, config=config))
    x = blocks.global_pooling(x, config)
    x = layers.Dense(config.dense_units, activation="relu")(x)
    return keras.Model(edges, blocks.probabilities(x, n_classes), name="cbam")
