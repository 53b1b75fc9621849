"""The order of training examples: a pure function of seed and epoch, so that a fit can go on.

An iterator's position cannot be saved under a distribution strategy. It need not be: the order of
every epoch follows from the seed, and a fit that goes on skips to its step.
"""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

LAST_EPOCH = 1 << 40


@dataclass(frozen=True)
class Start:
    """Where a fit begins or goes on."""

    epoch: int = 0
    step: int = 0


@dataclass(frozen=True)
class Share:
    """Which part of every global batch one input pipeline delivers.

    Attributes:
        batch: examples a replica gets at once.
        replicas: replicas that the pipeline feeds, in turn.
        pipelines: how many pipelines there are (one a worker).
        pipeline: which of them this one is.
    """

    batch: int
    replicas: int = 1
    pipelines: int = 1
    pipeline: int = 0

    @property
    def block(self) -> int:
        """Examples of one global batch that go through this pipeline."""
        return self.batch * self.replicas

    @property
    def global_batch(self) -> int:
        """Examples of one step over all replicas."""
        return self.block * self.pipelines


@dataclass(frozen=True)
class Draws:
    """Balanced sampling: the class of each example is drawn, then an example of it.

    Attributes:
        probabilities: of each class, `(classes,)` float32.
        class_of: class of each row, `(rows,)` int64.
    """

    probabilities: tf.Tensor
    class_of: tf.Tensor


def epochs_in_order(
    rows: tf.data.Dataset,
    count: int,
    seed: int,
    start: Start,
    share: Share,
    draws: Draws | None = None,
    buffer: int = 0,
) -> tf.data.Dataset:
    """Endless `(number, element)`: every epoch the rows in a new order, full batches only.

    The number counts all examples since epoch 0 and does not depend on where the fit began or
    into how many shares batches are cut: a seed made of it gives each example the same
    augmentation everywhere.

    Args:
        rows: the examples, each element a tuple that begins with its row; cache them before.
        count: how many there are.
        seed: of the order.
        start: the first step that is wanted.
        share: the part of each batch that is wanted.
        draws: balanced sampling; None takes every row once an epoch.
        buffer: rows that wait to be drawn; 0 is all, which costs nothing where they are cached.
            Records come plate by plate, and a plate may hold one class: rows that are not cached
            must come mixed (`records.open_records`), or batches hold one class.
    """
    per_epoch = count // share.global_batch * share.global_batch
    buffer = min(buffer or count, count)

    def shuffled(part: tf.data.Dataset, epoch: tf.Tensor, salt: int) -> tf.data.Dataset:
        mixed = tf.random.stateless_uniform(  # seeds of neighbouring epochs must not be neighbours
            [], tf.stack([tf.cast(seed, tf.int64), epoch * 1009 + salt]), None, None, tf.int64
        )
        return part.shuffle(buffer, seed=mixed, reshuffle_each_iteration=False)

    def drawn(epoch: tf.Tensor, by: Draws) -> tf.data.Dataset:
        parts = [
            shuffled(rows.filter(lambda *row, c=c: by.class_of[row[0]] == c), epoch, c + 1)
            for c in range(int(by.probabilities.shape[0]))
        ]
        classes = tf.random.stateless_categorical(
            tf.math.log(by.probabilities)[None],
            per_epoch,
            tf.stack([seed, tf.cast(epoch, tf.int32)]),
        )
        return tf.data.Dataset.choose_from_datasets(
            [part.repeat() for part in parts],
            tf.data.Dataset.from_tensor_slices(tf.cast(classes[0], tf.int64)),
            stop_on_empty_dataset=False,
        )

    def one_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        tf.random.set_seed(1)  # of this function's graph only: the global one must not matter
        order = shuffled(rows, epoch, 0) if draws is None else drawn(epoch, draws)
        numbered = order.take(per_epoch).enumerate(epoch * per_epoch)
        skipped = tf.where(epoch == start.epoch, start.step * share.global_batch, 0)
        return numbered.skip(tf.cast(skipped, tf.int64))

    def mine(number: tf.Tensor, *_: tf.Tensor) -> tf.Tensor:
        return number // share.block % share.pipelines == share.pipeline

    numbered = tf.data.Dataset.range(start.epoch, LAST_EPOCH).flat_map(one_epoch)
    return numbered if share.pipelines == 1 else numbered.filter(mine)
