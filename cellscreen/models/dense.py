"""dense"""

from __future__ import annotations

import keras
from keras import layers

from cellscreen.models import blocks
from cellscreen.models.net_config import NetConfig

BLOCKS, LAYERS = 3, 3


def dense(config: NetConfig, input_size: int = 128, n_classes: int = 2) -> keras.Model:
    inputs = blocks.edge_input(input_size)
    x = blocks.conv_bn_relu(inputs, config.stem_width, 3, config.bn_momentum, config.stem_stride)
    for block in range(BLOCKS):
        for _ in range(LAYERS):
            new = blocks.conv_bn_relu(x, config.growth, 1, config.bn_momentum)
            new = blocks.conv_bn_relu(new, config.growth, 3, config.bn_momentum)
            x = layers.Concatenate()([x, new])
        x = layers.Dropout(config.dropout)(x)
        if block < BLOCKS - 1:
            x = blocks.bottleneck(x, x.shape[-1] // 2, config.bn_momentum)
    x = blocks.global_pooling(x, config.global_pooling)
    return keras.Model(inputs, blocks.probabilities(x, n_classes), name="dense")
