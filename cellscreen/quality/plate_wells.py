"""Wells of a plate: how many images each should have and has, and where they lie."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from cellscreen.plates.columns import CONTROL_TYPE
from cellscreen.plates.plate_size import SIZES, plate_size, row_and_column
from cellscreen.plates.usable import usable

WELL = ("Metadata_Plate", "Metadata_Well")
_USUAL_SHARE = 0.75
_FEWEST_WELLS = 12


def usual_sites(table: pd.DataFrame) -> pd.Series:
    """Returns for every plate and well the number of sites that most wells of its plate have.

    Wells of one control type are compared. Where less than three in four have the usual number,
    sites vary by design, and each well's own number is the usual one.

    Args:
        table: a plate table.

    Returns:
        int, by (plate, well).
    """
    control = table[CONTROL_TYPE] if CONTROL_TYPE in table else pd.Series("", index=table.index)
    expected = []
    for _, alike in table.groupby(control):
        sites = alike.groupby(list(WELL))["Metadata_Site"].nunique()
        usual = sites.groupby("Metadata_Plate").transform(lambda counts: counts.mode().iloc[-1])
        expected.append(sites if (sites == usual).mean() < _USUAL_SHARE else usual)
    return pd.concat(expected).groupby(level=list(WELL)).max()


def count_wells(table: pd.DataFrame) -> pd.DataFrame:
    """Counts what each well has and lacks.

    Args:
        table: a plate table; images with a `problem` count as lacking.

    Returns:
        By (plate, well): `images` and `unusable` (images that are listed but cannot be used),
        `sites` (whole ones: with as many images as most of the plate's sites) and `lacking` (sites
        that are missing, or not whole).
    """
    fine = usable(table)
    of_sites = fine.groupby([*WELL, "Metadata_Site"]).size()
    usual = of_sites.groupby("Metadata_Plate").agg(lambda counts: counts.mode().iloc[-1])
    is_whole = of_sites >= usual.reindex(of_sites.index, level="Metadata_Plate")
    listed = table.groupby(list(WELL)).size()
    images = fine.groupby(list(WELL)).size().reindex(listed.index, fill_value=0)
    whole = is_whole.groupby(list(WELL)).sum().reindex(listed.index, fill_value=0)
    lacking = (usual_sites(table).reindex(listed.index) - whole).clip(lower=0)
    counts = {"images": images, "unusable": listed - images, "sites": whole, "lacking": lacking}
    return pd.DataFrame(counts).astype(int)


def empty_places(wells: Iterable[str]) -> list[str]:
    """Returns the wells without images within the rectangle of those with images.

    Only where at least three in four of it have images: others are left out by design.

    Example:
        >>> wells = [f"{row}{column:02d}" for row in "AB" for column in range(1, 13)]
        >>> empty_places(well for well in wells if well != "B07")
        ['B07']
    """
    taken = {place for place in map(row_and_column, wells) if place}
    if len(taken) < _FEWEST_WELLS:
        return []
    rows, columns = zip(*taken, strict=True)
    box = [
        (row, column)
        for row in range(min(rows), max(rows) + 1)
        for column in range(min(columns), max(columns) + 1)
    ]
    if len(taken) < _USUAL_SHARE * len(box):
        return []
    return [well_at(*place) for place in box if place not in taken]


def well_at(row: int, column: int) -> str:
    """Returns the name of a well by row and column from 0.

    Example:
        >>> well_at(1, 2), well_at(31, 47)
        ('B03', 'AF48')
    """
    return f"{row_name(row)}{column + 1:02d}"


def row_name(row: int) -> str:
    """Returns the letters of a row from 0: A to Z, AA to AF."""
    return ("A" if row > 25 else "") + chr(65 + row % 26)


def to_grid(values: pd.Series) -> np.ndarray | None:
    """Lays values out as the plate.

    Args:
        values: float, by well.

    Returns:
        `(rows, columns)` float of the smallest plate that has the wells, NaN where there is no
        value; None where no well has a place (dishes).

    Example:
        >>> to_grid(pd.Series([1.0, 2.0], index=["A01", "B03"])).shape
        (2, 3)
    """
    size = plate_size(map(str, values.index))
    if size is None:
        return None
    grid = np.full(SIZES[size], math.nan)
    for well, value in values.items():
        place = row_and_column(str(well))
        if place:
            grid[place] = value
    return grid
