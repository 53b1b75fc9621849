"""Batch normalisation that padded crops do not enter."""

from __future__ import annotations

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
        if training and self.trainable and not self.frozen:
            mean, variance = self._moments(x, real)
        else:
            mean, variance = self.moving_mean, self.moving_variance
        scale = self.gamma * ops.rsqrt(variance + self.epsilon)
        return ops.cast(x * scale + (self.beta - mean * scale), self.compute_dtype)

    def _moments(self, x: Any, real: Any) -> tuple[Any, Any]:
        """Mean and variance of the real crops `(channels,)`; moves the statistics."""
        pixels = tuple(range(1, len(x.shape) - 1))
        real = ops.ones((ops.shape(x)[0],), "bool") if real is None else real
        n_real = ops.sum(ops.cast(real, "float32"))

        def over_crops(values: Any) -> Any:
            kept = ops.where(real[:, None], ops.mean(values, axis=pixels), 0.0)
            return ops.sum(kept, axis=0) / ops.maximum(n_real, 1.0)

        mean = over_crops(x)
        variance = over_crops(ops.square(x - mean))
        keep = ops.where(n_real > 0, self.momentum, 1.0)
        self.moving_mean.assign(keep * self.moving_mean + (1 - keep) * mean)
        self.moving_variance.assign(keep * self.moving_variance + (1 - keep) * variance)
        return mean, variance

    def compute_output_shape(self, inputs_shape: Shape, real_shape: Shape | None = None) -> Shape:
        """The input's."""
        return inputs_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        own = {"momentum": self.momentum, "epsilon": self.epsilon, "frozen": self.frozen}
        return super().get_config() | own
