"""Sizes of plates, and whether the images and the plate map are of one."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from cellscreen.errors import PlateTableError
from cellscreen.plates.key import well_position

SIZES = {6: (2, 3), 12: (3, 4), 24: (4, 6), 48: (6, 8), 96: (8, 12), 384: (16, 24), 1536: (32, 48)}
_COUNTED = 96


def row_and_column(well: str) -> tuple[int, int] | None:
    """Returns row and column of a well from 0, None for a dish or another name.

    Example:
        >>> row_and_column("B03"), row_and_column("AF48"), row_and_column("dish-1")
        ((1, 2), (31, 47), None)
    """
    name = well_position(well)
    if name is None:
        return None
    letters = name.rstrip("0123456789")
    row = ord(letters[-1]) - 65 + (26 if len(letters) == 2 else 0)
    return row, int(name[len(letters) :]) - 1


def plate_size(wells: Iterable[str]) -> int | None:
    """Returns the number of wells of the smallest plate with all of `wells`, None without any.

    Example:
        >>> plate_size(["A01", "H12"]), plate_size(["A13"])
        (96, 384)
    """
    places = [place for place in map(row_and_column, wells) if place]
    if not places:
        return None
    rows, columns = (max(axis) + 1 for axis in zip(*places, strict=True))
    fitting = (size for size, shape in SIZES.items() if shape[0] >= rows and shape[1] >= columns)
    return next(fitting, 1536)


def check_sizes(images: pd.DataFrame, platemap: pd.DataFrame) -> None:
    """Raises where images and plate map cannot be of one plate.

    Either an image lies outside of the map's plate, or the images fill a plate (of 96 wells or
    more) that is smaller than the map's.

    Args:
        images: `Metadata_Plate`, `Metadata_Well` and `_map_plate`.
        platemap: `_map_plate` and `Metadata_Well`.

    Raises:
        PlateTableError: the sizes differ.
    """
    maps = {str(name): set(rows["Metadata_Well"]) for name, rows in platemap.groupby("_map_plate")}
    for (plate, barcode), rows in images.groupby(["Metadata_Plate", "_map_plate"], sort=False):
        wells = set(rows["Metadata_Well"])
        imaged, mapped = plate_size(wells), plate_size(maps.get(str(barcode), ()))
        if imaged is None or mapped is None:
            continue
        fills = imaged >= _COUNTED and len(wells) >= imaged
        if (imaged > mapped and mapped >= _COUNTED) or (fills and imaged < mapped):
            raise PlateTableError(
                f"Expected a plate map of the images' plate; the images have wells of a "
                f"{imaged}-well plate, the map those of a {mapped}-well plate.",
                plate=str(plate),
                fix="Take the map of this plate, or cut it down to the wells that were imaged.",
            )
