"""The image steps as TensorFlow ops, equal bit for bit to their OpenCV and NumPy twins.

Every function works eagerly, in `Dataset.map` and in a SavedModel, on one image of any size; all
but `decode_image` and the resizing of `reduce_edges` also compile under XLA, which halves the time
of `edge_map` and compiles anew for each size. Whole numbers are held in float32 where TensorFlow
is faster with it; none reaches 2^24, so that every sum and product is exact.
"""

from __future__ import annotations

import tensorflow as tf
from tensorflow import bitwise

from cellscreen.images.edges import HIGH_THRESHOLD, LOW_THRESHOLD
from cellscreen.images.gray import BLUE, GREEN, RED, SHIFT
from cellscreen.images.header import MAX_PIXELS

# OpenCV takes tan(22.5°) as 13573 / 2^15; tan(67.5°) is that plus 2.
_TAN_22, _TAN_67 = 13573 / 2**15, 13573 / 2**15 + 2
_WORD = 64
_STEPS_BETWEEN_TESTS = 4
_ROUNDS = 128  # real fields need 20 to 135 steps; a spiral of 1024² needs 128,400


def to_uint8(image: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
    """`cellscreen.images.scale.to_uint8` in the graph.

    Args:
        image: any shape, uint8 or uint16.
        low: scalar int32, becomes 0.
        high: scalar int32, becomes 255.

    Returns:
        The same shape, uint8.

    Raises:
        tf.errors.InvalidArgumentError: not 0 <= low < high <= 65535 (not told under XLA).
    """
    sound = tf.reduce_all((low >= 0, low < high, high <= 65535))
    message = "Expected 0 <= low < high <= 65535; got"
    with tf.control_dependencies([tf.debugging.Assert(sound, [message, low, high])]):
        span = tf.subtract(high, low)
    values = tf.clip_by_value(tf.cast(image, tf.int32), low, high) - low
    return tf.cast((values * 510 + span) // (2 * span), tf.uint8)


def to_gray(image: tf.Tensor) -> tf.Tensor:
    """`cellscreen.images.gray.to_gray` in the graph.

    Args:
        image: `(height, width, channels)`, uint8 or uint16; channels 1 or 3 (RGB).

    Returns:
        `(height, width)` of the same type.
    """

    def mixed() -> tf.Tensor:
        red, green, blue = (tf.cast(image[..., channel], tf.int32) for channel in range(3))
        total = RED * red + GREEN * green + BLUE * blue + (1 << (SHIFT - 1))
        return tf.cast(bitwise.right_shift(total, SHIFT), image.dtype)

    return tf.cond(tf.shape(image)[-1] == 3, mixed, lambda: image[..., 0])


def decode_image(data: tf.Tensor) -> tf.Tensor:
    """Raw pixels of a PNG or JPEG, equal to `cellscreen.images.reading.decode_image`.

    JPEG too, since TensorFlow is told to decode it accurately; by default it is off by up to 18.
    TIFF is not read in the graph: send its pixels to a signature that takes images.

    Args:
        data: scalar string, the whole file.

    Returns:
        `(height, width, channels)` uint16, values as they are stored (those of 8-bit files are 0
        to 255); channels 1, or 3 for RGB; transparency is dropped.

    Raises:
        tf.errors.InvalidArgumentError: neither PNG nor JPEG, cut, or more than 2^28 pixels.
    """
    is_png = tf.strings.substr(data, 0, 8) == b"\x89PNG\r\n\x1a\n"
    image = tf.cond(is_png, lambda: _decode_png(data), lambda: _decode_jpeg(data))
    return tf.ensure_shape(image, (None, None, None))


def unpack_edges(packed: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """The `(height, width)` uint8 map of 0 and 1 that `pack_edges` packed into a string."""
    height, width = tf.cast(height, tf.int32), tf.cast(width, tf.int32)
    rows = tf.reshape(tf.io.decode_raw(packed, tf.uint8), (height, -1, 1))
    bits = bitwise.right_shift(rows, tf.constant([7, 6, 5, 4, 3, 2, 1, 0], tf.uint8)) & 1
    return tf.reshape(bits, (height, -1))[:, :width]


def reduce_edges(edges: tf.Tensor, factor: int, size: int | None) -> tf.Tensor:
    """The one reduction of an edge map to the net's input.

    Means over `factor`×`factor` pixels (a remainder at the right and bottom is dropped), then
    means over areas to `size`×`size`, whatever the shape was.

    Args:
        edges: `(height, width, 1)` or `(batch, height, width, 1)` float32.
        factor: 1 leaves the first step out.
        size: None leaves the second step out.

    Returns:
        `(size, size, 1)` float32, or `(height // factor, width // factor, 1)`; a batch of them if
        given a batch.
    """
    is_batch = len(edges.shape) == 4
    batch = edges if is_batch else edges[None]
    if factor > 1:
        batch = tf.nn.avg_pool2d(batch, factor, factor, "VALID")
    if size is not None:
        fits = tf.reduce_all(tf.shape(batch)[1:3] == size)
        batch = tf.cond(
            fits, lambda: batch, lambda: tf.image.resize(batch, (size, size), method="area")
        )
    return batch if is_batch else batch[0]


def edge_map(gray: tf.Tensor) -> tf.Tensor:
    """`cellscreen.images.edges.edge_map` in the graph (hypoxia paper, Algorithm 1).

    Args:
        gray: `(height, width)` uint8, at least 1×1.

    Returns:
        The same shape, uint8: 1 on edges, else 0.
    """
    height = tf.shape(gray)[0]
    weak, strong = _thin_edges(*_gradient(_blur(tf.cast(gray, tf.float32))))
    words, unfinished = _dilate(_pack(strong), _pack(weak))
    edges = tf.cond(
        unfinished,
        lambda: _connect(_unpack(words, height), weak),
        lambda: _unpack(words, height),
    )
    return tf.ensure_shape(edges, gray.shape)


def _decode_png(data: tf.Tensor) -> tf.Tensor:
    data = _if(tf.strings.length(data) > 26, data, "The PNG is cut in its header.")
    size = tf.io.decode_raw(tf.strings.substr(data, 16, 8), tf.int32, little_endian=False)
    data = _of_sound_size(data, size)
    is_deep = tf.strings.substr(data, 24, 1) == b"\x10"
    image = tf.cond(
        is_deep,
        lambda: tf.io.decode_png(data, dtype=tf.uint16),
        # Asked for 16 bits, TensorFlow would multiply those of an 8-bit file by 257.
        lambda: tf.cast(tf.io.decode_png(data), tf.uint16),
    )
    return image[..., : tf.where(tf.shape(image)[-1] < 3, 1, 3)]


def _decode_jpeg(data: tf.Tensor) -> tf.Tensor:
    is_jpeg = tf.strings.substr(data, 0, 3) == b"\xff\xd8\xff"
    data = _if(is_jpeg, data, "Expected a PNG or JPEG file.")
    shape = tf.io.extract_jpeg_shape(data)
    data = _if(shape[2] != 4, data, "Expected a gray or RGB JPEG; got CMYK.")
    data = _of_sound_size(data, shape[:2])
    return tf.cast(tf.io.decode_jpeg(data, dct_method="INTEGER_ACCURATE"), tf.uint16)


def _of_sound_size(data: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    pixels = tf.reduce_prod(tf.cast(size, tf.int64))
    sound = tf.reduce_all(size > 0) & (pixels <= MAX_PIXELS)
    return _if(sound, data, f"Expected an image of 1 to {MAX_PIXELS} pixels.")


def _if(condition: tf.Tensor, data: tf.Tensor, message: str) -> tf.Tensor:
    with tf.control_dependencies([tf.debugging.Assert(condition, [message])]):
        return tf.identity(data)


def _blur(image: tf.Tensor) -> tf.Tensor:
    """(1 2 1) both ways over 16, rounded half up; the border is mirrored without its edge."""
    total = _smooth(_smooth(image, 1, mirrored=True), 0, mirrored=True)
    return tf.floor((total + 8) / 16)


def _gradient(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Sobel's gradient in x and y, each within ±1020; the border is repeated."""
    left, right = _beside(_smooth(image, 0), 1)
    above, below = _beside(_smooth(image, 1), 0)
    return right - left, below - above


def _smooth(image: tf.Tensor, axis: int, mirrored: bool = False) -> tf.Tensor:
    before, after = _beside(image, axis, mirrored)
    return before + 2 * image + after


def _beside(image: tf.Tensor, axis: int, mirrored: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
    """Each pixel's neighbours before and after it along an axis, those outside made up."""
    last, step = tf.shape(image)[axis] - 1, int(mirrored)
    first_outside = tf.gather(image, [tf.minimum(step, last)], axis=axis)
    last_outside = tf.gather(image, [tf.maximum(last - step, 0)], axis=axis)
    wide = tf.concat([first_outside, image, last_outside], axis)
    return (wide[:, :-2], wide[:, 2:]) if axis else (wide[:-2], wide[2:])


def _thin_edges(dx: tf.Tensor, dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Where the gradient is longest along its direction: above the low and the high threshold.

    Ties are broken as OpenCV does it: along the axes a pixel has to be longer than the one before
    and no shorter than the one after it, along the diagonals longer than both.
    """
    length = dx * dx + dy * dy
    around = tf.pad(length, [[1, 1], [1, 1]])
    above, row, below = around[:-2], around[1:-1], around[2:]
    rises_x = row[:, 1:] > row[:, :-1]
    rises_y = around[1:, 1:-1] > around[:-1, 1:-1]
    along_x = rises_x[:, :-1] & ~rises_x[:, 1:]
    along_y = rises_y[:-1] & ~rises_y[1:]
    falling = length > tf.maximum(above[:, :-2], below[:, 2:])
    rising = length > tf.maximum(above[:, 2:], below[:, :-2])
    diagonal = tf.where(dx * dy < 0, rising, falling)
    x, y = tf.abs(dx), tf.abs(dy)
    longest = tf.where(y < _TAN_22 * x, along_x, tf.where(y > _TAN_67 * x, along_y, diagonal))
    weak = longest & (length > LOW_THRESHOLD**2)
    return weak, weak & (length > HIGH_THRESHOLD**2)


def _pack(mask: tf.Tensor) -> tf.Tensor:
    """A boolean `(height, width)` as `(words, width)` uint64.

    Bit b of word k is row `b · words + k`: the rows above and below a word's are those of the words
    above and below it, so that dilating takes hardly any shifts.
    """
    height, width = tf.shape(mask)[0], tf.shape(mask)[1]
    words = (height + _WORD - 1) // _WORD
    mask = tf.pad(tf.cast(mask, tf.uint8), [[0, words * _WORD - height], [0, 0]])
    bits = tf.reshape(mask, (8, 8, words * width))
    octets = tf.add_n([bits[:, bit] * (1 << bit) for bit in range(8)])
    return tf.reshape(tf.bitcast(tf.transpose(octets), tf.uint64), (words, width))


def _unpack(words: tf.Tensor, height: tf.Tensor) -> tf.Tensor:
    """What `_pack` packed, as uint8."""
    count, width = tf.shape(words)[0], tf.shape(words)[1]
    octets = tf.transpose(tf.reshape(tf.bitcast(words, tf.uint8), (count * width, 8)))
    bits = tf.stack([bitwise.right_shift(octets, bit) & 1 for bit in range(8)], 1)
    return tf.reshape(bits, (_WORD * count, width))[:height]


def _dilate(edges: tf.Tensor, weak: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Grows edges into weak pixels that touch them; also whether that may not be the end of it."""
    one = tf.constant(1, tf.uint64)

    def grow(edges: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        grown = edges
        for _ in range(_STEPS_BETWEEN_TESTS):
            first = bitwise.left_shift(grown[-1:], one)
            last = bitwise.right_shift(grown[:1], one)
            around = tf.concat([first, grown, last], 0)
            column = around[:-2] | grown | around[2:]
            around = tf.pad(column, [[0, 0], [1, 1]])
            grown = (around[:, :-2] | column | around[:, 2:]) & weak
        return grown, tf.reduce_any(grown != edges)

    start = (edges, tf.constant(True))
    return tf.while_loop(lambda _, go: go, grow, start, maximum_iterations=_ROUNDS)


def _connect(edges: tf.Tensor, weak: tf.Tensor) -> tf.Tensor:
    """All weak pixels connected to an edge, in few rounds (20 for a spiral of 257,000 pixels).

    Every pixel points at one of a lower number in its component; 0 stands for all edges found so
    far. A round lowers the pointers of a pixel and of its parent to the lowest grandparent around,
    until nothing changes (FastSV: Zhang, Azad and Hu, 2020).
    """
    height, width = tf.shape(weak)[0], tf.shape(weak)[1]
    own = tf.reshape(tf.range(1, height * width + 1), (height, width))
    parents = tf.where(edges > 0, 0, own)

    def lowest_around(numbers: tf.Tensor) -> tf.Tensor:
        numbers = tf.where(weak, numbers, tf.int32.max)
        for axis in (0, 1):
            before, after = _beside(numbers, axis)
            numbers = tf.minimum(tf.minimum(before, after), numbers)
        return numbers

    def lower(parents: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        grandparents = tf.gather(parents, parents)
        lowest = lowest_around(tf.reshape(grandparents[1:], (height, width)))
        lowest = tf.where(weak, lowest, own)
        lowest = tf.concat([[0], tf.reshape(lowest, [-1])], 0)
        lowered = tf.tensor_scatter_nd_min(lowest, parents[:, None], lowest)
        return lowered, tf.reduce_any(lowered != parents)

    start = (tf.concat([[0], tf.reshape(parents, [-1])], 0), tf.constant(True))
    parents, _ = tf.while_loop(lambda _, go: go, lower, start)
    return tf.cast(weak & (tf.reshape(parents[1:], (height, width)) == 0), tf.uint8)
