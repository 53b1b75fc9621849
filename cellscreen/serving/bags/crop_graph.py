"""Crops around cells in the graph, equal to the last bit to `cellscreen.cells.crops`."""

from __future__ import annotations

import tensorflow as tf


def cut_crops(field: tf.Tensor, centres: tf.Tensor, size: int) -> tf.Tensor:
    """`cellscreen.cells.crops.crop_cells` in the graph, with border `pad` and no masks.

    The pixel that a centre lies in (its coordinates rounded, halves up) comes to row and column
    `size // 2` of the crop; what lies beyond the field is 0.

    Args:
        field: `(height, width, channels)`, any type.
        centres: `(cells, 2)` float64 x, y in pixels, 0 the first pixel's middle.
        size: side of a crop in pixels.

    Returns:
        `(cells, size, size, channels)` in the field's type.

    Raises:
        tf.errors.InvalidArgumentError: a centre that is NaN or outside the field.

    Example:
        >>> field = tf.reshape(tf.range(12), (3, 4, 1))
        >>> cut_crops(field, tf.constant([[0, 0]], tf.float64), 2)[0, ..., 0].numpy().tolist()
        [[0, 0], [0, 0]]
    """
    places = tf.floor(centres + 0.5)
    shape = tf.shape(field)
    sides = tf.cast(tf.stack([shape[1], shape[0]]), tf.float64)
    inside = tf.reduce_all((places >= 0) & (places < sides))  # False for NaN
    message = "Expected centres within the field; got"
    with tf.control_dependencies([tf.debugging.Assert(inside, [message, centres])]):
        corners = tf.cast(places, tf.int32)  # of the padded field
    before, after = size // 2, size - size // 2
    wide = tf.pad(field, [[before, after], [before, after], [0, 0]])
    steps = tf.range(size)
    rows = (corners[:, 1, None] + steps)[:, :, None]
    columns = (corners[:, 0, None] + steps)[:, None, :]
    flat = tf.reshape(wide, (-1, field.shape[-1]))
    return tf.gather(flat, rows * tf.shape(wide)[1] + columns)
