"""Gives a backbone the normalisation that is asked for, and that the mask of real crops."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import KerasTensor, layers

from cellscreen.errors import ConfigError
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.crop_normalization import CropNormalization

# What Keras' layer allows the smallest deviation to be, squared.
INPUT_EPSILON = 1e-14


def replace_norms(
    backbone: keras.Model, crops: KerasTensor, mask: KerasTensor, config: BagNetConfig
) -> KerasTensor:
    """Applies a copy of a backbone, its batch normalisations replaced.

    Args:
        backbone: a functional model of one input and one output, with plain
            `BatchNormalization`; it stays as it is, and its weights are not copied.
        crops: `(n, size, size, channels)`.
        mask: `(n,)` bool, which crops are real.
        config: uses norm, norm_groups, norm_momentum.

    Returns:
        What the copy makes of the crops. Its layers have the backbone's names.

    Raises:
        ConfigError: batch normalisations that cannot be got at: of a nested model, or over
            another axis than the last.
    """
    _check(backbone)
    # Cloning keeps the structure of the inputs, so that the mask must be one of them before.
    real = keras.Input((), dtype="bool", name="mask")
    whole = keras.Model([backbone.inputs[0], real], [backbone.outputs[0], real])

    def call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, CropNormalization):
            return layer(args[0], mask)
        return layer(args[0]) if isinstance(layer, REPLACING) else layer(*args, **kwargs)

    copy = keras.models.clone_model(
        whole,
        input_tensors=[crops, mask],
        clone_function=lambda layer: _copied(layer, config),
        call_function=call,
    )
    return copy.outputs[0]


REPLACING = (CropNormalization, layers.GroupNormalization)


def _copied(layer: keras.layers.Layer, config: BagNetConfig) -> keras.layers.Layer:
    """A copy of `layer`, or what takes its place."""
    if isinstance(layer, layers.Normalization):
        # Keras' own keeps its statistics as constants, which copied weights would not reach.
        return CropNormalization(epsilon=INPUT_EPSILON, trainable=False, name=layer.name)
    if not isinstance(layer, layers.BatchNormalization):
        return layer.__class__.from_config(layer.get_config())
    kept = {"epsilon": layer.epsilon, "name": layer.name, "trainable": layer.trainable}
    if config.norm in ("batch", "frozen"):
        return CropNormalization(config.norm_momentum, frozen=config.norm == "frozen", **kept)
    channels = layer.moving_mean.shape[0]
    groups = math.gcd(config.norm_groups, channels) if config.norm == "group" else 1
    return layers.GroupNormalization(groups, **kept)


def _check(backbone: keras.Model) -> None:
    ends = [getattr(backbone, name, ()) for name in ("inputs", "outputs")]
    if [len(tensors) for tensors in ends] != [1, 1]:
        raise ConfigError(
            f"Expected a functional model as backbone; got {type(backbone).__name__}.",
            fix="Build it as keras.Model(input, output), of one input and one output.",
        )
    for layer in backbone.layers:
        _check_layer(layer)


def _check_layer(layer: keras.layers.Layer) -> None:
    nested = getattr(layer, "layers", [])
    if any(isinstance(inner, layers.BatchNormalization) for inner in nested):
        raise ConfigError(
            f"Expected a backbone without nested models; its layer {layer.name} is one with "
            "batch normalisation.",
            fix="Make one flat model of it: keras.Model(inputs, outputs) of its own tensors.",
        )
    if isinstance(layer, layers.BatchNormalization):
        last = layer.input_spec.ndim - 1
        if layer.axis not in (-1, last):
            raise ConfigError(
                f"Expected batch normalisation over the last axis; {layer.name} has {layer.axis}."
            )
