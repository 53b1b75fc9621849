"""The order of training cells: a pure function of seed and epoch, in time that cells alone decide.

`order.epochs_in_order` draws each class from a data set of its own, which goes through all rows
once a class; here there may be hundreds of classes and a million rows.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from cellscreen.pipelines.order import LAST_EPOCH, Share, Start


def cells_in_order(
    count: int,
    seed: int,
    start: Start,
    share: Share,
    class_of: np.ndarray | None = None,
    probabilities: np.ndarray | None = None,
) -> tf.data.Dataset:
    """Endless `(number, place)`: every epoch the places in a new order, full batches only.

    The number counts all examples since epoch 0 and does not depend on where the fit began or into
    how many shares batches are cut: a seed made of it gives each example the same augmentation
    everywhere.

    Args:
        count: how many cells there are.
        seed: of the order.
        start: the first step that is wanted.
        share: the part of each batch that is wanted.
        class_of: of each place, `(count,)` int; only with probabilities.
        probabilities: with which each class is drawn, `(classes,)`; None takes every cell once an
            epoch.

    Example:
        >>> first = next(iter(cells_in_order(100, 0, Start(), Share(8)).batch(8)))  # doctest: +SKIP
    """
    per_epoch = count // share.global_batch * share.global_batch

    def order(epoch: np.ndarray) -> np.ndarray:
        return epoch_order(count, seed, int(epoch), class_of, probabilities)[:per_epoch]

    def one_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        places = tf.ensure_shape(tf.numpy_function(order, [epoch], tf.int64), (per_epoch,))
        skipped = tf.where(epoch == start.epoch, start.step * share.global_batch, 0)
        skipped = tf.cast(skipped, tf.int64)
        numbers = tf.range(epoch * per_epoch + skipped, (epoch + 1) * per_epoch)
        return tf.data.Dataset.from_tensor_slices((numbers, places[skipped:]))

    def mine(number: tf.Tensor, _: tf.Tensor) -> tf.Tensor:
        return number // share.block % share.pipelines == share.pipeline

    numbered = tf.data.Dataset.range(start.epoch, LAST_EPOCH).flat_map(one_epoch)
    return numbered if share.pipelines == 1 else numbered.filter(mine)


def epoch_order(
    count: int,
    seed: int,
    epoch: int,
    class_of: np.ndarray | None = None,
    probabilities: np.ndarray | None = None,
) -> np.ndarray:
    """The places of one epoch, in order.

    With probabilities the class of each example is drawn, then an example of it: in shuffled order,
    from the first again where a class is used up.

    Returns:
        `(count,)` int64.

    Example:
        >>> sorted(epoch_order(4, seed=0, epoch=2).tolist())
        [0, 1, 2, 3]
    """
    generator = np.random.default_rng([seed, epoch])
    mixed = generator.permutation(count)
    if class_of is None or probabilities is None:
        return mixed
    shares = np.asarray(probabilities, np.float64)
    drawn = generator.choice(len(shares), count, p=shares / shares.sum())
    by_class = mixed[np.argsort(class_of[mixed], kind="stable")]
    sizes = np.bincount(class_of, minlength=len(shares))
    first = np.cumsum(sizes) - sizes
    return by_class[first[drawn] + _earlier(drawn) % sizes[drawn]]


def _earlier(drawn: np.ndarray) -> np.ndarray:
    """How many earlier draws were of the same class, `(n,)` int64."""
    by_class = np.argsort(drawn, kind="stable")
    sizes = np.bincount(drawn)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    earlier = np.empty(len(drawn), np.int64)
    earlier[by_class] = np.arange(len(drawn)) - first
    return earlier
