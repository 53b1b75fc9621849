"""An exported net of cells: its signatures, and what is told of them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from cellscreen.fitting.flags import config_to_json
from cellscreen.models.fusion import TABLE
from cellscreen.pipelines.cell_checks import compartment_of
from cellscreen.screening.scores import score_column
from cellscreen.serving.cells.graph import PROBABILITIES, CellGraph
from cellscreen.serving.common.tracked import Tracked
from cellscreen.training.cells.config import CellsConfig
from cellscreen.training.cells.fields import read_fields

KIND = CellsConfig.TRAINER
CELL_STEPS = (
    "box of the label image; mask own, other, outline, depth; flow over 5, sigmoid; uint8 half up; "
    "/255; bilinear, antialiased"
)


def write_cell_model(
    models: list[keras.Model], config: CellsConfig, workdir: Path, folder: Path
) -> None:
    """Writes the mean of nets as a SavedModel.

    Signatures, of what `CellGraph` says of each:

    - `serve_cells` (also `serving_default`): the net's own inputs, crops and features, to
      `probabilities`.
    - `serve_field`: a raw field, its scale, its label image and flows, to the `probabilities` of
      its cells, their numbers and boxes, and the features that were measured.
    - `serve_field_uint8`: the same of 8-bit pixels.

    Features of the groups shape and levels are measured in the graph. A net that takes others, of
    other compartments than the label image's, or another program's, has them as input `table`.

    Args:
        models: nets of one training.
        config: of the training.
        workdir: its run folder.
        folder: to be written.

    Example:
        >>> write_cell_model([net], config, Path("runs/cells"), Path("1"))  # doctest: +SKIP
    """
    graph = cell_graph(models, config, workdir)
    archive = keras.export.ExportArchive()
    archive.track(Tracked(models))
    archive.add_endpoint("serve_cells", graph.serve_cells, [graph.specs])
    archive.add_endpoint("serving_default", graph.serve_cells, [graph.specs])
    channels = read_fields(workdir).channels
    for dtype in (tf.uint16, tf.uint8):
        more = "" if dtype == tf.uint16 else "_uint8"
        specs = _field_specs(graph, len(channels), dtype)
        archive.add_endpoint(f"serve_field{more}", graph.serve_field, [specs])
    archive.write_out(str(folder), verbose=False)


def describe_cells(models: list[keras.Model], config: CellsConfig, workdir: Path) -> dict[str, Any]:
    """What only the `cellscreen.json` of a net of cells says."""
    graph, field = cell_graph(models, config, workdir), read_fields(workdir)
    return {
        "kind": KIND,
        "outputs": {PROBABILITIES: columns_of(config.data.task, config.data.classes)},
        "channel_names": list(field.channels),
        "fields": dataclasses.asdict(field),
        "cell_size": graph.size,
        "planes": {name: list(planes) for name, planes in graph.planes.items()},
        "table_features": list(graph.columns.features),
        "measured_features": list(graph.columns.measured),
        "given_features": list(graph.columns.given),
        "config": _portable(config),
        "preprocessing_hash": cells_hash(graph, config, field.channels),
    }


def columns_of(task: str, classes: Sequence[str]) -> list[str]:
    """The score columns of a training's nets."""
    return [score_column(task, name) for name in classes]


def cell_graph(models: list[keras.Model], config: CellsConfig, workdir: Path) -> CellGraph:
    """The mean of a run's nets with their preprocessing in the graph."""
    field = read_fields(workdir)
    compartment = "" if config.data.cell_table else compartment_of(field.compartments)
    return CellGraph(models, field.channels, config.cell_input, compartment)


def cells_hash(graph: CellGraph, config: CellsConfig, channels: Sequence[str]) -> str:
    """A digest of everything between raw pixels and the net: equal if the inputs are made equal."""
    parts = (CELL_STEPS, graph.size, config.cell_input.cell_fit, channels, graph.columns.features)
    return hashlib.sha256("; ".join(map(str, parts)).encode()).hexdigest()[:16]


def _portable(config: CellsConfig) -> dict[str, Any]:
    """The config without the places of the machine it was trained on."""
    data = dataclasses.replace(
        config.data,
        data_dir="records",
        where="",
        cell_table="cell_table" if config.data.cell_table else "",
        cell_table_columns="",
    )
    return json.loads(config_to_json(dataclasses.replace(config, data=data)))


def _field_specs(graph: CellGraph, channels: int, dtype: tf.DType) -> dict[str, tf.TensorSpec]:
    specs = {
        "field": _spec("field", dtype, None, None, channels),
        "low": _spec("low", tf.int32, channels),
        "high": _spec("high", tf.int32, channels),
        "labels": _spec("labels", tf.int32, None, None),
    }
    if "flow" in graph.planes:
        specs["flows"] = _spec("flows", tf.float32, None, None, None)
    if graph.columns.given:
        specs[TABLE] = _spec(TABLE, tf.float32, None, len(graph.columns.given))
    return specs


def _spec(name: str, dtype: tf.DType, *shape: int | None) -> tf.TensorSpec:
    return tf.TensorSpec(shape, dtype, name=name)
