"""Turned and mirrored cells: all branches alike, and flows with their directions."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf


def turn_cell(crops: Mapping[str, tf.Tensor], seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Turns a cell by 0, 90, 180 or 270° and mirrors it or not, drawn from `seed`.

    The flow's two directions turn with it: upside down, a flow upwards is one downwards. Nothing is
    interpolated. Features of the table that depend on the direction, such as orientation, are as
    they were measured.

    Args:
        crops: of `cell_planes`, `(size, size, planes)` by branch.
        seed: `(2,)` int64.

    Returns:
        The same shapes and types.

    Example:
        >>> turned = turn_cell(crops, tf.constant([7, 0], tf.int64))  # doctest: +SKIP
    """
    heads = tf.unstack(tf.random.stateless_uniform([3], seed) < 0.5, num=3)
    return {name: _turned(planes, heads, is_flow=name == "flow") for name, planes in crops.items()}


def _turned(planes: tf.Tensor, heads: list[tf.Tensor], is_flow: bool) -> tf.Tensor:
    """Mirrors at the rows' middle, at the columns' middle and at the diagonal, where heads say."""
    for coin, axes, of_flow in zip(
        heads, ([0], [1], None), (_mirrored_y, _mirrored_x, _swapped), strict=True
    ):
        new = tf.reverse(planes, axes) if axes else tf.transpose(planes, [1, 0, 2])
        planes = tf.where(coin, of_flow(new) if is_flow else new, planes)
    return planes


def _mirrored_y(flow: tf.Tensor) -> tf.Tensor:
    return tf.concat([1.0 - flow[..., :1], flow[..., 1:]], axis=-1)


def _mirrored_x(flow: tf.Tensor) -> tf.Tensor:
    return tf.concat([flow[..., :1], 1.0 - flow[..., 1:2], flow[..., 2:]], axis=-1)


def _swapped(flow: tf.Tensor) -> tf.Tensor:
    return tf.gather(flow, [1, 0, 2, 3], axis=-1)
