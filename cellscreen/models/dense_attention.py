"""The dense attention net, the hypoxia paper's own."""

from __future__ import annotations

import keras
from keras import KerasTensor, layers

from cellscreen.models import blocks
from cellscreen.models.net_config import NetConfig


def dense_attention(config: NetConfig, input_size: int = 128, n_classes: int = 2) -> keras.Model:
    """The morphological feature fusion net (hypoxia paper, II.C, III.B.4 and Algorithm 2).

    Stem; dense attention module; bottleneck, to twice the channels and half the map; second
    module; global pooling; softmax.

    Args:
        config: uses stem_width, stem_stride, reduction, dropout, global_pooling, bn_momentum.
        input_size: side of the edge map, px.
        n_classes: classes, the negative one first.

    Returns:
        A model from edge maps `(batch, size, size, 1)` float32 in [0, 1] to probabilities
        `(batch, n_classes)` float32.

    Raises:
        ConfigError: the input is too small, or there are fewer than two classes.

    Example:
        >>> dense_attention(NetConfig(), input_size=96).output_shape
        (None, 2)
    """
    edges = blocks.edge_input(input_size)
    x = dense_attention_module(blocks.stem(edges, config), config)
    x = blocks.bottleneck(x, 2 * config.stem_width)
    x = dense_attention_module(x, config)
    x = blocks.global_pooling(x, config)
    return keras.Model(edges, blocks.probabilities(x, n_classes), name="dense_attention")


def dense_attention_module(x: KerasTensor, config: NetConfig) -> KerasTensor:
    """1x1 convolution, attention and two 3x3 fusions, `x` added to each (II.C.1, Figure 3)."""
    channels = x.shape[-1]
    attended = blocks.attention(x + blocks.conv_bn_relu(x, channels, 1, config), config)
    fused = blocks.conv_bn_relu(x + attended, channels, 3, config)
    fused = blocks.conv_bn_relu(x + fused, channels, 3, config)
    return layers.Dropout(config.dropout)(fused)
