"""The encoder that all crops share: a backbone, the normalisation asked for, and a projection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import keras
from keras import KerasTensor, layers

from cellscreen.errors import ConfigError
from cellscreen.models import crop_backbones
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.crop_norms import replace_norms
from cellscreen.models.encoder_weights import (
    RGB,
    adapt_channels,
    copy_weights,
    load_rgb,
    load_weights,
)

Backbone = Callable[[int, int], keras.Model]

BACKBONES: Mapping[str, Callable[..., keras.Model]] = MappingProxyType(
    {
        "small": crop_backbones.small,
        "resnet18": crop_backbones.resnet18,
        "resnet50": crop_backbones.resnet50,
        "efficientnet_b0": crop_backbones.efficientnet_b0,
    }
)


def build_crop_encoder(
    config: BagNetConfig, crop_size: int, channels: int, backbone: Backbone | None = None
) -> keras.Model:
    """The net from crops to embeddings, with fresh weights or those of a file.

    Every `BatchNormalization` of the backbone is replaced by the layer that `config.norm` names:
    `CropNormalization`, which padded crops do not enter (batch, frozen), or
    `GroupNormalization` with `norm_groups` groups, or one (group, layer).

    Args:
        config: uses encoder, encoder_width, norm, norm_groups, norm_momentum, encoder_weights,
            weights_input, embedding_units.
        crop_size: side of a crop, px.
        channels: channels of a crop.
        backbone: makes another CNN than `config.encoder`: from size and channels to a functional
            model of one input and one output, `(n, features)` or a map. Its weights are kept.

    Returns:
        A model called `crop_encoder` from `{"crops": (n, size, size, channels) float32 in [0, 1],
        "mask": (n,) bool}` to embeddings `(n, embedding_units)` float32. The mask says which
        crops are real, and is nothing but the statistics' in training.

    Raises:
        ConfigError: the crops are too small, or the weights' file is missing or another net's.

    Example:
        >>> build_crop_encoder(BagNetConfig(encoder="small"), 48, 3).output_shape
        (None, 128)
    """
    if config.norm == "frozen" and not (config.encoder_weights or backbone):
        raise ConfigError(
            "Expected encoder_weights, a file, beside norm=frozen: statistics that never move "
            "must come from somewhere."
        )
    plain = _backbone(config, crop_size, channels, backbone)
    crops = keras.Input((crop_size, crop_size, channels), name="crops")
    mask = keras.Input((), dtype="bool", name="mask")
    features = _pooled(replace_norms(plain, crops, mask, config))
    embeddings = layers.Dense(config.embedding_units, dtype="float32", name="projection")(features)
    encoder = keras.Model({"crops": crops, "mask": mask}, embeddings, name="crop_encoder")
    if config.encoder_weights and config.weights_input == "same":
        load_weights(encoder, config.encoder_weights)
    else:
        copy_weights(plain, encoder)
    return encoder


def _backbone(
    config: BagNetConfig, size: int, channels: int, backbone: Backbone | None
) -> keras.Model:
    """The backbone with plain batch normalisation, RGB's weights adapted if asked for."""
    smallest = 1 if backbone else crop_backbones.SMALLEST_CROP[config.encoder]
    if size < smallest:
        raise ConfigError(
            f"Expected crops of {smallest} px or more for {config.encoder}; got {size}."
        )
    make = backbone or BACKBONES[config.encoder]
    width = {} if backbone or not config.encoder_width else {"width": config.encoder_width}
    net = make(size, channels, **width)
    if config.weights_input == "rgb":
        source = net if channels == RGB else make(size, RGB, **width)
        load_rgb(source, config.encoder_weights)
        if source is not net:
            adapt_channels(source, net)
    return net


def _pooled(x: KerasTensor) -> KerasTensor:
    """Features `(n, features)`: `x` itself, or the mean over its map.

    Raises:
        ConfigError: `x` is neither.
    """
    if len(x.shape) == 2:
        return x
    if len(x.shape) == 4:
        return layers.GlobalAveragePooling2D(name="crop_pooling")(x)
    raise ConfigError(
        "Expected a backbone that answers (crops, features) or (crops, height, width, "
        f"features); got the shape {tuple(x.shape)}."
    )
