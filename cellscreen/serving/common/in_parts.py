"""Many examples through a net in parts, in the graph, so that many need no more memory than few."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

AT_ONCE = 64  # examples in a net at once


def in_parts(
    call: Callable[[tuple[tf.Tensor, ...]], tf.Tensor],
    values: tuple[tf.Tensor, ...],
    units: int,
) -> tf.Tensor:
    """Calls a net on parts of equal size, one after the other.

    Args:
        call: from values `(part, …)` to `(part, units)` float32; must bear a part of 0.
        values: tensors of equally many examples, `(n, …)` each.
        units: what `call` gives for each.

    Returns:
        `(n, units)` float32.

    Example:
        >>> in_parts(lambda part: tf.cast(part[0], tf.float32), (tf.ones((3, 2)),), 2).shape
        TensorShape([3, 2])
    """
    count = tf.shape(values[0])[0]
    parts = tf.maximum((count + AT_ONCE - 1) // AT_ONCE, 1)
    each = (count + parts - 1) // parts
    at = tf.minimum(tf.range(parts * each), count - 1)  # the last one fills the last part
    given = tuple(
        tf.reshape(tf.gather(value, at), [parts, each, *value.shape[1:]]) for value in values
    )
    spec = tf.TensorSpec((None, units), tf.float32)
    found = tf.map_fn(call, given, fn_output_signature=spec, parallel_iterations=1)
    return tf.reshape(found, (-1, units))[:count]
