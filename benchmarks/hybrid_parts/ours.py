"""Our side: paper 002's net, its batch and its input pipeline."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from typing import Any

import cv2
import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from hybrid_parts.settings import TABLE, Settings
from timing.our_side import OurSide, use_threads
from timing.sides import answer_calls

from cellscreen.cells.label_flows import flows_of_labels
from cellscreen.fitting.fit_config import LossConfig, OptimizerConfig
from cellscreen.fitting.losses import class_loss, is_right
from cellscreen.fitting.task import Task
from cellscreen.models.cell_nets import build_cell_net
from cellscreen.models.hybrids import MASK_FLOW_HYBRID
from cellscreen.models.tabular_branch import adapt_table
from cellscreen.pipelines.cell_index import CellIndex
from cellscreen.pipelines.cell_input import CellInput
from cellscreen.pipelines.cell_pixels import CellPixels, eight_bit_planes
from cellscreen.pipelines.cell_planes import plane_names
from cellscreen.pipelines.cells import CellInputs, training_cells
from cellscreen.records.cells import Cell

BRANCHES, CELLS = ("mask", "flow"), 64
SHAPES = (None, None), (None, None, 3)  # of mask and flow


class DrawnPixels(CellPixels):
    """Crops of cells that are drawn, not read: all else is what a training does."""

    def _computed(self, row: tf.Tensor) -> tf.Tensor:
        parts = tf.numpy_function(_drawn, [row], (tf.uint8, tf.float32))
        mask, flow = (tf.ensure_shape(p, s) for p, s in zip(parts, SHAPES, strict=True))
        nothing, scale = tf.zeros([1, 1, 1], tf.uint16), tf.constant([0])
        cell = Cell(nothing, mask, flow, scale, scale + 1, tf.zeros(0))
        return eight_bit_planes(cell, self.branches, self.cell_input)


def _drawn(row: int) -> tuple[np.ndarray, np.ndarray]:
    """Mask and flow of a cell as large as CPJUMP1's, and of a neighbour."""
    generator = np.random.default_rng(int(row))
    height, width = generator.integers(40, 90, 2)
    labels = np.zeros((height, width), np.int32)
    cv2.circle(labels, (0, 0), int(generator.integers(8, 20)), 2, -1)
    middle = (int(width) // 2, int(height) // 2)
    cv2.ellipse(labels, middle, middle, 0, 0, 360, 1, -1)
    mask = labels.astype(np.uint8)
    return mask, np.ascontiguousarray(np.moveaxis(flows_of_labels(labels), 0, -1))


class Ours(OurSide):
    """Our net, its steps with and without XLA, and one batch.

    Args:
        settings: net, batch and threads.
    """

    def __init__(self, settings: Settings) -> None:
        self._pixels = _pixels(settings)
        self._pixels.keep(np.arange(CELLS))
        optimizer = OptimizerConfig(
            "adamw",
            settings.learning_rate,
            schedule="constant",
            weight_decay=settings.weight_decay,
        )
        data = _cells(settings, self._pixels)
        super().__init__(data, settings.cells, lambda exact: _task(settings, exact), optimizer)
        self.settings = settings

    def given(self) -> tuple[np.ndarray, ...]:
        """Crops of mask and flow, table and labels of the batch, for the twin."""
        inputs, labels, *_ = self.batch
        return (*(inputs[name].numpy() for name in (*BRANCHES, "table")), labels.numpy())

    def weights(self) -> dict[str, list[np.ndarray]]:
        """The weights that the nets of all modes begin with, by branch and layer."""
        return weights_of(self.model)

    def parameters(self) -> int:
        """How many there are."""
        return self.model.count_params()

    def planes_anew(self, cells: int) -> float:
        """CPU seconds of computing a cell's planes, which a training does once if they fit."""
        pixels = _pixels(self.settings)
        rows = tf.data.Dataset.range(cells).map(pixels.planes)
        next(iter(rows))
        began = time.process_time()
        for _ in rows:
            pass
        return (time.process_time() - began) / cells


def serve(connection: Connection, settings: Settings) -> None:
    """Calls the methods of `Ours` that are asked for; runs in a process of its own."""
    use_threads(settings.threads)
    answer_calls(connection, Ours(settings))


def weights_of(model: keras.Model) -> dict[str, list[np.ndarray]]:
    """The weights by layer; those of a branch's CNN by `<branch>/<layer>`."""
    found = {}
    for layer in model.layers:
        branch = layer.name.removesuffix("_branch")
        inner = layer.layers if isinstance(layer, keras.Model) else [layer]
        prefix = f"{branch}/" if isinstance(layer, keras.Model) else ""
        for one in inner:
            if one.weights:
                found[prefix + one.name] = [weight.numpy() for weight in one.weights]
    return found


def _task(settings: Settings, exact: bool) -> Task:
    def build() -> keras.Model:
        planes = plane_names(BRANCHES, ())
        net = build_cell_net(MASK_FLOW_HYBRID, settings.size, planes, settings.classes)
        adapt_table(net, np.zeros(TABLE), np.ones(TABLE))
        if exact:
            nested = [inner for one in net.layers for inner in getattr(one, "layers", [])]
            for layer in [*net.layers, *nested]:
                if isinstance(layer, keras.layers.Dropout):
                    layer.rate = 0.0
        return net

    loss = class_loss(LossConfig(label_smoothing=settings.label_smoothing), settings.classes)
    return Task(build, loss, is_right)


def _pixels(settings: Settings) -> CellPixels:
    cells = pd.DataFrame({"object_id": np.arange(CELLS)})
    index = CellIndex(cells, pd.DataFrame(), np.zeros((CELLS, 0)), (), ("none",), ())
    return DrawnPixels(index, BRANCHES, CellInput(settings.size))


def _cells(settings: Settings, pixels: CellPixels) -> Any:
    """Cells whose planes are in memory, as a training keeps them."""
    table = np.random.default_rng(0).normal(size=(CELLS, TABLE)).astype(np.float32)
    labels = np.arange(CELLS, dtype=np.int64) % settings.classes
    ones = np.ones(settings.classes, np.float32)
    return training_cells(CellInputs(pixels, table), np.arange(CELLS), labels, 0, ones)
