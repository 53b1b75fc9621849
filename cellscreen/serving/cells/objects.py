"""The objects of a label image in the graph: numbers, boxes, pixels."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class GraphObjects(NamedTuple):
    """Objects in the order of their numbers, as `cellscreen.cells.label_runs` has them.

    Attributes:
        ids: `(n,)` int32, their numbers in the label image, rising.
        image: `(height, width)` int32, 0 the ground, 1 to n the objects.
        boxes: `(n, 4)` int32 left, top, right, bottom; the last two are not part of the object.
        pixels: `(area of all, 2)` int64 y, x.
        of_pixel: `(area of all,)` int32, the object of each, from 0.
    """

    ids: tf.Tensor
    image: tf.Tensor
    boxes: tf.Tensor
    pixels: tf.Tensor
    of_pixel: tf.Tensor


def find_objects(labels: tf.Tensor) -> GraphObjects:
    """Finds the objects of a label image.

    Args:
        labels: `(height, width)` int32, 0 the ground; numbers may have gaps.

    Raises:
        tf.errors.InvalidArgumentError: a number below 0.

    Example:
        >>> find_objects(tf.constant([[0, 7, 7], [3, 0, 7]])).boxes.numpy().tolist()
        [[0, 1, 1, 2], [1, 0, 3, 2]]
    """
    message = "Expected object numbers of 0 and more; got"
    with tf.control_dependencies([tf.debugging.assert_non_negative(labels, message)]):
        pixels = tf.where(labels > 0)
    numbers = tf.gather_nd(labels, pixels)
    ids = tf.sort(tf.unique(numbers)[0])
    of_pixel = tf.searchsorted(ids, numbers)
    shape = tf.shape(labels, tf.int64)
    image = tf.scatter_nd(pixels, of_pixel + 1, shape)
    count = tf.size(ids)
    first = tf.math.unsorted_segment_min(pixels, of_pixel, count)
    last = tf.math.unsorted_segment_max(pixels, of_pixel, count)
    boxes = tf.cast(tf.concat([first[:, ::-1], last[:, ::-1] + 1], axis=1), tf.int32)
    return GraphObjects(ids, image, boxes, pixels, of_pixel)


def sum_over(objects: GraphObjects, values: tf.Tensor) -> tf.Tensor:
    """Sums values of pixels, `(area of all, …)`, over each object, `(n, …)`."""
    return tf.math.unsorted_segment_sum(values, objects.of_pixel, tf.size(objects.ids))
