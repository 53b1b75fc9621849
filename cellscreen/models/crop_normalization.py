"""Batch normalisation that padded crops do not enter."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable(package="cellscreen")
class CropNormalization(keras.layers.Layer):
    """Batch normalisation over the real crops of a batch.

    A bag with too few crops is filled up with padded ones, and these must not enter the
    statistics. Means are taken within each crop first and over the real crops then, which costs
    nothing: all crops have the same number of pixels, so that this is the mean over their pixels.

    Args:
        momentum: share of the old value that a training step keeps in the moving statistics.
        epsilon: added to the variance.
        frozen: whether training, too, takes the moving statistics and leaves them as they are.
        **kwargs: of a Keras layer.

    Input shape:
        `(crops, ..., channels)`; `(crops,)` bool, True where a crop is real, or None: all are.

    Output shape:
        As the input.

    Example:
        >>> CropNormalization()(ops.ones((2, 4, 4, 3)), ops.array([True, False])).shape
        TensorShape([2, 4, 4, 3])
    """

    def __init__(
        self, momentum: float = 0.9, epsilon: float = 1e-3, frozen: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.momentum, self.epsilon, self.frozen = momentum, epsilon, frozen

    def build(self, inputs_shape: Shape, real_shape: Shape | None = None) -> None:
        """Makes the weights, one value a channel each."""
        for name, start, trainable in (
            ("gamma", "ones", True),
            ("beta", "zeros", True),
            ("moving_mean", "zeros", False),
            ("moving_variance", "ones", False),
        ):
            weight = self.add_weight(
                (inputs_shape[-1],), start, trainable=trainable, autocast=False, name=name
            )
            setattr(self, name, weight)

    def call(self, inputs: Any, real: Any = None, training: bool = False) -> Any:
        """Normalises; a training step also moves the statistics, if there is a real crop."""
        x = ops.cast(inputs, "float32")
        if not training or not self.trainable or self.frozen:
            scale = self.gamma * ops.rsqrt(self.moving_variance + self.epsilon)
            return ops.cast(x * scale + (self.beta - self.moving_mean * scale), self.compute_dtype)
        weights = _weights(x, real)
        mean, variance = _moments(ops.stop_gradient(x), weights)
        keep = ops.where(ops.any(weights > 0), self.momentum, 1.0)
        self.moving_mean.assign(keep * self.moving_mean + (1 - keep) * mean)
        self.moving_variance.assign(keep * self.moving_variance + (1 - keep) * variance)
        inverse = ops.rsqrt(variance + self.epsilon)
        scale = self.gamma * inverse
        shift = self.beta - mean * scale
        return ops.cast(_scaled(x, scale, shift, mean, inverse, weights), self.compute_dtype)

    def compute_output_shape(self, inputs_shape: Shape, real_shape: Shape | None = None) -> Shape:
        """The input's."""
        return inputs_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        own = {"momentum": self.momentum, "epsilon": self.epsilon, "frozen": self.frozen}
        return super().get_config() | own


def _weights(x: Any, real: Any) -> Any:
    """Share of each crop in a mean over pixels: 0 where padded, `(crops, 1, ..., 1)` float32."""
    count = ops.shape(x)[0]
    known = ops.ones((count,), "float32") if real is None else ops.cast(real, "float32")
    shares = known / ops.maximum(ops.sum(known), 1.0)
    return ops.reshape(shares, (count, *[1] * (len(x.shape) - 1)))


def _moments(x: Any, weights: Any) -> tuple[Any, Any]:
    """Mean and variance of the real crops, `(channels,)`."""
    pixels = math.prod(x.shape[1:-1])
    shares = ops.reshape(weights, (-1, 1)) / pixels

    def over_crops(values: Any) -> Any:
        # Padded crops may hold anything, even NaN, which a product with 0 would keep.
        return ops.sum(ops.where(shares > 0, _of_crops(values) * shares, 0.0), axis=0)

    mean = over_crops(x)
    return mean, over_crops(ops.square(x - mean))


@ops.custom_gradient
def _scaled(
    x: Any, scale: Any, shift: Any, mean: Any, inverse: Any, weights: Any
) -> tuple[Any, Any]:
    """`x * scale + shift`; the gradient of `x` counts that the real crops make the statistics.

    Derived by hand (Ioffe & Szegedy 2015, section 3, with weights of crops), since what TensorFlow
    derives goes over the maps more than twice as often. What `scale` and `shift` owe to `mean` and
    `inverse` is in it, so that these get no gradient.
    """
    pixels = math.prod(x.shape[1:-1])

    def gradient(*args: Any, upstream: Any = None) -> tuple[Any, ...]:
        up = args[0] if upstream is None else upstream
        of_shift = ops.sum(_of_crops(up), axis=0)
        of_scale = ops.sum(_of_crops(up * x), axis=0)
        slope = -scale * ops.square(inverse) * (of_scale - mean * of_shift) / pixels
        level = -scale * of_shift / pixels - slope * mean
        of_x = up * scale + (x * (slope * weights) + level * weights)
        nothing = [ops.zeros_like(given) for given in (mean, inverse, weights)]
        return of_x, of_scale, of_shift, *nothing

    return x * scale + shift, gradient


def _of_crops(values: Any) -> Any:
    """Sums over the pixels of each crop, `(crops, channels)`."""
    pixels = math.prod(values.shape[1:-1])
    return ops.sum(ops.reshape(values, (-1, pixels, values.shape[-1])), axis=1)
