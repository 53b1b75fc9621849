"""The group of every row: what is kept together, in one fold or under one head."""

from __future__ import annotations

import pandas as pd

from cellscreen.plates.columns import metadata_column
from cellscreen.plates.key import well_position

LEAKY = "site"
_COLUMNS = {"compound": "pert_iname", "plate": "Plate"}


def row_groups(table: pd.DataFrame, group_by: str) -> pd.Series:
    """Returns the group of every row as text; missing where a row has no value.

    Args:
        table: a plate table, or the metadata of records.
        group_by: `well` (plate + well, which is also a dish), `plate`, `position` (the same well
            across plates; dishes have none), `compound` (`pert_iname`), `site` (one field of a
            well: leaky, as its neighbours are in other groups) or any metadata column.

    Raises:
        ConfigError: no such column.

    Example:
        >>> table = pd.DataFrame({"Metadata_Plate": ["P1", "P2"], "Metadata_Well": ["A01", "A01"]})
        >>> row_groups(table, "well").tolist(), row_groups(table, "position").tolist()
        (['P1/A01', 'P2/A01'], ['A01', 'A01'])
    """
    plates, wells = table["Metadata_Plate"].astype(str), table["Metadata_Well"].astype(str)
    if group_by == "well":
        return plates + "/" + wells
    if group_by == LEAKY:
        return plates + "/" + wells + "/" + table["Metadata_Site"].astype(str)
    if group_by == "position":
        return wells.map(well_position)
    groups = table[metadata_column(table, _COLUMNS.get(group_by, group_by))]
    return groups.astype(str).where(groups.notna() & (groups.astype(str) != ""))
