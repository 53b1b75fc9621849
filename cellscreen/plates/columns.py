"""The columns of a plate table: their names, order, types and vocabularies."""

from __future__ import annotations

import pandas as pd

from cellscreen.errors import ConfigError

PREFIX = "Metadata_"
REQUIRED = ("path", "plate", "well", "site")
KEY = tuple(PREFIX + name for name in ("Plate", "Well", "Site", "Plane", "Timepoint"))
PLANE = (*KEY, "channel")
TEXTS = tuple(PREFIX + name for name in ("cell_line", "batch", "pert_iname"))
CONDITION, CONTROL_TYPE = PREFIX + "condition", PREFIX + "control_type"
HOURS, CONCENTRATION = PREFIX + "hours", PREFIX + "concentration_um"
SIMULATED = PREFIX + "simulated"
VOCABULARIES = {
    CONDITION: ("normoxia", "hypoxia"),
    CONTROL_TYPE: ("negcon", "poscon", "trt", "empty"),
}
BIT_DEPTHS = range(8, 17)
ORDER = (*PLANE, "path", "bit_depth", TEXTS[0], CONDITION, HOURS, TEXTS[1], TEXTS[2])
ORDER = (*ORDER, CONCENTRATION, CONTROL_TYPE, SIMULATED)
MEASUREMENT = PREFIX + "measurement"
PROBLEM = "problem"
NUMBERS = (
    "pixel_size_um",
    "position_x_um",
    "position_y_um",
    "position_z_um",
    "exposure_s",
    "elapsed_hours",
)
WHOLE_NUMBERS = ("page", "sensor_max", "low", "high")
MICROSCOPE = (*WHOLE_NUMBERS, *NUMBERS, "flatfield", "illumination", "stack", PROBLEM)
_KNOWN = {name.removeprefix(PREFIX).casefold(): name for name in ORDER}


def column_of(header: str) -> str:
    """Returns the plate table's name of a column of a source file.

    Known columns are found in any case and with or without `Metadata_`; others get the prefix.

    Example:
        >>> [column_of(header) for header in ("plate", "Metadata_Well", "Path", "row_pair")]
        ['Metadata_Plate', 'Metadata_Well', 'path', 'Metadata_row_pair']
    """
    bare = header.strip().removeprefix(PREFIX)
    return _KNOWN.get(bare.casefold(), PREFIX + bare)


def is_known(header: str) -> bool:
    """Whether a column of a source file has a meaning of its own."""
    return column_of(header) in ORDER


def metadata_column(table: pd.DataFrame, name: str) -> str:
    """Returns the name of a column of `table` given with or without its `Metadata_`.

    Raises:
        ConfigError: there is no such column.
    """
    for candidate in (name, PREFIX + name):
        if candidate in table:
            return candidate
    known = sorted(c.removeprefix(PREFIX) for c in map(str, table) if c.startswith(PREFIX))
    raise ConfigError(f"Expected one of the columns {', '.join(known)}; got {name!r}.")


def plate_table(columns: pd.DataFrame) -> pd.DataFrame:
    """Returns `columns` as a plate table: defaults filled in, columns ordered and typed.

    What only microscopes tell stands last, without `Metadata_`: `page` (Int64, from 0, in a file
    of several pages), `sensor_max` (Int64, the value of a saturated pixel), `pixel_size_um`,
    `position_x_um`, `position_y_um` (of the field), `position_z_um`, `exposure_s`,
    `elapsed_hours` (since the first scan), all float; `flatfield` (JSON text) and `problem` (why
    a listed image cannot be used; "" where it can).

    Args:
        columns: a row an image plane; has `path`, `Metadata_Plate`, `Metadata_Well` and
            `Metadata_Site`, and may have any other column of a plate table.
    """
    table = columns.reset_index(drop=True)
    for name in ("Metadata_Plane", "Metadata_Timepoint", "channel"):
        if name not in table:
            table[name] = ""
    if "bit_depth" not in table:
        table["bit_depth"] = pd.NA
    for name in ("bit_depth", *WHOLE_NUMBERS):
        if name in table:
            table[name] = table[name].astype("Int64")
    for name in (HOURS, CONCENTRATION, *NUMBERS):
        if name in table:
            table[name] = table[name].astype(float)
    first = [name for name in ORDER if name in table]
    last = [name for name in MICROSCOPE if name in table]
    others = [name for name in table if name not in (*first, *last)]
    return table[first + others + last]
