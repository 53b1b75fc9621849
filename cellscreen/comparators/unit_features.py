"""Features of single cells to one row a field or well, the unit that a bag is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cellscreen.errors import DataError
from cellscreen.plates.columns import CONTROL_TYPE, PREFIX

NEGCON = "negcon"
_WELL = ["Metadata_Plate", "Metadata_Well", "Metadata_Plane", "Metadata_Timepoint"]
# Where a cell lies in its field says nothing of the cell.
_PLACES = ("_Center_", "_BoundingBox", "_Location_")


@dataclass(frozen=True)
class UnitFeatures:
    """A row a unit (field or well), whether the manifest has it or not.

    Attributes:
        features: `<statistic>_<feature>` by unit, float64, NaN where undefined.
        cells: how many cells each has; a unit without any is not here.
        plates: the plate of each.
        negcon: whether each is a negative control.
        rows: the unit of each row of the manifest, on the manifest's index.
    """

    features: pd.DataFrame
    cells: pd.Series
    plates: pd.Series
    negcon: pd.Series
    rows: pd.Series

    def of_manifest(self, columns: pd.DataFrame) -> pd.DataFrame:
        """Columns by unit as rows of the manifest; NaN where a bag has no cells."""
        return columns.reindex(self.rows).set_axis(self.rows.index)


def feature_columns(cells: pd.DataFrame) -> list[str]:
    """The features of a cell table, without those that say where in the field a cell lies."""
    named = [str(name) for name in cells.columns if not str(name).startswith(PREFIX)]
    return [name for name in named if not any(place in name for place in _PLACES)]


def unit_features(
    cells: pd.DataFrame, manifest: pd.DataFrame, statistics: Sequence[str]
) -> UnitFeatures:
    """Aggregates a cell table to the unit that the manifest's bags are.

    Args:
        cells: a row a cell, of `pipelines.cell_table.read_cell_table`.
        manifest: a row a bag, of the same plates: `key` and `Metadata_*`.
        statistics: `median`, `mean` or both, of each feature over the cells of a unit.

    Raises:
        DataError: table and manifest have no field or well in common.

    Example:
        >>> units = unit_features(cells, manifest, ("median", "mean"))  # doctest: +SKIP
        >>> units.of_manifest(units.features).shape  # doctest: +SKIP
        (1992, 610)
    """
    of_cells, rows = _units(cells, manifest)
    groups = cells[feature_columns(cells)].groupby(of_cells)
    parts = [groups.agg(name).add_prefix(f"{name}_") for name in statistics]
    first = cells.groupby(of_cells).first()
    control = first.get(CONTROL_TYPE, pd.Series("", index=first.index))
    return UnitFeatures(
        features=pd.concat(parts, axis=1).astype(float),
        cells=groups.size(),
        plates=first["Metadata_Plate"].astype(str),
        negcon=control == NEGCON,
        rows=rows,
    )


def _units(cells: pd.DataFrame, manifest: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The unit of each cell and of each row of the manifest: the field where keys are fields'."""
    of_cells, rows = cells["Metadata_key"].astype(str), manifest["key"].astype(str)
    if not rows.isin(of_cells.unique()).any():
        of_cells, rows = _well(cells), _well(manifest)
    if not rows.isin(of_cells.unique()).any():
        raise DataError(
            f"No bag is among the {len(of_cells.unique())} units of the cell table: it begins "
            f"with {next(iter(of_cells), 'nothing')}, the bags with {next(iter(rows), 'nothing')}.",
            fix="Build cells and bags of the same plates.",
        )
    return of_cells, rows


def _well(frame: pd.DataFrame) -> pd.Series:
    """A well of one plane and timepoint, as bags of wells are."""
    return frame.reindex(columns=_WELL).fillna("").astype(str).agg("/".join, axis=1)
