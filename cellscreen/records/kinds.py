"""The kinds of record: what one unit of a plate table becomes, and how it is encoded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import tensorflow_datasets as tfds

from cellscreen.records import bags, cells, edges
from cellscreen.records.field_cells import find_cells
from cellscreen.records.field_order import Sizes, check_sizes, ordered_fields, ordered_rows
from cellscreen.records.fields import Row, read_field
from cellscreen.records.planes import read_planes
from cellscreen.records.record_config import RecordConfig, flow_source

Unit = Sequence[Row]
Example = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of record.

    Attributes:
        name: what users call it, and the folder's name.
        schema: the version of its schema.
        about: one sentence for TFDS.
        features: returns its schema.
        units: returns the rows that are converted together, of a plate table, in order.
        examples: returns the examples of a unit.
        pixels: features that are left out where metadata are enough.
        describe: returns what holds for all of a plate's records, for the prepared metadata, from
            one unit.
        of_cells: whether cells are looked for, so that the config counts.
    """

    name: str
    schema: str
    about: str
    features: Callable[[], tfds.features.FeaturesDict]
    units: Callable[[pd.DataFrame], list[list[Row]]]
    examples: Callable[[Unit, RecordConfig, Sizes], list[Example]]
    pixels: tuple[str, ...]
    describe: Callable[[Unit, RecordConfig], dict[str, Any]]
    of_cells: bool


def _edges(unit: Unit, config: RecordConfig, sizes: Sizes) -> list[Example]:
    field = read_field(unit[0])
    check_sizes(unit, field.edge_map.shape, sizes)
    return [edges.edges_example(field)]


def _bags(unit: Unit, config: RecordConfig, sizes: Sizes) -> list[Example]:
    planes = read_planes(unit, sizes, config.median_of)
    segment = config.segment
    if not config.crops.mask_neighbours:  # only masks need whole cells
        segment = dataclasses.replace(segment, cells_channel="")
    return [bags.bags_example(planes, find_cells(planes, segment), config)]


def _cells(unit: Unit, config: RecordConfig, sizes: Sizes) -> list[Example]:
    planes = read_planes(unit, sizes, config.median_of)
    return list(cells.cells_examples(planes, find_cells(planes, config.segment), config))


def _channel(unit: Unit, config: RecordConfig) -> dict[str, Any]:
    return {}


def _channels(unit: Unit, config: RecordConfig) -> dict[str, Any]:
    planes = read_planes(unit, median_of=config.median_of)
    return {"channels": list(planes.channels), "dtype": str(planes.pixels.dtype)}


def _names(unit: Unit, config: RecordConfig) -> dict[str, Any]:
    planes = read_planes(unit, median_of=config.median_of)
    found = find_cells(planes, config.segment)
    names = cells.feature_names(planes, found, config.feature_groups)
    return {**_channels(unit, config), "feature_names": names, "flows": flow_source(config)}


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "edges", edges.SCHEMA, "Native-size 1-bit edge maps of whole fields.",
            edges.edges_features, lambda table: [[row] for row in ordered_rows(table)], _edges,
            (edges.PIXELS_FEATURE,), _channel, False,
        ),
        Kind(
            "bags", bags.SCHEMA, "All nucleus-centred crops of a field, raw.",
            bags.bags_features, ordered_fields, _bags, (bags.PIXELS_FEATURE,), _channels, True,
        ),
        Kind(
            "cells", cells.SCHEMA, "One cell: intensity, mask and flow crop, and its features.",
            cells.cells_features, ordered_fields, _cells, cells.PIXELS_FEATURES, _names, True,
        ),
    )
}  # fmt: skip
"""The kinds by name."""
