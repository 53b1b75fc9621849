"""A table of cells that others measured, such as CellProfiler's, beside the records of the images.

A row is told by plate, well, site and number of the object (`Metadata_Plate`, `Metadata_Well`,
`Metadata_Site`, `Metadata_ObjectNumber`), or by `Metadata_key` and number, as our own tables are.
Where the objects were found anew and have other numbers, cells are matched by their places.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from cellscreen.cells.names import OBJECT_NUMBER
from cellscreen.errors import ConfigError, DataError
from cellscreen.pipelines.cell_index import CellIndex
from cellscreen.plates.key import normalize_well
from cellscreen.plates.problems import Problems

LOGGER = logging.getLogger(__name__)
CellMatch = Literal["number", "place"]
KEY, WELL = "Metadata_key", ("Metadata_Plate", "Metadata_Well", "Metadata_Site")
PLACES = (("Nuclei_AreaShape_Center_X", "Nuclei_AreaShape_Center_Y"),
          ("Cells_AreaShape_Center_X", "Cells_AreaShape_Center_Y"))  # fmt: skip
NEAR_PX = 10.0  # about the radius of a nucleus at 20x
_NAMED = 3


@dataclass(frozen=True)
class Matched:
    """Which row of a table each cell of the records has.

    Attributes:
        rows: `(cells,)` int64, -1 for a cell without one.
        without_row: cells of the records that the table lacks.
        without_image: rows of the table without a cell in the records.
    """

    rows: np.ndarray
    without_row: int
    without_image: int


def read_cell_file(path: str | Path, columns: str | Path = "") -> pd.DataFrame:
    """Reads a table of cells, its columns under our names.

    Args:
        path: parquet or CSV, a row a cell.
        columns: CSV `ours,theirs`; columns that it does not name keep their name. Empty: all do.

    Raises:
        ConfigError: a file is missing or cannot be read.
        PlateTableError: the table of columns names one twice, or one that is not there.

    Example:
        >>> read_cell_file("profiles.parquet", "columns.csv").shape  # doctest: +SKIP
        (5, 7390)
    """
    table = _read(path)
    if not str(columns):
        return table
    names = _read(columns)
    problems = Problems(Path(columns), "Write `ours,theirs`, a line a column, each name once.")
    if not {"ours", "theirs"} <= set(names):
        problems.add(f"Expected the columns ours and theirs; got {', '.join(names.columns)}.")
        problems.raise_any()
    for line, (ours, theirs) in enumerate(names[["ours", "theirs"]].itertuples(index=False), 2):
        if theirs not in table:
            problems.add(f"Expected a column of {Path(path).name}; got {theirs!r}.", line=line)
        if (names["ours"] == ours).sum() > 1:
            problems.add(f"The name {ours} stands in several lines.", line=line)
    problems.raise_any()
    renamed = table[list(names["theirs"])].set_axis(list(names["ours"]), axis=1)
    others = table.drop(columns=[*names["theirs"], *names["ours"]], errors="ignore")
    return pd.concat([others, renamed], axis=1)


def match_cells(index: CellIndex, table: pd.DataFrame, by: CellMatch = "number") -> Matched:
    """Finds the row of each cell; what has no counterpart is counted and told.

    Args:
        index: the records' cells.
        table: of `read_cell_file`.
        by: `number` of the object, or `place`: the nearest centre of the field, each the other's,
            not further than 10 px.

    Raises:
        ConfigError: the table lacks the columns by which rows are told.
        DataError: two rows of one cell, or no cell has a row.

    Example:
        >>> match_cells(index, table).without_row  # doctest: +SKIP
        0
    """
    images = _images(index, table)
    rows = _by_number(index, table, images) if by == "number" else _by_place(index, table, images)
    without_row = int((rows < 0).sum())
    without_image = len(table) - int((rows >= 0).sum())
    if without_row == len(rows):
        raise DataError(
            f"Expected a table of the records' cells; none of its {len(table)} rows has a cell "
            f"among {len(rows)}. Its images begin with {_some(images)}, the records' with "
            f"{_some(index.fields['key'])}.",
            fix="Look at plate, well, site and object numbers, and at --cell_table_columns.",
        )
    if without_row:
        LOGGER.warning(
            "%d of %d cells have no row in the table (such as %s): they are left out.",
            *(without_row, len(rows), index.keys[rows < 0][0]),
        )
    if without_image:
        lost = np.setdiff1d(np.arange(len(table)), rows)
        LOGGER.warning(
            "%d of %d rows of the table have no cell in the records (such as row %d, of %s).",
            *(without_image, len(table), lost[0] + 1, images.iloc[lost[0]] or "an unknown image"),
        )
    return Matched(rows, without_row, without_image)


def numeric_columns(table: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Columns of a table as numbers, `(rows, names)` float32.

    Raises:
        ConfigError: a column holds something else.
    """
    odd = [name for name in names if not pd.api.types.is_numeric_dtype(table[name])]
    if odd:
        raise ConfigError(
            f"Expected numbers in the features; {', '.join(odd[:_NAMED])} holds texts.",
            fix="Leave them out of --table_features.",
        )
    return table[names].to_numpy(np.float32)


