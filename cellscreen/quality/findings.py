"""What a check has to say, apart from how it is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing worth saying about a folder of images.

    Attributes:
        level: `error` stops the work, `warning` makes its result doubtful, `note` is good to know.
        text: what is so, and what to do; the same for every image that it is true of.
        file: the file, if it is about one.
        plate: the plate, if it is about one.
        well: the well, if it is about one.
    """

    level: Level
    text: str
    file: str | None = None
    plate: str | None = None
    well: str | None = None


def of_rows(level: Level, text: str, rows: pd.DataFrame) -> list[Finding]:
    """Returns the same finding for every row of a plate table."""
    return [of_row(level, text, row) for row in rows.to_dict("records")]


def of_row(level: Level, text: str, row: Mapping[Any, Any]) -> Finding:
    """Returns a finding about one row of a plate table."""
    return Finding(level, text, row["path"], row["Metadata_Plate"], row["Metadata_Well"])


def of_wells(level: Level, text: str, rows: pd.DataFrame) -> list[Finding]:
    """Returns the same finding for every well that `rows` of a plate table have."""
    wells = rows[["Metadata_Plate", "Metadata_Well"]].drop_duplicates()
    return [Finding(level, text, plate=plate, well=well) for plate, well in wells.to_numpy()]
