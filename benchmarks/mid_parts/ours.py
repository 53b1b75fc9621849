"""Our side: the MID net, its batch and its input pipeline."""

from __future__ import annotations

import re
from multiprocessing.connection import Connection
from typing import Any

import keras
import numpy as np
import pandas as pd
from mid_parts.settings import Settings
from timing.our_side import OurSide, use_threads
from timing.sides import answer_calls

from cellscreen.fitting.fit_config import LossConfig, OptimizerConfig
from cellscreen.fitting.task import Task
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.bag_layers import ClassToken
from cellscreen.models.bag_nets import build_bag_net
from cellscreen.models.crop_normalization import CropNormalization
from cellscreen.pipelines.bag_input import BagInput
from cellscreen.pipelines.bag_memory import KeptBags
from cellscreen.pipelines.bags import training_bags
from cellscreen.training.bags.losses import bag_loss, bag_measures

CELLS, BAGS = 200, 24


class Ours(OurSide):
    """Our net, its steps with and without XLA, and one batch.

    Args:
        settings: net, batch and threads.
    """

    def __init__(self, settings: Settings) -> None:
        optimizer = OptimizerConfig(learning_rate=settings.learning_rate, schedule="constant")

        def task(exact: bool) -> Task:
            return _task(settings, 0.0 if exact else settings.dropout)

        super().__init__(_bags(settings), settings.bags, task, optimizer)

    def given(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Crops, mask and labels of the batch, for the twin."""
        inputs, labels, *_ = self.batch
        return inputs["crops"].numpy(), inputs["mask"].numpy(), labels.numpy()

    def weights(self) -> dict[str, list[np.ndarray]]:
        """The weights that the nets of all modes begin with."""
        return weights_of(self.model)


def serve(connection: Connection, settings: Settings) -> None:
    """Calls the methods of `Ours` that are asked for; runs in a process of its own."""
    use_threads(settings.threads)
    answer_calls(connection, Ours(settings))


def weights_of(model: keras.Model) -> dict[str, list[np.ndarray]]:
    """The weights by the twin's names: convolutions as they were made, with their statistics."""
    encoder, head = model.get_layer("crop_encoder"), model.get_layer("set_encoder")
    convolutions = _in_order(encoder, keras.layers.Conv2D)
    norms = _in_order(encoder, CropNormalization)
    found = {
        f"convolution_{number}": [w.numpy() for layer in pair for w in layer.weights]
        for number, pair in enumerate(zip(convolutions, norms, strict=True))
    }
    for layer in [encoder.get_layer("projection"), *head.layers]:
        if layer.weights:
            name = "token" if isinstance(layer, ClassToken) else layer.name
            name = re.sub(r"^block_(\d+)", lambda match: f"block_{int(match[1]) - 1}", name)
            found[name] = [weight.numpy() for weight in layer.weights]
    return found


def _in_order(model: keras.Model, kind: type) -> list[keras.layers.Layer]:
    """Layers in the order in which they were made, which their names' numbers tell."""

    def number(layer: keras.layers.Layer) -> int:
        end = layer.name.rpartition("_")[2]
        return int(end) if end.isdigit() else 0

    return sorted((layer for layer in model.layers if isinstance(layer, kind)), key=number)


def _task(settings: Settings, dropout: float) -> Task:
    config = BagNetConfig(
        encoder_width=settings.width,
        embedding_units=settings.units,
        heads=settings.heads,
        depth=settings.depth,
        mlp_units=settings.mlp_units,
        set_dropout=dropout,
    )
    names = tuple(f"channel_{number}" for number in range(settings.channels))
    loss = bag_loss(
        LossConfig(label_smoothing=settings.label_smoothing), "classes", settings.classes
    )
    measures = bag_measures("classes")
    return Task(
        lambda: build_bag_net(config, settings.size, names, settings.classes),
        lambda targets, found: loss(targets, found["answer"]),
        lambda targets, found: measures(targets, found["answer"]),
        lambda found: found["answer"],
    )


def _bags(settings: Settings) -> Any:
    """Wells of random cells, in memory as training keeps them after its first epoch."""
    generator = np.random.default_rng(0)
    shape = (CELLS, settings.size, settings.size, settings.channels)
    kept = {bag: generator.integers(0, 256, shape, np.uint8) for bag in range(BAGS)}
    frame = pd.DataFrame({"key": [f"P1/{bag}" for bag in kept], "cells": CELLS})
    names = tuple(f"channel_{number}" for number in range(settings.channels))
    index = KeptBags(frame, pd.DataFrame(), (), settings.size, names, kept)
    labels = np.arange(BAGS, dtype=np.int64) % settings.classes
    return training_bags(index, np.arange(BAGS), labels, BagInput(settings.crops), seed=0)
