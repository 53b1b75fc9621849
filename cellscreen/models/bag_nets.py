"""The net from bags of crops to answers, whole and in its two parts."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

from cellscreen.errors import ConfigError
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.bag_layers import BagsOfEmbeddings, CropsOfBags
from cellscreen.models.crop_encoders import Backbone, build_crop_encoder
from cellscreen.models.set_encoder import AnswerKind, build_set_encoder


def build_bag_net(
    config: BagNetConfig,
    crop_size: int,
    channels: Sequence[str],
    outputs: int,
    answer: AnswerKind = "classes",
    backbone: Backbone | None = None,
) -> keras.Model:
    """The net that `config` describes: a CNN shared over crops, a set encoder, a classifier.

    It is MID's net (Methods, "MID model Design") with `set_head=transformer`, and what it is
    compared with otherwise. The weights follow from `keras.utils.set_random_seed` where they are
    not a file's, the dtypes from the global policy; the outputs are float32 always.

    Args:
        config: which encoder and head, and how large.
        crop_size: side of a crop, px.
        channels: names of the crops' channels, in order; the net keeps them.
        outputs: classes, tasks or values.
        answer: what the outputs are; see `build_set_encoder`.
        backbone: makes another CNN than `config.encoder`; see `build_crop_encoder`.

    Returns:
        A model from `{"crops": (batch, crops, size, size, channels) float32 in [0, 1], "mask":
        (batch, crops) bool}`, any number of crops, the mask True where a crop is real, to the
        dictionary that `build_set_encoder` describes.

    Raises:
        ConfigError: the crops are too small, the channels have no or equal names, the number of
            outputs is impossible, or the file of weights is missing or another net's.

    Example:
        >>> net = build_bag_net(BagNetConfig(encoder="small"), 48, ("DNA", "ROS"), outputs=2)
        >>> net.output_shape["answer"], channels_of(net), crop_size_of(net)
        ((None, 2), ('DNA', 'ROS'), 48)
    """
    names = tuple(channels)
    if not names or len(set(names)) < len(names) or not all(names):
        raise ConfigError(f"Expected channels of different names; got {list(names)}.")
    crops = keras.Input((None, crop_size, crop_size, len(names)), name="crops")
    mask = keras.Input((None,), dtype="bool", name="mask")
    encoder = build_crop_encoder(config, crop_size, len(names), backbone)
    of_crops = {"crops": CropsOfBags(names, name="crops_of_bags")(crops)}
    of_crops["mask"] = ops.reshape(mask, (-1,))
    embeddings = BagsOfEmbeddings(name="bags_of_embeddings")(encoder(of_crops), mask)
    found = build_set_encoder(config, outputs, answer)({"embeddings": embeddings, "mask": mask})
    return keras.Model({"crops": crops, "mask": mask}, found, name=f"bags_{config.set_head}")


def split_bag_net(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """The two parts of a bag net, sharing its weights, so that crops can be encoded once.

    Args:
        model: a net of `build_bag_net`.

    Returns:
        The crop encoder, from crops `(n, size, size, channels)` float32 in [0, 1] to embeddings
        `(n, units)` float32, for inference; and the set encoder, from `{"embeddings": (batch,
        crops, units), "mask": (batch, crops)}` to what the whole net answers.

    Example:
        >>> net = build_bag_net(BagNetConfig(encoder="small"), 48, ("DNA",), outputs=2)
        >>> [part.name for part in split_bag_net(net)]
        ['crops_alone', 'set_encoder']
    """
    size = crop_size_of(model)
    encoder = model.get_layer("crop_encoder")
    crops = keras.Input((size, size, len(channels_of(model))), name="crops")
    mask = ops.ones_like(ops.mean(crops, axis=(1, 2, 3)), dtype="bool")
    alone = keras.Model(crops, encoder({"crops": crops, "mask": mask}), name="crops_alone")
    return alone, model.get_layer("set_encoder")


def channels_of(model: keras.Model) -> tuple[str, ...]:
    """Names of the channels that a bag net was built for, in order.

    Raises:
        ConfigError: the model is no net of `build_bag_net`.
    """
    return _crops_layer(model).channels


def crop_size_of(model: keras.Model) -> int:
    """Side of the crops that a bag net was built for, px.

    Raises:
        ConfigError: the model is no net of `build_bag_net`.
    """
    return _crops_layer(model).output.shape[1]


def check_crops(model: keras.Model, crop_size: int, channels: Sequence[str]) -> None:
    """Refuses crops that a bag net was not built for.

    Args:
        model: a net of `build_bag_net`.
        crop_size: side of the crops, px.
        channels: names of their channels, in order.

    Raises:
        ConfigError: another size; missing, further or otherwise ordered channels.

    Example:
        >>> check_crops(model, 48, ("ROS", "DNA"))  # doctest: +SKIP
    """
    _check_channels(channels_of(model), tuple(channels))
    size = crop_size_of(model)
    if crop_size != size:
        raise ConfigError(
            f"Expected crops of {size} px, as the model was trained on; got {crop_size} px.",
            fix=f"Build the records with --crop_size={size}.",
        )


def _crops_layer(model: keras.Model) -> CropsOfBags:
    for layer in model.layers:
        if isinstance(layer, CropsOfBags):
            return layer
    raise ConfigError(
        f"Expected a net for bags of crops; {model.name} is not.",
        fix="Give a model that `cellscreen train-bags` wrote.",
    )


def _check_channels(expected: tuple[str, ...], got: tuple[str, ...]) -> None:
    if got == expected:
        return
    if sorted(got) == sorted(expected):
        problem = "another order"
    else:
        missing, further = set(expected) - set(got), set(got) - set(expected)
        said = [("missing", sorted(missing)), ("not known to it", sorted(further))]
        problem = "; ".join(f"{what}: {', '.join(names)}" for what, names in said if names)
    raise ConfigError(
        f"Expected the channels {', '.join(expected)}, as the model was trained on; got "
        f"{', '.join(got)} ({problem}).",
        fix="Give crops of the model's channels, in its order.",
    )
