"""The plate table: a pandas table, a row an image plane, from whatever a folder holds.

Columns: `Metadata_Plate`, `Metadata_Well` (A01, or a dish's name), `Metadata_Site`,
`Metadata_Plane`, `Metadata_Timepoint` and `channel` (text, "" where there is none), `path`
(absolute), `bit_depth` (Int64, missing where not stated), the metadata that the source has
(`Metadata_cell_line, _condition, _hours, _batch, _pert_iname, _concentration_um, _control_type`),
`Metadata_simulated` (bool), and any other column of the source as text with the same prefix.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cellscreen.atomic import replacing
from cellscreen.errors import PlateTableError
from cellscreen.plates import columns
from cellscreen.plates.folders import CONVENTION, culture_sign, read_folders
from cellscreen.plates.images_csv import NAME, read_images_csv

LOGGER = logging.getLogger(__name__)
PARQUET = "plate_table.parquet"


@dataclass(frozen=True)
class Source:
    """One way to lay out images on disk, and how it is read.

    Attributes:
        sign: returns what shows that a folder is laid out so, None if it is not.
        read: reads such a folder to a plate table.
    """

    sign: Callable[[Path], str | None]
    read: Callable[[Path], pd.DataFrame]


def _file_sign(name: str) -> Callable[[Path], str | None]:
    return lambda folder: name if (folder / name).is_file() else None


SOURCES = (
    Source(_file_sign(PARQUET), lambda folder: read_parquet(folder / PARQUET)),
    Source(_file_sign(NAME), lambda folder: read_images_csv(folder / NAME)),
    Source(culture_sign, read_folders),
)


def read_plate_table(folder: str | Path) -> pd.DataFrame:
    """Reads the plate table of a folder, however it is laid out (see `SOURCES`).

    Raises:
        PlateTableError: there is no known layout, or what is there does not make a plate table.

    Example:
        >>> read_plate_table("my_cultures")["Metadata_Plate"].unique()  # doctest: +SKIP
    """
    return read_with_layout(folder)[0]


def read_with_layout(folder: str | Path) -> tuple[pd.DataFrame, str]:
    """Reads the plate table of a folder; returns it with the sign by which it was recognised.

    Raises:
        PlateTableError: as `read_plate_table`.
    """
    folder = Path(folder)
    try:
        source, sign = _find_source(folder)
        return source.read(folder), sign
    except OSError as error:
        raise PlateTableError(
            f"Expected a folder of images; got: {error.strerror}.", file=error.filename or folder
        ) from error


def _find_source(folder: Path) -> tuple[Source, str]:
    """Returns the first of `SOURCES` that knows the folder, and by what; warns of others."""
    names = sorted(os.listdir(folder))
    signs = [(source, source.sign(folder)) for source in SOURCES]
    found = [(source, sign) for source, sign in signs if sign]
    if not found:
        listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        raise PlateTableError(
            f"Expected {PARQUET}, {NAME}, or folders {CONVENTION}; got {listed or 'nothing'}.",
            file=folder,
            fix="Write an images.csv with the columns path, plate, well, site.",
        )
    for _, sign in found[1:]:
        LOGGER.warning("%s: read from %s; not looked at: %s.", folder, found[0][1], sign)
    return found[0]


def read_parquet(path: str | Path) -> pd.DataFrame:
    """Reads a plate table that `write_plate_table` wrote.

    Raises:
        PlateTableError: the file is no parquet file, lacks a column, or has no row.
    """
    path = Path(path)
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise PlateTableError(
            f"Expected a plate table as parquet; got a file that cannot be read ({error}).",
            file=path,
            fix="Write it again from its source.",
        ) from error
    missing = [name for name in ("path", *columns.KEY[:3]) if name not in table]
    if missing or table.empty:
        lack = f"{', '.join(missing)} is missing" if missing else "it has no row"
        raise PlateTableError(f"Expected a plate table; {lack}.", file=path)
    return columns.plate_table(table)


def write_plate_table(table: pd.DataFrame, path: str | Path) -> None:
    """Writes a plate table as parquet, whole or not at all."""
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)
