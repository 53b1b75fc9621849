"""How much of the images a plate map covers, plate by plate, as numbers and as text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from cellscreen.plates.well_list import list_wells

SHOWN = 96
_HEADERS = (
    "plate",
    "plate of the map",
    "images",
    "wells",
    "in the map",
    "share",
    "not in the map",
    "map wells without images",
    "twice in the map",
)


class PlateCoverage(NamedTuple):
    """What a join found on one plate of the images, or of the map alone.

    Attributes:
        plate: the plate's name; "" where the map's plate has no images.
        map_plate: its name in the map; "" in a map of every plate, None where the map has none.
        images: rows of the table of images.
        wells: wells with images.
        joined: wells with images that the map has.
        without_map: wells with images that the map does not have.
        without_images: wells of the map without images, less those it calls empty.
        duplicates: wells that the map has more than once.
    """

    plate: str
    map_plate: str | None
    images: int
    wells: int
    joined: int
    without_map: tuple[str, ...]
    without_images: tuple[str, ...]
    duplicates: tuple[str, ...]

    @property
    def share(self) -> float:
        """`joined` ÷ `wells`, NaN without images."""
        return self.joined / self.wells if self.wells else math.nan


@dataclass(frozen=True)
class Coverage:
    """What a join of images with a plate map found: one entry a plate."""

    plates: tuple[PlateCoverage, ...]

    @property
    def share(self) -> float:
        """Wells with images that are in the map ÷ wells with images; NaN without images."""
        wells = sum(plate.wells for plate in self.plates)
        return sum(plate.joined for plate in self.plates) / wells if wells else math.nan

    def frame(self) -> pd.DataFrame:
        """Returns a row a plate: the attributes of `PlateCoverage`, and `share`."""
        rows = [{**plate._asdict(), "share": plate.share} for plate in self.plates]
        return pd.DataFrame(rows, columns=[*PlateCoverage._fields, "share"])


def describe_coverage(coverage: Coverage) -> str:
    """Returns the coverage as a table in text, with the wells that are missing below it.

    Example:
        >>> print(describe_coverage(coverage))  # doctest: +SKIP
        plate  plate of the map  images  wells  in the map  share  …
        BR001  (every plate)        768    384         384  100 %  …
    """
    rows = [list(_HEADERS), *map(_cells, coverage.plates)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(cells, widths) for cells in rows]
    missing = (line for plate in coverage.plates if plate.plate for line in _missing(plate))
    return "\n".join([*lines, *missing])


def _cells(plate: PlateCoverage) -> list[str]:
    share = "undefined" if math.isnan(plate.share) else f"{100 * plate.share:.4g} %"
    name = "(none)" if plate.map_plate is None else plate.map_plate or "(every plate)"
    lists = (plate.without_map, plate.without_images, plate.duplicates)
    numbers = (plate.images, plate.wells, plate.joined, share, *map(len, lists))
    return [plate.plate or "(no images)", name, *map(str, numbers)]


def _line(cells: list[str], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
    padded += [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:], strict=True)]
    return "  ".join(padded).rstrip()


def _missing(plate: PlateCoverage) -> list[str]:
    """Lines on the wells that one side lacks."""
    told = {
        "images without a row of the map": plate.without_map,
        "rows of the map without images": plate.without_images,
        "more than one row of the map": plate.duplicates,
    }
    return [
        f"{plate.plate}: {what}: {list_wells(wells, SHOWN)}"
        for what, wells in told.items()
        if wells
    ]
