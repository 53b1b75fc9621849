"""Nets of single cells with their preprocessing in the graph: crops or a raw field to answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from cellscreen.models.cell_nets import cell_planes_of, cell_size_of
from cellscreen.models.fusion import TABLE
from cellscreen.models.tabular_branch import table_features_of
from cellscreen.pipelines.cell_input import CellInput
from cellscreen.pipelines.cell_pixels import net_crops
from cellscreen.records.cells import OTHER, OWN, Cell
from cellscreen.serving.cells.columns import CellColumns
from cellscreen.serving.cells.objects import GraphObjects, find_objects
from cellscreen.serving.common.in_parts import in_parts

Tensors = Mapping[str, tf.Tensor]
Answers = dict[str, tf.Tensor]
PROBABILITIES = "probabilities"


class CellGraph:
    """The mean over nets of cells, from crops and features, or from a raw field.

    Args:
        models: nets of one kind, of `build_cell_net`.
        channels: of a field, in order.
        cell_input: how a cell's box became a square in training.
        compartment: of `CellColumns`.

    Attributes:
        size: side of a crop, px; None of nets that take a table alone.
        planes: names of the planes of each image branch.
        columns: of the table; a field's `table` holds those that are `given`.
        classes: how many.
    """

    def __init__(
        self,
        models: Sequence[keras.Model],
        channels: Sequence[str],
        cell_input: CellInput,
        compartment: str,
    ) -> None:
        first = models[0]
        self._channels, self._input = tuple(channels), cell_input
        self.size, self.planes = cell_size_of(first), cell_planes_of(first)
        self.classes = int(first.output_shape[-1])
        self.columns = CellColumns(table_features_of(first), compartment, self._channels)
        self._models = list(models)
        # A function of its own is traced and stored once, however many signatures call it.
        self.ask = tf.function(self._asked, input_signature=[input_specs(first)])

    @property
    def specs(self) -> dict[str, tf.TensorSpec]:
        """What `serve_cells` takes."""
        return self.ask.input_signature[0]

    def serve_cells(self, inputs: Tensors) -> Answers:
        """Crops and features of cells to the mean of the nets' probabilities.

        Args:
            inputs: of the net: `mask`, `flow` and `intensity` `(cells, size, size, planes)` float32
                in [0, 1], as `pipelines.cell_pixels.net_crops` makes them, and `table`
                `(cells, features)` float32, NaN where missing.
        """
        return {PROBABILITIES: self.ask(dict(inputs))}

    def serve_field(self, inputs: Tensors) -> Answers:
        """A raw field with its label image to its cells' probabilities.

        Args:
            inputs: `field` `(height, width, channels)` uint8 or uint16, `low` and `high`
                `(channels,)` int32, `labels` `(height, width)` int32, 0 the ground; `flows`
                `(height, width, 3 or 4)` float32 for nets with that branch; `table`
                `(cells, given)` float32 for nets with columns that are not measured in the graph,
                cells in the order of their numbers.

        Returns:
            `probabilities` `(cells, classes)`, `object_ids` `(cells,)` int32, `boxes` `(cells, 4)`
            int32 left, top, right, bottom; and `table` `(cells, features)` float32, as the net
            took it, where it has one.

        Raises:
            tf.errors.InvalidArgumentError: labels or flows of another size than the field, another
                number of rows than cells, or a scale that cannot be.
        """
        with tf.control_dependencies(_check(inputs)):
            objects = find_objects(tf.identity(inputs["labels"]))
        count = tf.size(objects.ids)
        table = self.columns.of_field(objects, inputs["field"], inputs.get(TABLE))

        def answers(part: tuple[tf.Tensor, ...]) -> tf.Tensor:
            boxes, number, rows = part
            asked = self._crops(objects, inputs, boxes, number)
            return self.ask(asked | ({TABLE: rows} if self.columns.features else {}))

        # Nets need not know of batches without cells: a pixel stands in where there is none.
        missing = tf.maximum(1 - count, 0)
        boxes = tf.concat([objects.boxes, tf.tile([[0, 0, 1, 1]], [missing, 1])], axis=0)
        cells = boxes, tf.range(1, count + missing + 1), tf.pad(table, [[0, missing], [0, 0]])
        found = {
            PROBABILITIES: in_parts(answers, cells, self.classes)[:count],
            "object_ids": objects.ids,
            "boxes": objects.boxes,
        }
        return found | ({TABLE: table} if self.columns.features else {})

    def _asked(self, inputs: Tensors) -> tf.Tensor:
        each = [model(inputs, training=False) for model in self._models]
        return tf.add_n(each) / len(each)

    def _crops(
        self, objects: GraphObjects, inputs: Tensors, boxes: tf.Tensor, numbers: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """The crops of some cells, by branch."""
        if self.size is None:
            return {}
        size, branches = self.size, list(self.planes)

        def crops(one: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
            cell = _cut(objects, inputs, *one)
            return net_crops(cell, branches, self._input, self._channels)

        spec = {
            name: tf.TensorSpec((size, size, len(planes)), tf.float32)
            for name, planes in self.planes.items()
        }
        return tf.map_fn(crops, (boxes, numbers), fn_output_signature=spec)


def input_specs(model: keras.Model) -> dict[str, tf.TensorSpec]:
    """What a net of cells takes, of any number of cells."""
    return {
        one.name: tf.TensorSpec((None, *one.shape[1:]), tf.float32, name=one.name)
        for one in model.inputs
    }


def _cut(objects: GraphObjects, inputs: Tensors, box: tf.Tensor, number: tf.Tensor) -> Cell:
    """One cell of a field, as a record holds it."""
    left, top, right, bottom = tf.unstack(box)

    def window(plane: tf.Tensor) -> tf.Tensor:
        return plane[top:bottom, left:right]

    own = window(objects.image)
    mask = tf.where(own == number, OWN, tf.where(own > 0, OTHER, 0))
    no_flow = tf.zeros([bottom - top, right - left, 0])
    flow = window(inputs["flows"]) if "flows" in inputs else no_flow
    return Cell(
        intensity=window(inputs["field"]),
        mask=tf.cast(mask, tf.uint8),
        flow=flow,
        low=inputs["low"],
        high=inputs["high"],
        measured=tf.zeros(0),
    )


def _check(inputs: Tensors) -> list[tf.Operation]:
    field = tf.shape(inputs["field"])[:2]
    checks = []
    for name in [name for name in ("labels", "flows") if name in inputs]:
        size = tf.shape(inputs[name])[:2]
        message = [f"Expected {name} as high and wide as the field", field, "; got", size]
        checks.append(tf.debugging.Assert(tf.reduce_all(size == field), message))
    if TABLE in inputs:
        cells = tf.size(tf.unique(tf.reshape(inputs["labels"], [-1]))[0])
        cells -= tf.cast(tf.reduce_any(inputs["labels"] == 0), tf.int32)
        rows = tf.shape(inputs[TABLE])[0]
        message = ["Expected a row of the table for each cell of the label image, which has", cells]
        checks.append(tf.debugging.Assert(rows == cells, [*message, "; got", rows]))
    return checks
