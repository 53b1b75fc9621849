"""The plain net: three convolutions, two dense layers."""

from __future__ import annotations

import keras
from keras import layers

from cellscreen.models import blocks
from cellscreen.models.net_config import NetConfig


def plain(config: NetConfig, input_size: int = 128, n_classes: int = 2) -> keras.Model:
    """The simple feature-extraction net (hypoxia paper, III.B.1; "baseline" of Table III).

    Three times 3x3 convolution, batch normalisation, ReLU; global pooling; two dense layers.

    Args:
        config: uses stem_width, stem_stride, dense_units, global_pooling, bn_momentum.
        input_size: side of the edge map, px.
        n_classes: classes, the negative one first.

    Returns:
        A model from edge maps `(batch, size, size, 1)` float32 in [0, 1] to probabilities
        `(batch, n_classes)` float32.

    Raises:
        ConfigError: the input is too small, or there are fewer than two classes.

    Example:
        >>> plain(NetConfig(net="plain"), input_size=96).output_shape
        (None, 2)
    """
    edges = blocks.edge_input(input_size)
    x = blocks.conv_stages(edges, config)
    x = blocks.global_pooling(x, config)
    x = layers.Dense(config.dense_units, activation="relu")(x)
    return keras.Model(edges, blocks.probabilities(x, n_classes), name="plain")
