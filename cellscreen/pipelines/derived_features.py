"""Columns that a table of cells gets from its own columns."""

from __future__ import annotations

import pandas as pd

_EDGES = ("Minimum_X", "Minimum_Y", "Maximum_X", "Maximum_Y")
_FIRST = f"BoundingBox{_EDGES[0]}"


def add_box_sums(table: pd.DataFrame) -> pd.DataFrame:
    """Adds the sum of a bounding box's four numbers (paper 003, section 2.1.1).

    Read as `sum(region.bbox)` of scikit-image, it is twice the place of the box's middle, down plus
    right: it says where in the field a cell lies, hardly what it looks like.

    Args:
        table: a row a cell, with `<compartment>_AreaShape_BoundingBox…` columns.

    Returns:
        The table with `<compartment>_AreaShape_BoundingBoxSum` behind, one a compartment that has
        all four; NaN where one of them is.

    Example:
        >>> add_box_sums(cells)["Cells_AreaShape_BoundingBoxSum"]  # doctest: +SKIP
    """
    sums = {}
    for name in table.columns:
        stem = str(name).removesuffix(_FIRST)
        columns = [f"{stem}BoundingBox{edge}" for edge in _EDGES]
        if stem != str(name) and set(columns) <= set(table.columns):
            sums[f"{stem}BoundingBoxSum"] = table[columns].sum(axis=1, skipna=False)
    return table.assign(**sums)
