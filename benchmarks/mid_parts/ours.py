"""Our side: the training step of the fitter, the prediction step, and the input pipeline."""

from __future__ import annotations

import collections
import re
import tempfile
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from mid_parts.settings import Settings, Spent, seconds_of

from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.bag_layers import ClassToken
from cellscreen.models.bag_nets import build_bag_net
from cellscreen.models.crop_normalization import CropNormalization
from cellscreen.pipelines.bag_input import BagInput
from cellscreen.pipelines.bag_memory import KeptBags
from cellscreen.pipelines.bags import training_bags
from cellscreen.pipelines.order import Share, Start
from cellscreen.training.bag_losses import bag_loss, bag_measures
from cellscreen.training.fit_config import (
    FitConfig,
    LossConfig,
    MachineConfig,
    OptimizerConfig,
)
from cellscreen.training.fitter import Fitter
from cellscreen.training.machine import Machine
from cellscreen.training.step import prediction_step
from cellscreen.training.task import Task

MODES = {"graph": False, "XLA": True}
CELLS, BAGS = 200, 24
# What a trace calls the same work: of oneDNN's kernels, of XLA's, and what holds others.
_HOLDS = re.compile(r"Executor|Process|step|TFE_|Eager|Run$|Execut|BlockUntil|FunctionRun|^call$")


class Ours:
    """Our net, its steps with and without XLA, and one batch.

    Args:
        settings: net, batch and threads.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._machine = Machine(MachineConfig(strategy="none"))
        keras.utils.set_random_seed(0)
        self._data = _bags(settings)
        share = Share(settings.bags)
        self.batch = next(iter(self._data.batches(Start(), share)))
        self._made: dict[tuple[str, float], tuple[Fitter, Any]] = {}
        self._start = _task(settings, settings.dropout).build().get_weights()

    def given(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Crops, mask and labels of the batch, for the twin."""
        inputs, labels, *_ = self.batch
        return inputs["crops"].numpy(), inputs["mask"].numpy(), labels.numpy()

    def weights(self) -> dict[str, list[np.ndarray]]:
        """The weights that the nets of all modes begin with."""
        return weights_of(self._steps("graph", self.settings.dropout)[0].model)

    def train(self, mode: str) -> Spent:
        """Seconds of one training step, its loss read as the loop reads it."""
        fitter, _ = self._steps(mode, self.settings.dropout)
        return seconds_of(lambda: fitter.train_step(self.batch)["loss"].numpy())

    def infer(self, mode: str) -> Spent:
        """Seconds of the whole net's answer."""
        _, ask = self._steps(mode, self.settings.dropout)
        return seconds_of(lambda: ask((self.batch[0], self.batch[3]))[1].numpy())

    def check(self, mode: str) -> dict[str, Any]:
        """Answer, and loss and gradients' norm of a step without dropout."""
        fitter, ask = self._steps(mode, 0.0)
        answer = ask((self.batch[0], self.batch[3]))[1].numpy()
        figures = fitter.train_step(self.batch)
        norm, loss = figures["grad_norm"], figures["loss"] / figures["n"]
        del self._made[mode, 0.0]
        return {"answer": answer, "loss": float(loss), "norm": float(norm)}

    def loop(self, mode: str, steps: int) -> tuple[float, float]:
        """Median seconds of a step of the loop, input included, and of its `next()`."""
        fitter, _ = self._steps(mode, self.settings.dropout)
        batches = self._data.batches(Start(), Share(self.settings.bags)).__iter__()
        waited, whole = [], []
        for _ in range(steps + 1):
            began = time.perf_counter()
            batch = next(batches)
            waited.append(time.perf_counter() - began)
            fitter.train_step(batch)["loss"].numpy()
            whole.append(time.perf_counter() - began)
        return float(np.median(whole[1:])), float(np.median(waited[1:]))

    def input_alone(self, batches: int) -> float:
        """CPU seconds that making one batch takes, with no net beside."""
        made = self._data.batches(Start(), Share(self.settings.bags)).take(batches)
        began = time.process_time()
        for _ in made:
            pass
        return (time.process_time() - began) / batches

    def profile(self, mode: str) -> list[tuple[str, float, int]]:
        """The kinds of operation of one training step: name, ms over all threads, how many."""
        fitter, _ = self._steps(mode, self.settings.dropout)
        with tempfile.TemporaryDirectory() as folder:
            with tf.profiler.experimental.Profile(folder):
                fitter.train_step(self.batch)["loss"].numpy()
            return _kinds(next(Path(folder).rglob("*.xplane.pb")))

    def _steps(self, mode: str, dropout: float) -> tuple[Fitter, Any]:
        if (mode, dropout) not in self._made:
            task = _task(self.settings, dropout)
            config = FitConfig(batch_size=self.settings.bags)
            optimizer = OptimizerConfig(
                learning_rate=self.settings.learning_rate, schedule="constant"
            )
            fitter = Fitter(task, config, optimizer, self._machine, MODES[mode])
            fitter.model.set_weights(self._start)
            ask = prediction_step(task, fitter.model, self._machine, MODES[mode])
            self._made[mode, dropout] = fitter, ask
        return self._made[mode, dropout]


def serve(connection: Connection, settings: Settings) -> None:
    """Calls the methods of `Ours` that are asked for; runs in a process of its own."""
    tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
    tf.config.threading.set_inter_op_parallelism_threads(settings.threads)
    ours = Ours(settings)
    while (asked := connection.recv()) is not None:
        name, *arguments = asked
        connection.send(getattr(ours, name)(*arguments))


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


def _kinds(trace: Path) -> list[tuple[str, float, int]]:
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace.FromString(trace.read_bytes())
    spent: Mapping[str, list[float]] = collections.defaultdict(list)
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                kind = re.sub(r"[.\d]+$|^_MklNative|^wrapped_", "", name.rpartition(":")[2])
                if not _HOLDS.search(kind):
                    spent[kind].append(event.duration_ps / 1e9)
    rows = [(kind, sum(times), len(times)) for kind, times in spent.items()]
    return sorted(rows, key=lambda row: -row[1])
