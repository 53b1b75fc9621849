"""First weights of a crop encoder: from a net of other channels, from a file, to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
from keras import ops

from cellscreen.atomic import replacing
from cellscreen.errors import ConfigError

RGB = 3
# A layer that normalises the input by fixed statistics becomes a CropNormalization like others.
RENAMED = {"mean": "moving_mean", "variance": "moving_variance"}
# Keras' own weights of EfficientNet were trained behind one more division (by the root of
# ImageNet's standard deviations), which a net built without weights lacks.
EFFICIENTNET_GAIN = tuple(deviation**-0.5 for deviation in (0.229, 0.224, 0.225))


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Gives every layer of `target` the weights of the layer of that name in `source`.

    A weight that only one of the two has is left: group normalisation has no moving statistics.

    Args:
        source: the net with the weights.
        target: a net of the same layers' names.
    """
    sources = {layer.name: layer for layer in source.layers}
    for layer in target.layers:
        found = sources[layer.name].weights if layer.name in sources else ()
        given = {RENAMED.get(weight.name, weight.name): weight for weight in found}
        for weight in layer.weights:
            if weight.name in given:
                weight.assign(given[weight.name])


def adapt_channels(source: keras.Model, target: keras.Model) -> None:
    """Gives a net of n channels the weights of the same net for RGB.

    With three channels the weights are taken as they are, whatever the channels show. Else each
    channel gets the mean of the first convolution's kernels over R, G and B times 3/n, so that
    equal channels answer as they did; a layer that normalises the input gets the means likewise.

    Args:
        source: the net for `(size, size, 3)`.
        target: the same net for `(size, size, n)`.
    """
    n = target.inputs[0].shape[-1]
    # By place, not by name: Keras numbers the layers of a second net on.
    for weight, value in zip(target.weights, source.weights, strict=True):
        weight.assign(_adapted(value, weight.shape, n))


def load_rgb(net: keras.Model, path: str | Path) -> None:
    """Loads a file of weights for RGB: of this net, or of Keras' one of that name.

    Args:
        net: the net for `(size, size, 3)`; gets the weights.
        path: a `.weights.h5` file, or a `.h5` file of Keras' applications without the top.

    Raises:
        ConfigError: no such file, or one of another net.
    """
    load_weights(net, path)
    if net.name.startswith("efficientnet"):
        kernel = net.get_layer("stem_conv").kernel
        gain = ops.reshape(ops.convert_to_tensor(EFFICIENTNET_GAIN, kernel.dtype), (1, 1, RGB, 1))
        kernel.assign(kernel * gain)


def load_weights(net: keras.Model, path: str | Path) -> None:
    """Loads a file of weights into the net that it was saved from.

    Args:
        net: gets the weights.
        path: a `.weights.h5` file, or a `.h5` file of Keras' applications without the top.

    Raises:
        ConfigError: no such file, or one of another net.
    """
    if not Path(path).is_file():
        raise ConfigError("Expected a file of weights; there is none.", file=path)
    try:
        net.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise ConfigError(
            f"Expected weights of the encoder {net.name}; got others: {_shortly(error)}",
            file=path,
            fix="Give the encoder, its width, its normalisation and the channels of that file.",
        ) from error


def save_encoder(model: keras.Model, path: str | Path) -> None:
    """Writes the weights of a bag net's crop encoder, for `encoder_weights` of another net.

    Args:
        model: a net of `build_bag_net`.
        path: of the file, ending in `.weights.h5`.

    Raises:
        ConfigError: another ending.

    Example:
        >>> save_encoder(model, "encoder.weights.h5")  # doctest: +SKIP
    """
    if not str(path).endswith(".weights.h5"):
        raise ConfigError("Expected a name that ends in .weights.h5.", file=path)
    with replacing(path) as temporary:
        # Keras insists on both suffixes, of which the temporary name keeps the last.
        named = temporary.with_suffix(".weights.h5")
        try:
            model.get_layer("crop_encoder").save_weights(named)
            named.replace(temporary)
        finally:
            named.unlink(missing_ok=True)


def _adapted(value: Any, shape: tuple[int, ...], n: int) -> Any:
    """`value` unchanged, or its axis of R, G and B made one of `n` equal channels."""
    if tuple(value.shape) == tuple(shape):
        return value
    axis = next(i for i, (a, b) in enumerate(zip(value.shape, shape, strict=True)) if a != b)
    mean = ops.mean(value, axis=axis, keepdims=True)
    kernel = len(shape) == 4
    return ops.repeat(mean * (RGB / n) if kernel else mean, n, axis=axis)


def _shortly(error: Exception) -> str:
    """Keras' message without the arrays that it prints."""
    return " ".join(str(error).split("Target variable")[0].split())[:300]
