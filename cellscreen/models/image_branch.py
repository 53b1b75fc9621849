"""The image branches of a cell net: from the planes of a crop to one vector a cell."""

from __future__ import annotations

import keras
from keras import KerasTensor, layers, ops

from cellscreen.errors import ConfigError
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.models.crop_encoders import build_crop_encoder

PLAIN_WIDTH = 32


def image_branch(config: CellNetConfig, name: str, planes: KerasTensor) -> KerasTensor:
    """What a branch's CNN makes of its planes.

    `small` and `efficientnet_b0` are the bag nets' backbones, ending in global average pooling
    (paper 002, Part 3, section 2); `plain` is convolutions, maximum pooling and flattening (paper
    003, section 2.2).

    Args:
        config: uses cell_backbone, cell_width, plain_stages, cell_norm, cell_momentum,
            cell_weights.
        name: of the branch; its CNN is the layer `<name>_branch`.
        planes: `(batch, size, size, planes)`.

    Returns:
        `(batch, features)`.

    Raises:
        ConfigError: the crops are too small, or the weights' file is missing or another net's.

    Example:
        >>> image_branch(CellNetConfig(), "mask", keras.Input((64, 64, 4))).shape
        (None, 256)
    """
    if config.cell_backbone == "plain":
        return _plain(config, f"{name}_branch", planes.shape[1], planes.shape[-1])(planes)
    every = ops.ones_like(planes[:, 0, 0, 0], dtype="bool")
    encoder = _encoder(config, f"{name}_branch", planes.shape[1], planes.shape[-1])
    return encoder({"crops": planes, "mask": every})


def _encoder(config: CellNetConfig, name: str, size: int, planes: int) -> keras.Model:
    """A crop encoder of the bag nets without its projection."""
    as_bags = BagNetConfig(
        encoder="efficientnet_b0" if config.cell_backbone == "efficientnet_b0" else "small",
        encoder_width=config.cell_width,
        norm=config.cell_norm,
        norm_momentum=config.cell_momentum,
        encoder_weights=config.cell_weights,
        weights_input="rgb" if config.cell_weights else "same",
        embedding_units=1,
        heads=1,
    )
    whole = build_crop_encoder(as_bags, size, planes)
    return keras.Model(whole.input, whole.get_layer("projection").input, name=name)


def _plain(config: CellNetConfig, name: str, size: int, planes: int) -> keras.Model:
    smallest = 2**config.plain_stages
    if size < smallest:
        raise ConfigError(
            f"Expected crops of {smallest} px or more for {config.plain_stages} poolings; got "
            f"{size}."
        )
    crops = x = keras.Input((size, size, planes), name="crops")
    width = config.cell_width or PLAIN_WIDTH
    for stage in range(config.plain_stages):
        x = layers.Conv2D(width * 2**stage, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    return keras.Model(crops, layers.Flatten()(x), name=name)
