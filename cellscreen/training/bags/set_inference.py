"""Cached inference by a Keras net of bags, in compiled steps that are traced once."""

from __future__ import annotations

import keras
import tensorflow as tf

from cellscreen.models.bag_nets import split_bag_net
from cellscreen.training.bags.cached_sets import BagParts, CachedSets
from cellscreen.training.bags.cached_sets import SetAnswer as SetAnswer
from cellscreen.training.bags.inference_config import InferenceConfig


class SetInference(CachedSets):
    """Answers bags with a net: see `CachedSets`.

    Args:
        model: of `build_bag_net`; its weights may change between calls.
        set_crops: crops of a set in training.
        config: how many sets, and of how many crops where not as in training.
        seed: of the draws, 0 or more.

    Example:
        >>> inference = SetInference(model, 12, InferenceConfig())  # doctest: +SKIP
        >>> inference.answer(index.read_crops(0), "P1/A01").mean  # doctest: +SKIP
        array([0.31, 0.69])
    """

    def __init__(
        self, model: keras.Model, set_crops: int, config: InferenceConfig, seed: int = 0
    ) -> None:
        super().__init__(bag_parts(model), set_crops, config, seed)


def bag_parts(model: keras.Model) -> BagParts:
    """Splits a net into compiled parts, each traced once whatever the number of crops."""
    crop_encoder, set_encoder = split_bag_net(model)
    units, outputs = crop_encoder.output.shape[-1], set_encoder.output["answer"].shape[-1]
    pixels = tf.TensorSpec((None, *crop_encoder.input.shape[1:]), tf.uint8)
    sets = tf.TensorSpec((None, None, units), tf.float32)

    def asked(embeddings: tf.Tensor) -> dict[str, tf.Tensor]:
        mask = tf.ones(tf.shape(embeddings)[:2], tf.bool)
        return set_encoder({"embeddings": embeddings, "mask": mask}, training=False)

    return BagParts(
        encode=tf.function(lambda crops: encoded(crop_encoder, crops), input_signature=[pixels]),
        # Apart from `ask`, so that what attention alone needs is pruned.
        answer=tf.function(lambda embeddings: asked(embeddings)["answer"], input_signature=[sets]),
        ask=tf.function(asked, input_signature=[sets]),
        units=int(units),
        outputs=int(outputs),
    )


def encoded(crop_encoder: keras.Model, crops: tf.Tensor) -> tf.Tensor:
    """Crops `(n, size, size, channels)` uint8 through a crop encoder, `(n, units)` float32."""
    scaled = tf.cast(crops, tf.float32) / 255
    return tf.cast(crop_encoder(scaled, training=False), tf.float32)