def _read(path: str | Path) -> pd.DataFrame:
    try:
        if Path(path).suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=dict.fromkeys((*WELL, KEY, "ours", "theirs"), str))
    except (OSError, ValueError) as error:
        raise ConfigError(f"Expected a table as parquet or CSV: {error}.", file=path) from error


def _images(index: CellIndex, table: pd.DataFrame) -> pd.Series:
    """The key of each row's field; empty where the records have none of its well and site."""
    if KEY in table:
        return table[KEY].astype(str)
    missing = [name for name in WELL if name not in table]
    if missing:
        raise ConfigError(
            f"Expected {', '.join(WELL)} (or {KEY}) in the table of cells; it lacks "
            f"{', '.join(missing)}.",
            fix="Name them in --cell_table_columns.",
        )
    known = _well_sites(index.fields)
    if known.duplicated().any():
        raise ConfigError(
            f"Expected {KEY} in the table of cells, as the records have several planes or times "
            f"of a site ({_some(known[known.duplicated()])})."
        )
    keys = dict(zip(known, index.fields["key"], strict=True))
    return _well_sites(table).map(keys).fillna("")


def _well_sites(frame: pd.DataFrame) -> pd.Series:
    plates, wells, sites = (frame[name].astype(str) for name in WELL)
    wells = wells.map(lambda well: normalize_well(well) or well)
    return plates + "/" + wells + "/" + sites.str.removesuffix(".0").str.lstrip("0")


def _by_number(index: CellIndex, table: pd.DataFrame, images: pd.Series) -> np.ndarray:
    if OBJECT_NUMBER not in table:
        raise ConfigError(
            f"Expected {OBJECT_NUMBER} in the table of cells; it lacks it.",
            fix="Name it in --cell_table_columns, or give --cell_table_match=place.",
        )
    numbers = pd.to_numeric(table[OBJECT_NUMBER], errors="coerce").fillna(-1).astype(np.int64)
    keys = images + ":" + numbers.astype(str)
    twice = keys[keys.duplicated() & (images != "")]
    if len(twice):
        raise DataError(
            f"Expected one row a cell in the table of cells; {len(twice)} stand twice, the first "
            f"is {twice.iloc[0]}.",
            fix="Remove the copies.",
        )
    places = pd.Series(np.arange(len(table)), index=keys.to_numpy())
    places = places[~places.index.duplicated()]
    return places.reindex(index.keys).fillna(-1).to_numpy(np.int64)


def _by_place(index: CellIndex, table: pd.DataFrame, images: pd.Series) -> np.ndarray:
    columns = next((list(pair) for pair in PLACES if set(pair) <= set(table)), None)
    if columns is None:
        raise ConfigError(
            f"Expected {' and '.join(PLACES[0])} in the table of cells, to match it by place.",
            fix="Name them in --cell_table_columns.",
        )
    theirs = table[columns].to_numpy(np.float64)
    ours = index.cells[["centre_x", "centre_y"]].to_numpy(np.float64)
    of_image = images.groupby(images).indices
    rows = np.full(len(ours), -1, np.int64)
    for key, cells in pd.Series(index.images).groupby(index.images).indices.items():
        if key in of_image:
            at = of_image[key]
            first, second = _mutual(ours[cells], theirs[at])
            rows[cells[first]] = at[second]
    return rows


def _mutual(ours: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of points, each the other's nearest and near enough."""
    distance, to = cKDTree(theirs).query(ours)
    _, back = cKDTree(ours).query(theirs)
    first = np.flatnonzero((back[to] == np.arange(len(ours))) & (distance <= NEAR_PX))
    return first, to[first]


def _some(names: pd.Series) -> str:
    return ", ".join(str(name) for name in list(dict.fromkeys(names))[:_NAMED]) or "nothing"
