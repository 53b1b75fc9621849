"""Convex areas in the graph, equal to `cellscreen.cells.kernels_shape` to the pixel."""

from __future__ import annotations

import tensorflow as tf

from cellscreen.serving.cells.objects import GraphObjects

_NONE = 2**30  # the column of a row without pixels


def convex_areas(objects: GraphObjects) -> tf.Tensor:
    """Pixels in or on the hull of the middles of all pixels' edges, of each object.

    All objects go around their hulls at once, a corner a step. Places are doubled, so that the
    middles are whole numbers and nothing is rounded.

    Returns:
        `(n,)` float64.

    Example:
        >>> convex_areas(find_objects(tf.constant([[5, 0], [5, 5]]))).numpy().tolist()
        [3.0]
    """
    left, top, _, bottom = (tf.cast(side, tf.int64) for side in tf.unstack(objects.boxes, axis=1))
    heights = bottom - top
    most = tf.reduce_max(tf.concat([heights, [1]], axis=0))
    of_pixel = tf.cast(objects.of_pixel, tf.int64)
    row = of_pixel * most + objects.pixels[:, 0] - tf.gather(top, of_pixel)
    x = objects.pixels[:, 1] - tf.gather(left, of_pixel)
    rows = tf.size(heights, tf.int64) * most
    columns = [
        _first_columns(_ends(tf.math.unsorted_segment_min(side, row, rows), most), heights)
        for side in (x, -x)  # the right side is the left one of the mirrored object
    ]
    within = tf.range(most) < heights[:, None]
    return tf.cast(tf.reduce_sum(tf.where(within, 1 - columns[0] - columns[1], 0), 1), tf.float64)


def _ends(least: tf.Tensor, most: tf.Tensor) -> tf.Tensor:
    """The leftmost middle of an edge in every half row, doubled, `(n, 2 * most + 1)` int64."""
    rows = tf.minimum(tf.reshape(least, (-1, most)), _NONE)
    wide = tf.pad(rows, [[0, 0], [1, 1]], constant_values=_NONE)
    between = 2 * tf.minimum(wide[:, :-1], wide[:, 1:])
    pairs = tf.stack([between[:, :-1], 2 * rows - 1], axis=2)
    return tf.concat([tf.reshape(pairs, (-1, 2 * most)), between[:, -1:]], axis=1)


def _first_columns(ends: tf.Tensor, heights: tf.Tensor) -> tf.Tensor:
    """The leftmost pixel of each row that is right of the hull's left side, `(n, rows)` int64."""
    halves = tf.range(tf.shape(ends, tf.int64)[1])
    rows = halves[1::2]
    is_end = ends < _NONE
    last = 2 * heights

    def goes_on(at: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        del columns
        return tf.reduce_any(at < last)

    def step(at: tf.Tensor, columns: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        here = tf.gather(ends, at, batch_dims=1)
        rise = halves - at[:, None]
        # Equal slopes are equal as floats too: both are the nearest to one fraction.
        slope = tf.cast(ends - here[:, None], tf.float64) / tf.cast(rise, tf.float64)
        slope = tf.where(is_end & (rise > 0), slope, float("inf"))
        is_least = slope <= tf.reduce_min(slope, axis=1, keepdims=True)
        to = tf.reduce_max(tf.where(is_least, halves, 0), axis=1)
        to = tf.where(at < last, to, at)
        over, along = (to - at)[:, None], (tf.gather(ends, to, batch_dims=1) - here)[:, None]
        x = here[:, None] * over + along * (rows - at[:, None])
        mine = (rows > at[:, None]) & (rows <= to[:, None])
        found = -tf.math.floordiv(-x, tf.maximum(2 * over, 1))
        return to, tf.where(mine, found, columns)

    start = tf.zeros_like(heights), tf.zeros_like(ends[:, 1::2])
    return tf.while_loop(goes_on, step, start)[1]
