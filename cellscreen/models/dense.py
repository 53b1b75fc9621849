"""The densely connected net."""

from __future__ import annotations

import keras

from cellscreen.models import blocks
from cellscreen.models.net_config import NetConfig

BLOCKS, LAYERS = 3, 3


def dense(config: NetConfig, input_size: int = 128, n_classes: int = 2) -> keras.Model:
    """The densely connected net (hypoxia paper, III.B.2; "denseNet" of Table III).

    Stem; three dense blocks of three layers, with bottlenecks between them that halve channels
    and map; global pooling; softmax.

    Args:
        config: uses stem_width, stem_stride, growth, dropout, global_pooling, bn_momentum.
        input_size: side of the edge map, px.
        n_classes: classes, the negative one first.

    Returns:
        A model from edge maps `(batch, size, size, 1)` float32 in [0, 1] to probabilities
        `(batch, n_classes)` float32.

    Raises:
        ConfigError: the input is too small, or there are fewer than two classes.

    Example:
        >>> dense(NetConfig(net="dense"), input_size=96).output_shape
        (None, 2)
    """
    edges = blocks.edge_input(input_size)
    x = blocks.dense_block(blocks.stem(edges, config), config, LAYERS)
    for _ in range(BLOCKS - 1):
        x = blocks.bottleneck(x, x.shape[-1] // 2)
        x = blocks.dense_block(x, config, LAYERS)
    x = blocks.global_pooling(x, config)
    return keras.Model(edges, blocks.probabilities(x, n_classes), name="dense")
