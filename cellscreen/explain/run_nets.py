"""The nets of a run folder, each loaded once, when a bag that it held out is to be explained."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from cellscreen.explain.fold_net import FoldNet, Outputs
from cellscreen.fitting import run_folder
from cellscreen.models.bag_nets import check_crops, split_bag_net
from cellscreen.training.bags.inference_config import InferenceConfig
from cellscreen.training.bags.set_inference import SetInference


def run_nets(
    workdir: Path, config: InferenceConfig, crop_size: int, channels: tuple[str, ...]
) -> Callable[[int], FoldNet]:
    """Returns what gives the net of a fold.

    Args:
        workdir: a run folder of `cellscreen train-bags`.
        config: how crops are encoded.
        crop_size: side of the bags' crops, px.
        channels: of the bags' crops, in their order.

    Raises:
        ConfigError: when asked: the fold is not trained to its end, or other crops are.

    Example:
        >>> net = run_nets(Path("runs/mid"), InferenceConfig(), 96, ("DNA",))  # doctest: +SKIP
        >>> net(0).embed(crops).shape  # doctest: +SKIP
        (200, 128)
    """

    @functools.cache
    def net(fold: int) -> FoldNet:
        model = run_folder.load_fold(workdir, fold)
        check_crops(model, crop_size, channels)
        return fold_net(model, config)

    return net


def fold_net(model: keras.Model, config: InferenceConfig) -> FoldNet:
    """Splits a net of bags, as `build_bag_net` made it, into what explanations ask."""
    inference = SetInference(model, 1, config)
    _, set_encoder = split_bag_net(model)
    embeddings = tf.TensorSpec((None, None, inference.units), tf.float32)
    mask = tf.TensorSpec((None, None), tf.bool)

    @functools.partial(tf.function, input_signature=[embeddings, mask])
    def asked(embeddings: tf.Tensor, mask: tf.Tensor) -> dict[str, tf.Tensor]:
        return set_encoder({"embeddings": embeddings, "mask": mask}, training=False)

    def ask(embeddings: np.ndarray, mask: np.ndarray) -> Outputs:
        return {name: value.numpy() for name, value in asked(embeddings, mask).items()}

    return FoldNet(inference.embed, ask)
