"""What the channels of a cell's crops hold: its mask, its flow and its intensities, in the graph.

Paper 002 fed four-channel pictures of masks and flows without saying what the channels were; the
choice here is ours, with its reasons in docs/decisions/hybrids.md. All values are from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import tensorflow as tf

from cellscreen.images.in_graph import to_uint8
from cellscreen.records.cells import OTHER, OWN, Cell

Fit = Literal["stretch", "pad"]

MASK_PLANES = ("own", "other", "outline", "depth")
FLOW_PLANES = ("dy", "dx", "probability", "magnitude")
FLOW_LENGTH = 5.0  # Cellpose trains on five times a unit vector
NO_FLOW = (0.5, 0.5, 0.0, 0.0)  # what flow planes hold where nothing is
DEPTH_GRID = 64  # px; distances in larger boxes are taken on a coarser grid


def plane_names(branches: Sequence[str], channels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The names of each branch's planes, as `build_cell_net` takes them.

    Args:
        branches: mask, flow, intensity, or some of them.
        channels: of the records.

    Example:
        >>> plane_names(("mask", "intensity"), ("DNA",))
        {'mask': ('own', 'other', 'outline', 'depth'), 'intensity': ('DNA',)}
    """
    known = {"mask": MASK_PLANES, "flow": FLOW_PLANES, "intensity": tuple(channels)}
    return {name: known[name] for name in branches}


def cell_planes(
    cell: Cell, size: int, branches: Sequence[str], fit: Fit = "stretch"
) -> dict[str, tf.Tensor]:
    """The crops of one cell that a net's image branches take.

    Args:
        cell: of `decode_cell`, in its own bounding box.
        size: side of the crops, px.
        branches: mask, flow, intensity, or some of them; others are not computed.
        fit: `stretch` makes the box a square whatever its shape, as paper 002 did; `pad` keeps the
            cell's shape and fills with what is there where nothing is. Neither keeps its size.

    Returns:
        `(size, size, planes)` float32 in [0, 1], by branch; planes as `plane_names` names them.

    Raises:
        tf.errors.InvalidArgumentError: the flow has no planes, or is of another size than the mask.

    Example:
        >>> crops = cell_planes(cell, 224, ("mask", "flow"))  # doctest: +SKIP
        >>> crops["flow"].shape  # doctest: +SKIP
        TensorShape([224, 224, 4])
    """
    made = {}
    if "mask" in branches:
        made["mask"] = _fitted(mask_planes(cell.mask), size, fit)
    if "flow" in branches:
        with tf.control_dependencies([_check_flow(cell)]):
            planes = flow_planes(tf.identity(cell.flow))
        made["flow"] = _fitted(planes, size, fit, NO_FLOW)
    if "intensity" in branches:
        scaled = tf.cast(to_uint8(cell.intensity, cell.low, cell.high), tf.float32) / 255
        made["intensity"] = _fitted(scaled, size, fit)
    return {name: made[name] for name in branches}


def mask_planes(mask: tf.Tensor) -> tf.Tensor:
    """The cell, its neighbours, its outline, and how deep inside it a pixel lies.

    Args:
        mask: `(height, width)` uint8: 0 ground, 1 this cell, 2 another cell.

    Returns:
        `(height, width, 4)` float32: 1 on this cell; 1 on other cells; 1 on the pixels of this cell
        that have one of their eight neighbours outside it, where the box ends, too; the distance
        to the nearest pixel outside this cell, as a share of the largest.
    """
    own = tf.equal(mask, OWN)
    outside = tf.cast(~own, tf.float32)
    ringed = tf.pad(outside, [[1, 1], [1, 1]], constant_values=1.0)[None, ..., None]
    near_outside = tf.nn.max_pool2d(ringed, 3, 1, "VALID")[0, ..., 0]
    inside = 1.0 - outside
    other = tf.cast(tf.equal(mask, OTHER), tf.float32)
    return tf.stack([inside, other, inside * near_outside, inside * _depth(inside)], axis=-1)


def flow_planes(flow: tf.Tensor) -> tf.Tensor:
    """Cellpose's flow: where a pixel's cell has its middle, and how surely it is in a cell.

    Args:
        flow: `(height, width, planes)` float32; the last three planes are the flow in y, in x, and
            the cell probability before the sigmoid. A fourth before them, the flow in z, is not
            used: there is one slice.

    Returns:
        `(height, width, 4)` float32: flow in y and in x, 0.5 where there is none, 0 and 1 where it
        is 5 long or more; the cell probability; the length, 1 where it is 5 or more.
    """
    vector, logit = flow[..., -3:-1], flow[..., -1:]
    direction = 0.5 + 0.5 * tf.clip_by_value(vector / FLOW_LENGTH, -1.0, 1.0)
    length = tf.norm(vector, axis=-1, keepdims=True) / FLOW_LENGTH
    return tf.concat([direction, tf.sigmoid(logit), tf.minimum(length, 1.0)], axis=-1)


def _check_flow(cell: Cell) -> tf.Operation:
    size, planes = tf.shape(cell.flow)[:2], tf.shape(cell.flow)[2]
    sound = tf.reduce_all(size == tf.shape(cell.mask)) & (planes >= 3) & (planes <= 4)
    message = [
        "Expected a flow of 3 or 4 planes as large as the mask, which Cellpose gives and other "
        "methods do not (leave flow out of --branches with those); got flow and mask of",
        tf.shape(cell.flow),
        tf.shape(cell.mask),
    ]
    return tf.debugging.Assert(sound, message)


def _fitted(
    planes: tf.Tensor, size: int, fit: Fit, ground: Sequence[float] | None = None
) -> tf.Tensor:
    """`planes` as a square of `size`; filled up with `ground`, one value a plane, or 0."""
    zero = tf.constant(ground or [0.0])
    resize = tf.image.resize_with_pad if fit == "pad" else _stretch
    # Resampling adds up to 1e-7; the range is promised.
    fitted = tf.clip_by_value(resize(planes - zero, size, size, antialias=True) + zero, 0.0, 1.0)
    return tf.ensure_shape(fitted, (size, size, planes.shape[-1]))


def _stretch(planes: tf.Tensor, height: int, width: int, antialias: bool) -> tf.Tensor:
    return tf.image.resize(planes, (height, width), antialias=antialias)


def _depth(inside: tf.Tensor) -> tf.Tensor:
    """Distances to the nearest 0 or the box's end, as a share of the largest, `(height, width)`.

    Exact by two passes of minima, one axis each: the nearest pixel in every column first.
    """
    shape = tf.shape(inside)
    grid = tf.minimum(shape, DEPTH_GRID)
    coarse = tf.image.resize(inside[..., None], grid, method="nearest")[..., 0]
    far = 4.0 * tf.cast(tf.reduce_sum(shape), tf.float32) ** 2
    squared = tf.pad(coarse, [[1, 1], [1, 1]]) * far
    steps = tf.cast(shape, tf.float32) / tf.cast(grid, tf.float32)
    for axis in (0, 1):
        at = steps[axis] * tf.range(tf.cast(grid[axis] + 2, tf.float32))
        between = (at[:, None] - at[None, :]) ** 2
        squared = tf.transpose(tf.reduce_min(between[:, :, None] + squared[None], axis=1))
    distance = tf.sqrt(squared[1:-1, 1:-1])
    share = distance / tf.maximum(tf.reduce_max(distance), 1e-6)
    return tf.image.resize(share[..., None], shape)[..., 0]
