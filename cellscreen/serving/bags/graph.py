"""Nets of bags with their preprocessing in the graph: raw crops or a raw field to answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import tensorflow as tf

from cellscreen.images import in_graph
from cellscreen.models.bag_nets import split_bag_net
from cellscreen.serving.bags.crop_graph import cut_crops
from cellscreen.serving.common.in_parts import in_parts
from cellscreen.training.bags.set_inference import encoded

Answers = dict[str, tf.Tensor]


class BagGraph:
    """The mean over nets of bags, from raw pixels.

    Embeddings of several nets lie one behind the other, so that each crop has one row.

    Args:
        models: nets of one kind, of `build_bag_net`.
        answer: the name of the answer: `probabilities`, or `value`.

    Attributes:
        size: side of a crop, px.
        channels: how many a crop has.
        units: of an embedding, all nets together.
        answer_sets: from embeddings `(batch, crops, units)` float32 and a mask `(batch, crops)`
            bool to the answer `(batch, outputs)` and `attention` `(batch, crops)`, both float32,
            means over nets.
    """

    def __init__(self, models: Sequence[keras.Model], answer: str) -> None:
        self._pairs = [_Pair(*split_bag_net(model)) for model in models]
        self._answer = answer
        pixels, units = self._pairs[0].crops.input.shape, self._pairs[0].crops.output.shape
        self.size, self.channels = int(pixels[1]), int(pixels[-1])
        self.units = int(units[-1]) * len(self._pairs)
        # Functions of their own are traced and stored once, however many signatures call them.
        shape = (None, self.size, self.size, self.channels)
        signature = [tf.TensorSpec(shape, tf.uint8)]
        self._encode = tf.function(self._encoded, input_signature=signature)
        sets, mask = (None, None, self.units), (None, None)
        signature = [tf.TensorSpec(sets, tf.float32), tf.TensorSpec(mask, tf.bool)]
        self.answer_sets = tf.function(self._answered, input_signature=signature)

    def encode_crops(self, crops: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
        """Raw crops to embeddings.

        Args:
            crops: `(n, size, size, channels)` uint8 or uint16.
            low: `(n, channels)` int32, the raw values that become 0.
            high: `(n, channels)` int32, the raw values that become 255.

        Returns:
            `(n, units)` float32.
        """

        def embeddings(part: tuple[tf.Tensor, ...]) -> tf.Tensor:
            scaled = in_graph.to_uint8(part[0], *(s[:, None, None, :] for s in part[1:]))
            return self._encode(scaled)

        return in_parts(embeddings, (crops, low, high), self.units)

    def _encoded(self, crops: tf.Tensor) -> tf.Tensor:
        return tf.concat([encoded(pair.crops, crops) for pair in self._pairs], axis=-1)

    def _answered(self, embeddings: tf.Tensor, mask: tf.Tensor) -> Answers:
        each = [
            pair.sets({"embeddings": part, "mask": mask}, training=False)
            for pair, part in zip(
                self._pairs, tf.split(embeddings, len(self._pairs), axis=-1), strict=True
            )
        ]
        mean = {name: tf.add_n([e[name] for e in each]) / len(each) for name in _OUT}
        return {self._answer: mean["answer"], "attention": mean["attention"]}

    def serve_bags(
        self, crops: tf.Tensor, mask: tf.Tensor, low: tf.Tensor, high: tf.Tensor
    ) -> Answers:
        """Raw crops of bags to answers; all real crops of a bag are one set.

        Args:
            crops: `(batch, crops, size, size, channels)` uint8 or uint16.
            mask: `(batch, crops)` bool, True where a crop is real.
            low: `(batch, channels)` int32, the raw values that become 0.
            high: `(batch, channels)` int32, the raw values that become 255.

        Raises:
            tf.errors.InvalidArgumentError: a bag without real crops, or a scale that cannot be.
        """
        message = "Expected a real crop (mask true) in every bag; a bag has none."
        with tf.control_dependencies([tf.debugging.Assert(_any(mask), [message])]):
            batch, count = tf.unstack(tf.shape(mask))
        flat = tf.reshape(crops, (-1, self.size, self.size, self.channels))
        embeddings = self.encode_crops(flat, tf.repeat(low, count, 0), tf.repeat(high, count, 0))
        return self.answer_sets(tf.reshape(embeddings, (batch, count, self.units)), mask)

    def serve_field(
        self, field: tf.Tensor, centres: tf.Tensor, low: tf.Tensor, high: tf.Tensor
    ) -> Answers:
        """A raw field and its cells' centres to answers; all its crops are one set.

        Args:
            field: `(height, width, channels)` uint8 or uint16.
            centres: `(cells, 2)` float64 x, y in pixels; without cells the answer is NaN.
            low: `(channels,)` int32, the raw values that become 0.
            high: `(channels,)` int32, the raw values that become 255.

        Returns:
            The answer `(outputs,)` and `attention` `(cells,)`.

        Raises:
            tf.errors.InvalidArgumentError: a centre outside the field, or a scale that cannot be.
        """
        crops = cut_crops(field, centres, self.size)
        count = tf.shape(crops)[0]
        embeddings = self.encode_crops(crops, *(_rows(scale, count) for scale in (low, high)))
        missing = tf.maximum(1 - count, 0)
        # An embedding of zeros stands in where there is none: nets need not know of empty bags.
        embeddings = tf.pad(embeddings, [[0, missing], [0, 0]])
        found = self.answer_sets(embeddings[None], tf.ones([1, count + missing], tf.bool))
        undefined = tf.where(count > 0, 0.0, float("nan"))
        return {
            self._answer: found[self._answer][0] + undefined,
            "attention": found["attention"][0, :count],
        }


_OUT = ("answer", "attention")


class _Pair(NamedTuple):
    crops: keras.Model
    sets: keras.Model


def _any(mask: tf.Tensor) -> tf.Tensor:
    return tf.reduce_all(tf.reduce_any(mask, axis=1))


def _rows(values: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    return tf.repeat(values[None], count, axis=0)
