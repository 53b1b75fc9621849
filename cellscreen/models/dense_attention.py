"""dense attention"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from cellscreen.models import blocks
from cellscreen.models.net_config import NetConfig


def dense_attention(config: NetConfig, input_size: int = 128, n_classes: int = 2) -> keras.Model:
    inputs = blocks.edge_input(input_size)
    x = blocks.conv_bn_relu(inputs, config.stem_width, 3, config.bn_momentum, config.stem_stride)
    x = _module(x, config)
    x = blocks.bottleneck(x, 2 * config.stem_width, config.bn_momentum)
    x = _module(x, config)
    x = blocks.global_pooling(x, config.global_pooling)
    return keras.Model(inputs, blocks.probabilities(x, n_classes), name="dense_attention")


def _module(x: Any, config: NetConfig) -> Any:
    channels, momentum = x.shape[-1], config.bn_momentum
    attended = x + blocks.conv_bn_relu(x, channels, 1, momentum)
    attended = blocks.channel_attention(attended, config.reduction)
    attended = blocks.spatial_attention(attended)
    fused = blocks.conv_bn_relu(x + attended, channels, 3, momentum)
    fused = blocks.conv_bn_relu(x + fused, channels, 3, momentum)
    return layers.Dropout(config.dropout)(fused)
