"""The parts of which a training on cells is put together: cells, table, folds, manifest."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.models.tabular_branch import column_places
from cellscreen.pipelines.cell_checks import (
    check_boxes,
    check_flows,
    intensity_columns,
    perimeter_column,
)
from cellscreen.pipelines.cell_file import match_cells, numeric_columns, read_cell_file
from cellscreen.pipelines.cell_index import CellIndex, index_cells, metadata_names
from cellscreen.pipelines.cell_table import feature_names
from cellscreen.pipelines.selection import select
from cellscreen.training.cells.config import CellsConfig
from cellscreen.training.cells.features import check_names, measured_columns, net_table

LOGGER = logging.getLogger(__name__)
FLOW = "flow"
_MANIFEST = ["group", "fold", "inner", "label", "trained", "checksum"]


@dataclass(frozen=True)
class UsedCells:
    """The cells that are used, and what is known of each.

    Attributes:
        index: where they lie.
        table: `(cells, features)` float32, the columns of the net's table in order.
        intensities: `(cells, channels)` float32, mean intensities of the whole cell; no column
            where they were not measured.
        counts: cells found, and what was left out, by reason.
    """

    index: CellIndex
    table: np.ndarray
    intensities: np.ndarray
    counts: dict[str, Any]


def used_cells(config: CellsConfig, folders: list[Path]) -> UsedCells:
    """Indexes the cells that a config wants and can use.

    Cells whose perimeter is 0 are left out, as paper 002 did (part 2), and those that a table of
    others lacks; both are counted.

    Args:
        config: of the training.
        folders: prepared directories.

    Raises:
        ConfigError: a column of the table is missing, or of metadata; or flows are missing.
        DataError: no cell remains.
        RecordError: records are damaged, or a box leaves its field.
    """
    wanted, measured = config.net_config.table_features, feature_names(folders)
    check_names(wanted, metadata_names(folders), config.net_config.leaky_features)
    ours = [] if config.data.cell_table else measured_columns(wanted, measured)
    perimeter = perimeter_column(measured)
    more = [perimeter] if perimeter else []
    more += [name for name in measured if "_Intensity_MeanIntensity_" in name]
    index = index_cells(folders, list(dict.fromkeys([*ours, *more])))
    index = index.selected(index.of_cells(select(index.fields, config.data.where)).to_numpy())
    index, counts = _with_perimeter(index, perimeter)
    check_boxes(index)
    if FLOW in config.net_config.branches:
        check_flows(index)
    index, table, unmatched = _with_table(config, index)
    bright = intensity_columns(index.features, index.channels)
    intensities = index.table[:, [index.features.index(name) for name in bright]]
    return UsedCells(index, table, intensities, counts | unmatched)


def image_frame(index: CellIndex) -> pd.DataFrame:
    """The fields as `assign_folds` takes them: metadata, one checksum each, how many cells."""
    digests = [
        hashlib.sha256(" ".join(map(_plain, field)).encode()).hexdigest()
        for field in index.fields["sha256"]
    ]
    sizes = np.bincount(index.cells["field"], minlength=len(index.fields))
    return index.fields.assign(sha256=digests, cells=sizes)


def cell_manifest(index: CellIndex, images: pd.DataFrame) -> pd.DataFrame:
    """The fold manifest of cells: every cell has the fold and label of its field.

    Args:
        index: the cells.
        images: the fold manifest of fields, row for row as `index.fields`.

    Returns:
        `key, image, group, fold, inner, label, trained, checksum, Metadata_…`, a row a cell.
    """
    metadata = [str(name) for name in images if str(name).startswith("Metadata_")]
    of_cells = index.of_cells(images[[*_MANIFEST, *metadata]])
    ahead = pd.DataFrame({"key": index.keys, "image": index.images})
    return pd.concat([ahead, of_cells], axis=1)


def _with_perimeter(index: CellIndex, column: str | None) -> tuple[CellIndex, dict[str, Any]]:
    counts: dict[str, Any] = {"cells_found": len(index.cells), "perimeter_0": 0}
    if column is None:
        LOGGER.warning("Cells were measured without perimeters: those of perimeter 0 stay.")
        return index, counts
    flat = index.table[:, index.features.index(column)] == 0
    if flat.any():
        LOGGER.warning("%d of %d cells have a perimeter of 0: left out.", flat.sum(), len(flat))
    if flat.all():
        raise DataError(
            f"Expected cells with a perimeter; all {len(flat)} have 0.",
            fix="Look at the segmentation: cells of one pixel have none.",
        )
    return index.selected(~flat), counts | {"perimeter_0": int(flat.sum())}


def _with_table(
    config: CellsConfig, index: CellIndex
) -> tuple[CellIndex, np.ndarray, dict[str, Any]]:
    """The net's table from the records, or from a file; cells that the file lacks are left out."""
    wanted = config.net_config.table_features
    if not config.data.cell_table:
        return index, net_table(wanted, index.table, index.features), {}
    table = read_cell_file(config.data.cell_table, config.data.cell_table_columns)
    names = [str(name) for name in table.columns]
    columns = measured_columns(wanted, names)
    column_places(columns, names)
    values = numeric_columns(table, columns)
    matched = match_cells(index, table, config.data.cell_table_match)
    there = matched.rows >= 0
    counts = {
        "cells_without_row": matched.without_row,
        "rows_without_image": matched.without_image,
    }
    return index.selected(there), net_table(wanted, values[matched.rows[there]], columns), counts


def with_classes(config: CellsConfig, classes: tuple[str, ...]) -> CellsConfig:
    """The config with its classes filled in."""
    return dataclasses.replace(config, data=dataclasses.replace(config.data, classes=classes))


def _plain(text: Any) -> str:
    return text.decode() if isinstance(text, bytes) else str(text)
