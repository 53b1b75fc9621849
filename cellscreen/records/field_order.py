"""The order of a plate's fields, and the one size that their images have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from cellscreen.errors import ImageError
from cellscreen.plates.problems import Problems
from cellscreen.records.fields import Row, read_pixels
from cellscreen.records.metadata import row_key
from cellscreen.records.table_fingerprint import rows_of

Sizes = Mapping[str, tuple[int, int]]


def ordered_rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Rows as dicts, those of a well together, sites in numeric order; the order of the records."""
    columns = ["Metadata_Well", "Metadata_Site", "Metadata_Plane", "Metadata_Timepoint", "channel"]
    keys = table[columns].copy()
    for column in columns[1:4]:
        keys[column] = keys[column].map(lambda text: (len(text), text))
    order = keys.sort_values(columns).index
    return rows_of(table.loc[order])


def ordered_fields(table: pd.DataFrame) -> list[list[Row]]:
    """The rows of each field, a row a channel, in the order in which the table has the channels."""
    channels = list(dict.fromkeys(table["channel"]))
    fields: dict[str, dict[str, Row]] = {}
    for row in ordered_rows(table):
        fields.setdefault(row_key(row), {})[str(row["channel"])] = row
    return [[rows[name] for name in channels if name in rows] for rows in fields.values()]


def check_channels(units: Sequence[Sequence[Row]]) -> None:
    """Checks that all fields of a plate have the same channels.

    Args:
        units: of `ordered_fields`.

    Raises:
        PlateTableError: a field lacks a channel that others have; all such fields are told.
    """
    channels = list(dict.fromkeys(str(row["channel"]) for rows in units for row in rows))
    folder = Path(str(units[0][0]["path"])).parent
    problems = Problems(folder, fix="Export the channels, or leave the field out of the table.")
    for rows in units:
        fault = missing_channels(rows, channels)
        if fault:
            plate, well = str(rows[0]["Metadata_Plate"]), str(rows[0]["Metadata_Well"])
            problems.add(fault, plate=plate, well=well)
    problems.raise_any()


def missing_channels(rows: Sequence[Row], channels: Iterable[str]) -> str:
    """Says which channels a field lacks; "" if none."""
    wanted, there = list(channels), {row["channel"] for row in rows}
    missing = ", ".join(channel for channel in wanted if channel not in there)
    if not missing:
        return ""
    site = rows[0]["Metadata_Site"]
    return f"Expected the channels {', '.join(wanted)}; site {site} has no {missing}."


def usual_sizes(units: Sequence[Sequence[Row]], may_fail: bool) -> dict[str, tuple[int, int]]:
    """Width and height of each channel's first image, which the plate's others must have.

    Args:
        units: rows of a plate, in order.
        may_fail: whether images that cannot be read are passed over here.

    Raises:
        ImageError: an image cannot be read.
    """
    sizes: dict[str, tuple[int, int]] = {}
    channels = {str(row["channel"]) for unit in units for row in unit}
    for row in (row for unit in units for row in unit):
        if len(sizes) == len(channels):
            break
        if row["channel"] in sizes:
            continue
        try:
            height, width = read_pixels(row).image.shape[:2]
        except ImageError:
            if not may_fail:
                raise
        else:
            sizes[str(row["channel"])] = width, height
    return sizes


def check_sizes(rows: Iterable[Row], shape: tuple[int, ...], sizes: Sizes) -> None:
    """Checks that images have the size of the plate's others.

    Args:
        rows: of the images.
        shape: theirs, height before width.
        sizes: of `usual_sizes`.

    Raises:
        ImageError: they have not.
    """
    for row in rows:
        usual = sizes.get(str(row["channel"]), (shape[1], shape[0]))
        if usual != (shape[1], shape[0]):
            raise ImageError(
                f"Expected {usual[0]}×{usual[1]} pixels, as the plate's other images; got "
                f"{shape[1]}×{shape[0]}.",
                file=row["path"],
                plate=row["Metadata_Plate"],
                well=row["Metadata_Well"],
                fix="Give images of another size a plate of their own.",
            )
