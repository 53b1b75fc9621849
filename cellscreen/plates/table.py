"""The plate table: a pandas table, a row an image plane, from whatever a folder holds.

Columns: `Metadata_Plate`, `Metadata_Well` (A01, or a dish's name), `Metadata_Site`,
`Metadata_Plane`, `Metadata_Timepoint` and `channel` (text, "" where there is none), `path`
(absolute, or an address), `bit_depth` (Int64, missing where not stated), the metadata that the
source has (`Metadata_cell_line, _condition, _hours, _batch, _pert_iname, _concentration_um,
_control_type`), `Metadata_simulated` (bool), any other column of the source as text with the same
prefix, and what only microscopes tell (see `columns.plate_table`).
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pandas as pd

from cellscreen.atomic import replacing
from cellscreen.errors import ConfigError, PlateTableError
from cellscreen.plates.channels import rename_channels
from cellscreen.plates.images_csv import NAME
from cellscreen.plates.problems import Problems
from cellscreen.plates.read_options import ReadOptions
from cellscreen.plates.sources import PARQUET, SOURCES, Source, read_parquet

LOGGER = logging.getLogger(__name__)
_ALL_USE = ("channels", "bit_depth")
FORMATS = ("auto", *(source.name for source in SOURCES))
_IN_ORDER = f"The first of {', '.join(FORMATS[1:-2])} counts"
_FIX = (
    f"Write an {NAME} with the columns path, plate, well, site; or say how the names are made, "
    "like template={plate}/{well}_{site}_{channel}.tif."
)

__all__ = [
    "FORMATS",
    "PARQUET",
    "SOURCES",
    "read_parquet",
    "read_plate_table",
    "read_with_layout",
    "write_plate_table",
]


def read_plate_table(folder: str | Path, options: ReadOptions | None = None) -> pd.DataFrame:
    """Reads the plate table of a folder, however it is laid out (see `SOURCES`).

    Args:
        folder: a folder of images, or of a table of images.
        options: what the folder does not say itself.

    Raises:
        PlateTableError: there is no known layout, or what is there does not make a plate table.
        ConfigError: the options do not fit the layout.

    Example:
        >>> read_plate_table("my_cultures")["Metadata_Plate"].unique()  # doctest: +SKIP
    """
    return read_with_layout(folder, options)[0]


def read_with_layout(
    folder: str | Path, options: ReadOptions | None = None
) -> tuple[pd.DataFrame, str]:
    """Reads the plate table of a folder; returns it with the sign by which it was recognised.

    Raises:
        PlateTableError: as `read_plate_table`.
        ConfigError: as `read_plate_table`.
    """
    folder, options = Path(folder), options or ReadOptions()
    try:
        source, sign = _source(folder, options)
        _check_options(source, options)
        table = source.read(folder, options)
    except OSError as error:
        raise PlateTableError(
            f"Expected a folder of images; got: {error.strerror}.", file=error.filename or folder
        ) from error
    problems = Problems(folder, fix="Mend the map of channels.")
    table = rename_channels(table, options.channel_names(), problems)
    problems.raise_any()
    if options.bit_depth:
        table = table.assign(bit_depth=table["bit_depth"].fillna(options.bit_depth))
    return table, sign


def write_plate_table(table: pd.DataFrame, path: str | Path) -> None:
    """Writes a plate table as parquet, whole or not at all."""
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)


def _source(folder: Path, options: ReadOptions) -> tuple[Source, str]:
    """Returns the source that was asked for, else the first that knows the folder."""
    names = sorted(os.listdir(folder))
    if options.format == "auto":
        return _found(folder, names)
    for source in SOURCES:
        if source.name == options.format:
            grammar = options.grammar()
            return source, grammar.text if grammar else source.sign(folder) or source.name
    raise ConfigError(f"Expected a format of {', '.join(FORMATS)}; got {options.format!r}.")


def _found(folder: Path, names: list[str]) -> tuple[Source, str]:
    """Returns the first of `SOURCES` that knows the folder, and by what; warns of others."""
    signs = [(source, source.sign(folder)) for source in SOURCES]
    found = [(source, sign) for source, sign in signs if sign]
    if not found:
        listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        known = ", ".join(source.looks for source in SOURCES if source.looks)
        raise PlateTableError(
            f"Expected {known}; got {listed or 'nothing'}.", file=folder, fix=_FIX
        )
    first = found[0]
    for source, sign in found[1:]:
        why = first[0].reason if source.reason != first[0].reason else _IN_ORDER
        LOGGER.warning(
            "%s: read from %s; not looked at: %s. %s; set format=%s to read that.",
            *(folder, first[1], sign, why, source.name),
        )
    return first


def _check_options(source: Source, options: ReadOptions) -> None:
    """Options that a source does not look at are a mistake, not a wish."""
    unused = [name for name in options.given() if name not in (*_ALL_USE, *source.uses)]
    if unused:
        raise ConfigError(f"Expected no {', '.join(unused)}: the format {source.name} has none.")
