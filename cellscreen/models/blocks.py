"""The blocks that the edge nets share.

A feature map is `(batch, height, width, channels)`. Everything is padded to "same", so that any
input size works. Convolutions before batch normalisation have no bias: its offset takes that place.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import KerasTensor, layers, ops

from cellscreen.errors import ConfigError
from cellscreen.models.net_config import NetConfig

SMALLEST_INPUT = 8
CONV_STAGES = 3

AttentionBlock = Callable[[KerasTensor], KerasTensor]


def edge_input(input_size: int) -> KerasTensor:
    """The net's input: edge maps `(batch, size, size, 1)` float32, in [0, 1].

    Raises:
        ConfigError: the size is too small for the nets' poolings.
    """
    if input_size < SMALLEST_INPUT:
        raise ConfigError(
            f"Expected an input_size of {SMALLEST_INPUT} px or more; got {input_size}."
        )
    return keras.Input((input_size, input_size, 1), name="edges")


def conv_bn_relu(
    x: KerasTensor, channels: int, kernel: int, config: NetConfig, stride: int = 1
) -> KerasTensor:
    """Convolution, batch normalisation, ReLU (hypoxia paper, III.B.1)."""
    x = layers.Conv2D(channels, kernel, strides=stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=config.bn_momentum)(x))


def stem(x: KerasTensor, config: NetConfig) -> KerasTensor:
    """The first convolution, 3x3 (hypoxia paper, Algorithm 2, step 1)."""
    return conv_bn_relu(x, config.stem_width, 3, config, config.stem_stride)


def conv_stages(
    x: KerasTensor, config: NetConfig, attend: AttentionBlock | None = None
) -> KerasTensor:
    """Three 3x3 convolutions (hypoxia paper, III.B.1), each followed by `attend` if given.

    Between them the map is halved by maximum pooling and the channels are doubled.
    """
    for stage in range(CONV_STAGES):
        if stage == 0:
            x = stem(x, config)
        else:
            x = layers.MaxPooling2D(2, padding="same")(x)
            x = conv_bn_relu(x, 2 * x.shape[-1], 3, config)
        x = attend(x) if attend else x
    return x


def dense_block(x: KerasTensor, config: NetConfig, n_layers: int) -> KerasTensor:
    """Layers that each see all earlier ones (hypoxia paper, III.B.2).

    A layer is a 1x1 convolution that reduces to `growth` channels, then a 3x3 one whose output is
    concatenated to what came before. Dropout ends the block.
    """
    for _ in range(n_layers):
        new = conv_bn_relu(x, config.growth, 1, config)
        x = ops.concatenate([x, conv_bn_relu(new, config.growth, 3, config)], axis=-1)
    return layers.Dropout(config.dropout)(x)


def bottleneck(x: KerasTensor, channels: int) -> KerasTensor:
    """1x1 convolution to `channels`, then 2x2 average pooling (hypoxia paper, III.B.2)."""
    # Linear: behind a dropout, batch normalisation learns a variance that inference does not have.
    return layers.AveragePooling2D(2, padding="same")(layers.Conv2D(channels, 1)(x))


def attention(x: KerasTensor, config: NetConfig) -> KerasTensor:
    """Channel attention, then spatial attention (hypoxia paper, II.C.1 and III.B.3)."""
    return spatial_attention(channel_attention(x, config.reduction))


def channel_attention(x: KerasTensor, reduction: int) -> KerasTensor:
    """Multiplies every channel by a gate in (0, 1) (hypoxia paper, III.B.3).

    The channels' means and maxima pass one perceptron, the same weights for both; the gate is the
    sigmoid of the sum of the two answers.
    """
    channels = x.shape[-1]
    hidden = layers.Dense(max(1, channels // reduction), activation="relu")
    answer = layers.Dense(channels)
    mean = layers.GlobalAveragePooling2D(keepdims=True)(x)
    peak = layers.GlobalMaxPooling2D(keepdims=True)(x)
    return x * ops.sigmoid(answer(hidden(mean)) + answer(hidden(peak)))


def spatial_attention(x: KerasTensor) -> KerasTensor:
    """Multiplies every pixel by a gate in (0, 1) (hypoxia paper, III.B.3).

    The gate is the sigmoid of a 1x1 convolution over the mean and the maximum of the channels.
    """
    pooled = [ops.mean(x, axis=-1, keepdims=True), ops.max(x, axis=-1, keepdims=True)]
    return x * layers.Conv2D(1, 1, activation="sigmoid")(ops.concatenate(pooled, axis=-1))


def global_pooling(x: KerasTensor, config: NetConfig) -> KerasTensor:
    """Mean or maximum of every channel: `(batch, channels)`."""
    average = config.global_pooling == "average"
    pool = layers.GlobalAveragePooling2D if average else layers.GlobalMaxPooling2D
    return pool(name="global_pooling")(x)


def probabilities(x: KerasTensor, n_classes: int) -> KerasTensor:
    """Dense layer and softmax: `(batch, n_classes)`, float32 under any dtype policy.

    Raises:
        ConfigError: fewer than two classes.
    """
    if n_classes < 2:
        raise ConfigError(f"Expected 2 classes or more; got {n_classes}.")
    head = layers.Dense(n_classes, activation="softmax", dtype="float32", name="probabilities")
    return head(x)
