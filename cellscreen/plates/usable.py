"""Images that an index lists and nobody can use: kept in the table, told well by well.

A microscope's index also lists tiles that failed to focus and files that were never copied. Their
rows stay in the plate table with the reason in the column `problem`, so that no well is lost
without a word; `usable` leaves them out, `problems_by_well` lists them.
"""

from __future__ import annotations

import logging

import pandas as pd

from cellscreen.errors import PlateTableError
from cellscreen.plates import columns

LOGGER = logging.getLogger(__name__)
SHOWN = 12
_WELL = ["Metadata_Plate", "Metadata_Well"]


def usable(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows of a plate table without a `problem`; all of them where none is noted.

    Example:
        >>> usable(pd.DataFrame({"path": ["a.tif", ""], "problem": ["", "focus failed"]}))["path"]
        0    a.tif
        Name: path, dtype: object
    """
    return table[~_faulty(table)]


def usable_plates(table: pd.DataFrame) -> pd.DataFrame:
    """As `usable`, for work that must not lose a plate without a word.

    Raises:
        PlateTableError: nothing of a plate can be used; tells why.
    """
    kept = usable(table)
    found = problems_by_well(table)
    for plate in table["Metadata_Plate"].unique():
        if plate not in set(kept["Metadata_Plate"]):
            reasons = found.loc[found["Metadata_Plate"] == plate, columns.PROBLEM].unique()
            raise PlateTableError(
                f"No image of this plate can be used: {'; '.join(reasons)}.",
                plate=str(plate),
                fix="Copy its images beside the index, or leave the plate out.",
            )
    return kept


def problems_by_well(table: pd.DataFrame) -> pd.DataFrame:
    """Returns a row for each well and reason: what of a plate table cannot be used.

    Args:
        table: a plate table.

    Returns:
        `Metadata_Plate`, `Metadata_Well`, `problem`, `images` (how many), `sites` and `channels`
        (those concerned, with commas) and `path` (the first; "" where the index names none).
    """
    faulty = table[_faulty(table)]
    names = ["images", "sites", "channels", "path"]
    if faulty.empty:
        return pd.DataFrame(columns=[*_WELL, columns.PROBLEM, *names])
    groups = faulty.groupby([*_WELL, columns.PROBLEM], sort=False)
    return groups.agg(
        images=("path", "size"),
        sites=("Metadata_Site", _listed),
        channels=("channel", _listed),
        path=("path", "first"),
    ).reset_index()


def warn_of_problems(table: pd.DataFrame) -> None:
    """Logs a warning for each plate and reason, with the wells concerned."""
    found = problems_by_well(table)
    for (plate, problem), wells in found.groupby(["Metadata_Plate", columns.PROBLEM], sort=False):
        told = [f"{row.Metadata_Well} ({row.images})" for row in wells.head(SHOWN).itertuples()]
        more = f" and {len(wells) - SHOWN} more wells" if len(wells) > SHOWN else ""
        counts = wells["images"].sum(), (table["Metadata_Plate"] == plate).sum()
        listed = ", ".join(told) + more
        LOGGER.warning("Plate %s: %d of %d images: %s: %s.", plate, *counts, problem, listed)


def _faulty(table: pd.DataFrame) -> pd.Series:
    if columns.PROBLEM not in table:
        return pd.Series(False, index=table.index)
    return table[columns.PROBLEM].fillna("") != ""


def _listed(values: pd.Series) -> str:
    return ", ".join(dict.fromkeys(values))
