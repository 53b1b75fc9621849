"""The truth of simulated cells, joined to the cells that were found in their images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from cellscreen.errors import DataError
from cellscreen.simulate.hcs_writing import CELL_TRUTH

_NEEDED = ("x_px", "y_px", "affected")
_SITE = "Metadata_Site"


def join_truth(
    attention: pd.DataFrame, fields: pd.DataFrame, folder: Path, most_px: float
) -> pd.DataFrame:
    """Says of each explained cell whether the simulation affected it.

    A found cell and a true one are a pair if each is the other's nearest and they are at most
    `most_px` apart; found cells without a partner are left out.

    Args:
        attention: of `attention_table`.
        fields: of the explanation's input, for plate, well and site.
        folder: of a simulation made with `--cell_truth`.
        most_px: how far centres may be apart, px.

    Returns:
        The rows of `attention` that have a partner, with `affected` and `dead` (bool), `severity`
        and `apart_px`.

    Raises:
        DataError: the table of a field is missing, or lacks a column.
    """
    parts = []
    for _, found in attention.groupby("field", sort=False):
        true = read_true_cells(folder, fields.iloc[int(found["field"].iloc[0])])
        places = found[["x_px", "y_px"]].to_numpy(float)
        mine, theirs, apart = nearest_pairs(places, true[["x_px", "y_px"]].to_numpy(float), most_px)
        partner = true.iloc[theirs].reset_index(drop=True)
        known = {"affected": partner["affected"].to_numpy(bool)}
        known |= {name: partner[name].to_numpy() for name in ("dead", "severity") if name in true}
        parts.append(found.iloc[mine].assign(**known, apart_px=apart))
    if not parts:
        return attention.assign(affected=pd.Series(dtype=bool), apart_px=np.nan).iloc[:0]
    return pd.concat(parts, ignore_index=True)


def read_true_cells(folder: Path, field: pd.Series) -> pd.DataFrame:
    """Reads what the simulation knows of one field's cells.

    Args:
        folder: of the simulation.
        field: a row of metadata with plate, well and site.

    Raises:
        DataError: no such table, or a column is missing.
    """
    plate, well = str(field["Metadata_Plate"]), str(field["Metadata_Well"])
    path = folder / CELL_TRUTH / plate / f"{well}_{field[_SITE]}.csv"
    if not path.is_file():
        raise DataError(
            "Expected the truth of every explained field's cells, got no such file.",
            file=path,
            plate=plate,
            well=well,
            fix="Simulate with --cell_truth, or leave --truth out.",
        )
    cells = pd.read_csv(path)
    missing = [name for name in _NEEDED if name not in cells]
    if missing:
        raise DataError(
            f"Expected the columns {', '.join(_NEEDED)}; missing: {', '.join(missing)}.",
            file=path,
            fix="Simulate the plates again.",
        )
    return cells


def nearest_pairs(
    found: np.ndarray, true: np.ndarray, most: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of points that are each other's nearest.

    Args:
        found: `(n, 2)` float.
        true: `(m, 2)` float.
        most: farthest a pair may be apart, in the same unit.

    Returns:
        Indices into `found`, into `true`, both `(pairs,)`, and distances `(pairs,)`.

    Example:
        >>> mine, theirs, apart = nearest_pairs(np.array([[0.0, 0], [9, 9]]), np.ones((1, 2)), 3)
        >>> mine.tolist(), theirs.tolist(), apart.round(2).tolist()
        ([0], [0], [1.41])
    """
    if not len(found) or not len(true):
        return np.zeros(0, int), np.zeros(0, int), np.zeros(0)
    apart, theirs = cKDTree(true).query(found)
    _, back = cKDTree(found).query(true)
    mine = np.arange(len(found))
    paired = (back[theirs] == mine) & (apart <= most)
    return mine[paired], theirs[paired], apart[paired]
