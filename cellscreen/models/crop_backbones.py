"""The CNNs that turn crops into features, with plain batch normalisation.

A backbone is a functional model from crops `(n, size, size, channels)` float32 in [0, 1] to
features `(n, features)`. Which normalisation it gets is not its own affair: see crop_encoders.py.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import KerasTensor, layers

SMALLEST_CROP = {"small": 8, "resnet18": 16, "resnet50": 32, "efficientnet_b0": 32}
STAGES = 4
BLOCKS = 2

# Mean grey value of ImageNet's pictures, which weights trained on them expect to be taken away.
IMAGENET_GREY = 114.8


def small(size: int, channels: int, width: int = 32) -> keras.Model:
    """Four 3x3 convolutions, their channels doubled and the map halved from one to the next.

    Args:
        size: side of a crop, px.
        channels: channels of a crop.
        width: channels of the first convolution; the last has eight times as many.

    Returns:
        A model to features `(n, 8 * width)`.

    Example:
        >>> small(48, 3, width=16).output_shape
        (None, 128)
    """
    crops = x = keras.Input((size, size, channels), name="crops")
    for stage in range(STAGES):
        x = layers.MaxPooling2D(2, padding="same")(x) if stage else x
        x = layers.ReLU()(_conv_bn(x, width * 2**stage))
    return keras.Model(crops, layers.GlobalAveragePooling2D()(x), name="small")


def resnet18(size: int, channels: int, width: int = 64) -> keras.Model:
    """The residual net of 18 layers, without its classifier (He et al. 2016, Table 1).

    Args:
        size: side of a crop, px.
        channels: channels of a crop.
        width: channels of the first stage; the last has eight times as many.

    Returns:
        A model to features `(n, 8 * width)`.

    Example:
        >>> resnet18(96, 3).output_shape
        (None, 512)
    """
    crops = keras.Input((size, size, channels), name="crops")
    x = layers.ReLU()(_conv_bn(crops, width, kernel=7, stride=2))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for stage in range(STAGES):
        for block in range(BLOCKS):
            x = _basic_block(x, width * 2**stage, stride=2 if stage and not block else 1)
    return keras.Model(crops, layers.GlobalAveragePooling2D()(x), name="resnet18")


def resnet50(size: int, channels: int) -> keras.Model:
    """Keras' residual net of 50 layers, without its classifier (He et al. 2016, Table 1).

    It gets grey values from 0 to 255 less ImageNet's mean, as Keras' weights expect.

    Args:
        size: side of a crop, px.
        channels: channels of a crop.

    Returns:
        A model to features `(n, 2048)`.

    Example:
        >>> resnet50(96, 3).output_shape
        (None, 2048)
    """
    crops = keras.Input((size, size, channels), name="crops")
    return _application(
        keras.applications.ResNet50, crops, layers.Rescaling(255.0, offset=-IMAGENET_GREY)(crops)
    )


def efficientnet_b0(size: int, channels: int) -> keras.Model:
    """Keras' EfficientNet-B0, without its classifier (Tan & Le 2019, Table 1).

    It gets grey values from 0 to 255, which its own first layer scales back.

    Args:
        size: side of a crop, px.
        channels: channels of a crop.

    Returns:
        A model to features `(n, 1280)`.

    Example:
        >>> efficientnet_b0(96, 4).output_shape
        (None, 1280)
    """
    crops = keras.Input((size, size, channels), name="crops")
    return _application(keras.applications.EfficientNetB0, crops, layers.Rescaling(255.0)(crops))


def _application(
    make: Callable[..., keras.Model], crops: KerasTensor, scaled: KerasTensor
) -> keras.Model:
    net = make(include_top=False, weights=None, input_tensor=scaled, pooling="avg")
    return keras.Model(crops, net.outputs[0], name=net.name)


def _conv_bn(x: KerasTensor, channels: int, kernel: int = 3, stride: int = 1) -> KerasTensor:
    convolution = layers.Conv2D(
        channels,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )
    return layers.BatchNormalization()(convolution(x))


def _basic_block(x: KerasTensor, channels: int, stride: int) -> KerasTensor:
    """Two 3x3 convolutions, and `x` added: through a 1x1 one where the shape changes."""
    new = layers.ReLU()(_conv_bn(x, channels, stride=stride))
    new = _conv_bn(new, channels)
    if stride > 1 or x.shape[-1] != channels:
        x = _conv_bn(x, channels, kernel=1, stride=stride)
    return layers.ReLU()(new + x)
