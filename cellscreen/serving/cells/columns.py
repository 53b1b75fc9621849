"""The table of a field's cells in the graph: what can be measured there, and what is given."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from cellscreen.cells.intensity import LEVELS
from cellscreen.cells.names import intensity_name, shape_name
from cellscreen.serving.cells.objects import GraphObjects
from cellscreen.serving.cells.shapes import SHAPES, graph_levels, graph_shapes


class CellColumns:
    """The columns of a net's table.

    Args:
        features: their names, in order.
        compartment: what the label image of a field holds, as features' names begin; "" where the
            features are another program's, so that none is measured here.
        channels: of a field, in order.

    Attributes:
        features: as given.
        measured: those that are measured in the graph.
        given: the others, in order.

    Example:
        >>> CellColumns(("Cells_AreaShape_Area", "Nuclei_AreaShape_Area"), "Cells", ()).given
        ('Nuclei_AreaShape_Area',)
    """

    def __init__(self, features: Sequence[str], compartment: str, channels: Sequence[str]) -> None:
        self.features = tuple(features)
        shapes = {shape_name(compartment, feature): feature for feature in SHAPES}
        levels = {
            intensity_name(compartment, feature, channel): (feature, number)
            for number, channel in enumerate(channels)
            for feature in LEVELS
        }
        here = [name for name in self.features if compartment]
        self._shapes = {name: shapes[name] for name in here if name in shapes}
        self._levels = {name: levels[name] for name in here if name in levels}
        known = {**self._shapes, **self._levels}
        self.measured = tuple(name for name in self.features if name in known)
        self.given = tuple(name for name in self.features if name not in known)

    def of_field(
        self, objects: GraphObjects, field: tf.Tensor, given: tf.Tensor | None
    ) -> tf.Tensor:
        """The features of a field's cells.

        Args:
            objects: of its label image.
            field: `(height, width, channels)` uint8 or uint16.
            given: `(cells, given)` float32; None where no column is given.

        Returns:
            `(cells, features)` float32, in the net's order.
        """
        columns: dict[str, tf.Tensor] = {}
        if self._shapes:
            shapes = graph_shapes(objects, set(self._shapes.values()))
            columns |= {name: shapes[feature] for name, feature in self._shapes.items()}
        levels = {
            number: graph_levels(objects, field[..., number])
            for number in {number for _, number in self._levels.values()}
        }
        columns |= {name: levels[at][feature] for name, (feature, at) in self._levels.items()}
        if given is not None:
            columns |= dict(zip(self.given, tf.unstack(given, len(self.given), 1), strict=True))
        if not columns:
            return tf.zeros([tf.size(objects.ids), 0])
        return tf.stack([tf.cast(columns[name], tf.float32) for name in self.features], axis=1)
