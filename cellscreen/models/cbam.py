"""cbam"""

from __future__ import annotations

import keras
from keras import layers

from cellscreen.models import blocks
from cellscreen.models.net_config import NetConfig


def cbam(config: NetConfig, input_size: int = 128, n_classes: int = 2) -> keras.Model:
    x = inputs = blocks.edge_input(input_size)
    for stage in range(3):
        stride = config.stem_stride if stage == 0 else 1
        x = blocks.conv_bn_relu(x, config.stem_width << stage, 3, config.bn_momentum, stride)
        x = blocks.spatial_attention(blocks.channel_attention(x, config.reduction))
        x = layers.MaxPooling2D(2, padding="same")(x) if stage < 2 else x
    x = blocks.global_pooling(x, config.global_pooling)
    x = layers.Dense(config.dense_units, activation="relu")(x)
    return keras.Model(inputs, blocks.probabilities(x, n_classes), name="cbam")
