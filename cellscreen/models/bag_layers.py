"""The layers that turn bags into crops and back, and the token that stands for a bag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable(package="cellscreen")
class CropsOfBags(keras.layers.Layer):
    """Lays the crops of all bags in one row, and keeps the names of their channels.

    Args:
        channels: the channels' names, in the order of the crops' last axis.
        **kwargs: of a Keras layer.

    Input shape:
        `(batch, crops, size, size, channels)`.

    Output shape:
        `(batch * crops, size, size, channels)`.

    Example:
        >>> CropsOfBags(("DNA",))(ops.zeros((2, 3, 8, 8, 1))).shape
        TensorShape([6, 8, 8, 1])
    """

    def __init__(self, channels: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels = tuple(channels)

    def call(self, crops: Any) -> Any:
        """Reshapes."""
        return ops.reshape(crops, (-1, *crops.shape[2:]))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Without the axis of bags."""
        return (None, *input_shape[2:])

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return super().get_config() | {"channels": list(self.channels)}


@keras.saving.register_keras_serializable(package="cellscreen")
class BagsOfEmbeddings(keras.layers.Layer):
    """Puts the embeddings of a row of crops back into their bags.

    Input shape:
        Embeddings `(batch * crops, units)` and a mask `(batch, crops)`, which tells the shape.

    Output shape:
        `(batch, crops, units)`.

    Example:
        >>> BagsOfEmbeddings()(ops.zeros((6, 5)), ops.ones((2, 3))).shape
        TensorShape([2, 3, 5])
    """

    def call(self, embeddings: Any, bags: Any) -> Any:
        """Reshapes."""
        return ops.reshape(embeddings, (-1, ops.shape(bags)[1], embeddings.shape[-1]))

    def compute_output_shape(self, embeddings_shape: Shape, bags_shape: Shape) -> Shape:
        """Bags by crops by units."""
        return (*bags_shape, embeddings_shape[-1])


@keras.saving.register_keras_serializable(package="cellscreen")
class ClassToken(keras.layers.Layer):
    """Puts a learned token in front of the crops of every bag (MID, Methods).

    Input shape:
        `(batch, crops, units)`.

    Output shape:
        `(batch, 1 + crops, units)`.

    Example:
        >>> ClassToken()(ops.zeros((2, 3, 5))).shape
        TensorShape([2, 4, 5])
    """

    def build(self, input_shape: Shape) -> None:
        """Makes the token."""
        start = keras.initializers.RandomNormal(stddev=0.02)
        self.token = self.add_weight((1, 1, input_shape[-1]), start, name="token")

    def call(self, embeddings: Any) -> Any:
        """Concatenates."""
        token = ops.cast(self.token, embeddings.dtype)
        shape = (ops.shape(embeddings)[0], 1, embeddings.shape[-1])
        return ops.concatenate([ops.broadcast_to(token, shape), embeddings], axis=1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """One token more."""
        batch, crops, units = input_shape
        return batch, None if crops is None else crops + 1, units
