"""The intensity scales of a plate on disk, and in a plate table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.atomic import write_text
from cellscreen.errors import PlateTableError
from cellscreen.images.plate_scale import LEVELS, PlateScale
from cellscreen.plates import columns
from cellscreen.plates.problems import Problems

FILE = "plate_scale.csv"
_PLATE = columns.PREFIX + "Plate"


def write_scales(scales: Iterable[PlateScale], path: str | Path) -> None:
    """Writes scales as CSV, whole or not at all."""
    frame = pd.DataFrame([asdict(scale) for scale in scales], columns=_names())
    write_text(path, frame.rename(columns={"plate": _PLATE}).to_csv(index=False))


def read_scales(path: str | Path) -> list[PlateScale]:
    """Reads the CSV that `write_scales` wrote.

    Raises:
        PlateTableError: it is no such file, or a scale in it cannot work; all is told together.
    """
    path = Path(path)
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False).rename(
            columns={_PLATE: "plate"}
        )
    except (OSError, ValueError) as error:
        raise PlateTableError(f"Expected a table of scales; got: {error}.", file=path) from error
    frame = frame.rename(columns={_PLATE: "plate"})
    missing = [name for name in _names() if name not in frame]
    if missing:
        raise PlateTableError(f"Expected the columns {', '.join(missing)} too.", file=path)
    problems = Problems(path, fix="Measure the plate's scale again.")
    scales = [_scale(row, line, problems) for line, row in enumerate(frame.to_dict("records"), 2)]
    twice = frame[frame.duplicated(["plate", "channel"])]
    for row in twice.to_dict("records"):
        problems.add(f"Two scales for channel {row['channel']!r}.", plate=row["plate"])
    problems.raise_any()
    return [scale for scale in scales if scale]


def with_scale(table: pd.DataFrame, scales: Iterable[PlateScale]) -> pd.DataFrame:
    """Returns a plate table with the columns `low` and `high` (Int64).

    Raises:
        PlateTableError: a plate and channel have no scale.
    """
    known = {(scale.plate, scale.channel): scale for scale in scales}
    pairs = list(zip(table[_PLATE], table["channel"], strict=True))
    problems = Problems(Path(FILE), fix="Measure the scale of these plates too.")
    for plate, channel in dict.fromkeys(pair for pair in pairs if pair not in known):
        problems.add(f"Expected a scale of channel {channel!r}; there is none.", plate=plate)
    problems.raise_any()
    return table.assign(
        low=pd.array([known[pair].low for pair in pairs], "Int64"),
        high=pd.array([known[pair].high for pair in pairs], "Int64"),
    )


def _scale(row: Mapping[Any, str], line: int, problems: Problems) -> PlateScale | None:
    try:
        low, high, images = (int(row[name]) for name in ("low", "high", "images"))
    except ValueError:
        problems.add("Expected low, high and images, whole numbers.", line=line, plate=row["plate"])
        return None
    if not 0 <= low < high < LEVELS:
        text = f"Expected 0 <= low < high <= 65535; got low {low} and high {high}."
        problems.add(text, line=line, plate=row["plate"])
        return None
    percents = row["low_percent"], row["high_percent"]
    is_stretched = row["stretched"] == "True"
    facts = (low, high, *percents, row["of"], images, is_stretched)
    return PlateScale(row["plate"], row["channel"], *facts)


def _names() -> list[str]:
    return [field.name for field in fields(PlateScale)]
