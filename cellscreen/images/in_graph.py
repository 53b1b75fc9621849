"""The image steps as TensorFlow ops, equal bit for bit to their OpenCV and NumPy twins.

Every function works eagerly, in `Dataset.map` and in a SavedModel, on images of any size.
"""

from __future__ import annotations

import tensorflow as tf

from cellscreen.images.edges import HIGH_THRESHOLD, LOW_THRESHOLD
from cellscreen.images.gray import BLUE, GREEN, RED, SHIFT

_TAN_22_5, _TAN_SHIFT = 13573, 15  # tan(22.5°) · 2^15, as OpenCV rounds it
_STEPS_BETWEEN_TESTS = 4


def to_uint8(image: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
    """`cellscreen.images.scale.to_uint8` in the graph.

    Args:
        image: any shape, any integer type, values of 16 bits at most.
        low: scalar int32, becomes 0.
        high: scalar int32, becomes 255.

    Returns:
        The same shape, uint8.
    """
    span = high - low
    values = tf.clip_by_value(tf.cast(image, tf.int32), low, high) - low
    return tf.cast((values * 510 + span) // (2 * span), tf.uint8)


def to_gray(image: tf.Tensor) -> tf.Tensor:
    """`cellscreen.images.gray.to_gray` in the graph.

    Args:
        image: `(height, width, channels)`, any integer type; 1 or 2 channels are gray (and
            transparency, which is dropped), 3 or 4 are RGB.

    Returns:
        `(height, width)` of the same type.
    """

    def mixed() -> tf.Tensor:
        wide = tf.cast(image, tf.int64)
        total = wide[..., 0] * RED + wide[..., 1] * GREEN + wide[..., 2] * BLUE
        return tf.cast((total + (1 << (SHIFT - 1))) // (1 << SHIFT), image.dtype)

    return tf.cond(tf.shape(image)[-1] >= 3, mixed, lambda: image[..., 0])


def decode_image(data: tf.Tensor) -> tf.Tensor:
    """A PNG (8 or 16-bit) or JPEG file as raw pixels.

    JPEG decoders differ by a gray level here and there; PNG is exact. TIFF is not read in the
    graph: send its pixels to a signature that takes images.

    Args:
        data: scalar string.

    Returns:
        `(height, width, channels)` int32.
    """
    is_png = tf.strings.substr(data, 0, 4) == b"\x89PNG"
    is_deep = tf.logical_and(is_png, tf.strings.substr(data, 24, 1) == b"\x10")

    def deep() -> tf.Tensor:
        return tf.cast(tf.io.decode_png(data, dtype=tf.uint16), tf.int32)

    def plain() -> tf.Tensor:
        return tf.cast(tf.io.decode_image(data, expand_animations=False), tf.int32)

    image = tf.cond(is_deep, deep, plain)
    return tf.ensure_shape(image, (None, None, None))


def unpack_edges(packed: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """The `(height, width)` uint8 map of 0 and 1 that `pack_edges` packed into a string."""
    height, width = tf.cast(height, tf.int32), tf.cast(width, tf.int32)
    rows = tf.reshape(tf.io.decode_raw(packed, tf.uint8), (height, -1, 1))
    bits = tf.bitwise.right_shift(rows, tf.constant([7, 6, 5, 4, 3, 2, 1, 0], tf.uint8)) & 1
    return tf.reshape(bits, (height, -1))[:, :width]


def reduce_edges(edges: tf.Tensor, factor: int, size: int | None) -> tf.Tensor:
    """The one reduction of an edge map to the net's input.

    Means over `factor`×`factor` pixels (a remainder at the right and bottom is dropped), then
    means over areas to `size`×`size`, whatever the shape was.

    Args:
        edges: `(height, width, 1)` float32.
        factor: 1 leaves the first step out.
        size: None leaves the second step out.

    Returns:
        `(size, size, 1)` float32, or `(height // factor, width // factor, 1)`.
    """
    batch = edges[None]
    if factor > 1:
        batch = tf.nn.avg_pool2d(batch, factor, factor, "VALID")
    if size is not None:
        shape = tf.shape(batch)
        fits = tf.logical_and(shape[1] == size, shape[2] == size)
        batch = tf.cond(
            fits, lambda: batch, lambda: tf.image.resize(batch, (size, size), method="area")
        )
    return batch[0]


def edge_map(gray: tf.Tensor) -> tf.Tensor:
    """`cellscreen.images.edges.edge_map` in the graph (hypoxia paper, Algorithm 1).

    Args:
        gray: `(height, width)` uint8, at least 1×1.

    Returns:
        The same shape, uint8: 1 on edges, else 0.
    """
    shape = tf.shape(gray)
    length, dx, dy = _gradient(_blur(tf.cast(gray, tf.int32)))
    candidates = tf.logical_and(_is_ridge(length, dx, dy), length > LOW_THRESHOLD**2)
    strong = tf.logical_and(candidates, length > HIGH_THRESHOLD**2)
    return _unpack64(_grow(_pack64(strong), _pack64(candidates)), shape)


def _blur(image: tf.Tensor) -> tf.Tensor:
    """(1 2 1) both ways over 16, rounded half up; the border is mirrored without its edge."""
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    image = tf.gather(image, _mirrored(height), axis=0)
    image = image[:-2] + 2 * image[1:-1] + image[2:]
    image = tf.gather(image, _mirrored(width), axis=1)
    return (image[:, :-2] + 2 * image[:, 1:-1] + image[:, 2:] + 8) // 16


def _mirrored(size: tf.Tensor) -> tf.Tensor:
    first, last = tf.minimum(1, size - 1), tf.maximum(size - 2, 0)
    return tf.concat([[first], tf.range(size), [last]], 0)


def _gradient(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Squared length, x and y of Sobel's gradient; the border is repeated."""
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    for axis, size in ((0, height), (1, width)):
        repeated = tf.concat([[0], tf.range(size), [size - 1]], 0)
        image = tf.gather(image, repeated, axis=axis)
    across = image[:, 2:] - image[:, :-2]
    dx = across[:-2] + 2 * across[1:-1] + across[2:]
    down = image[2:] - image[:-2]
    dy = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    return dx * dx + dy * dy, dx, dy


def _is_ridge(length: tf.Tensor, dx: tf.Tensor, dy: tf.Tensor) -> tf.Tensor:
    """Whether a pixel is longest along its gradient, with OpenCV's rules for ties."""
    around = tf.pad(length, [[1, 1], [1, 1]])
    height, width = tf.shape(length)[0], tf.shape(length)[1]

    def at(row: int, column: int) -> tf.Tensor:
        return tf.slice(around, (1 + row, 1 + column), (height, width))

    y = tf.abs(dy) * (1 << _TAN_SHIFT)
    flat = tf.abs(dx) * _TAN_22_5
    steep = flat + tf.abs(dx) * (1 << (_TAN_SHIFT + 1))
    horizontal = tf.logical_and(length > at(0, -1), length >= at(0, 1))
    vertical = tf.logical_and(length > at(-1, 0), length >= at(1, 0))
    rising = tf.logical_and(length > at(-1, 1), length > at(1, -1))
    falling = tf.logical_and(length > at(-1, -1), length > at(1, 1))
    diagonal = tf.where(tf.bitwise.bitwise_xor(dx, dy) < 0, rising, falling)
    return tf.where(y < flat, horizontal, tf.where(y > steep, vertical, diagonal))


def _pack64(mask: tf.Tensor) -> tf.Tensor:
    """A boolean `(height, width)` as `(height, words)` uint64, leftmost pixel lowest."""
    height, width = tf.shape(mask)[0], tf.shape(mask)[1]
    padded = tf.pad(tf.cast(mask, tf.uint8), [[0, 0], [0, -width % 64]])
    bits = tf.reshape(padded, (height, -1, 8, 8))
    weights = tf.constant([1, 2, 4, 8, 16, 32, 64, 128], tf.uint8)
    return tf.bitcast(tf.reduce_sum(bits * weights, -1), tf.uint64)


def _unpack64(words: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    octets = tf.bitcast(words, tf.uint8)[..., None]
    bits = tf.bitwise.right_shift(octets, tf.constant([0, 1, 2, 3, 4, 5, 6, 7], tf.uint8)) & 1
    return tf.reshape(bits, (shape[0], -1))[:, : shape[1]]


def _grow(seeds: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
    """All candidates that are 8-connected to a seed; 64 pixels an operation, to the very end."""

    def grown(edges: tf.Tensor, changed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        larger = edges
        for _ in range(_STEPS_BETWEEN_TESTS):
            larger = tf.bitwise.bitwise_and(_dilate(larger), candidates)
        return larger, tf.reduce_any(larger != edges)

    edges, _ = tf.while_loop(lambda edges, changed: changed, grown, (seeds, tf.constant(True)))
    return edges


def _dilate(words: tf.Tensor) -> tf.Tensor:
    one, top = tf.constant(1, tf.uint64), tf.constant(63, tf.uint64)
    beside = tf.pad(words, [[0, 0], [1, 1]])
    from_left = tf.bitwise.right_shift(beside[:, :-2], top)
    from_right = tf.bitwise.left_shift(beside[:, 2:], top)
    row = words | tf.bitwise.left_shift(words, one) | tf.bitwise.right_shift(words, one)
    row = row | from_left | from_right
    above_below = tf.pad(row, [[1, 1], [0, 0]])
    return row | above_below[:-2] | above_below[2:]
