"""The first layers of a cell net's branches: they scale what comes in and keep its names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable(package="cellscreen")
class CellPlanes(keras.layers.Layer):
    """Centres the planes of a cell's crop, and keeps their names.

    Args:
        planes: the planes' names, in the order of the crops' last axis.
        centre: whether values become (x - 0.5) / 0.5 (paper 002, Part 3, "Transformations").
        **kwargs: of a Keras layer.

    Input shape:
        `(batch, size, size, planes)`, from 0 to 1.

    Output shape:
        The same, from -1 to 1 if centred.

    Example:
        >>> float(ops.max(CellPlanes(("DNA",))(ops.zeros((1, 2, 2, 1)))))
        -1.0
    """

    def __init__(self, planes: Sequence[str], centre: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.planes, self.centre = tuple(planes), centre

    def call(self, crops: Any) -> Any:
        """Centres."""
        return 2.0 * crops - 1.0 if self.centre else crops

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return super().get_config() | {"planes": list(self.planes), "centre": self.centre}


@keras.saving.register_keras_serializable(package="cellscreen")
class TableNormalization(keras.layers.Layer):
    """Standardises a table's columns, fills what is missing, and keeps the columns' names.

    A missing value (NaN) becomes 0, which is the training cells' mean. Means and variances are
    weights, so that they go with checkpoints and copies; Keras' own `Normalization` computes with
    constants of the moment it was adapted. Until `adapt_table` they are 0 and 1.

    Args:
        features: the columns' names, in order.
        flags: whether one more column a feature follows, 1 where the value is missing, else 0.
        **kwargs: of a Keras layer; in less than float32 an area and a length in one table would
            not keep their digits.

    Input shape:
        `(batch, features)` float32.

    Output shape:
        `(batch, features)`, or `(batch, 2 * features)` with flags.

    Example:
        >>> TableNormalization(("Area",))(ops.array([[float("nan")]])).tolist()  # doctest: +SKIP
        [[0.0]]
    """

    def __init__(self, features: Sequence[str], flags: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.features, self.flags = tuple(features), flags

    def build(self, input_shape: Shape) -> None:
        """Makes the weights, one value a column each."""
        shape = (input_shape[-1],)
        made = {"trainable": False, "autocast": False}
        self.mean = self.add_weight(shape, "zeros", name="mean", **made)
        self.variance = self.add_weight(shape, "ones", name="variance", **made)

    def call(self, table: Any) -> Any:
        """Standardises."""
        missing = ops.isnan(table)
        known = ops.where(missing, ops.cast(self.mean, table.dtype), table)
        standard = (known - self.mean) * ops.rsqrt(self.variance)
        if not self.flags:
            return standard
        return ops.concatenate([standard, ops.cast(missing, standard.dtype)], axis=-1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's, or twice the columns."""
        return (*input_shape[:-1], len(self.features) * (1 + self.flags))

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return super().get_config() | {"features": list(self.features), "flags": self.flags}
