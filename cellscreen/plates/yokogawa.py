"""Reads Yokogawa CV7000/8000 measurements: what `MeasurementData.mlf` lists, else the file names.

Names are `<plate>_<well>_T0001F001L01A01Z01C01.tif`, `.png` or `.jxl`. Records of type IMG become
rows. A record of type ERR becomes a row with a `problem` (see `usable`) where it names an image
that was not taken after all; others are logged with their wells. Files that are listed but absent
stay, with a `problem`. `.mes` names the channels (else they are C01, C02, …), `.mrf` gives the
pixel size.
"""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.export_files import check_links, files_below
from cellscreen.plates.export_rows import check_one_folder, finish_rows, number_text, well_of
from cellscreen.plates.key import normalize_well, well_position
from cellscreen.plates.listed_files import ListedFiles
from cellscreen.plates.problems import Problems
from cellscreen.plates.yokogawa_xml import (
    ERROR,
    IMAGE,
    Channel,
    read_channels,
    read_names,
    read_records,
)

LOGGER = logging.getLogger(__name__)
DEEPEST = 3
LOOKED_AT = 500
FAILED = "the microscope noted an error"
_NAME = re.compile(
    r"(?P<plate>.+)_(?P<well>[a-z]{1,2}\d{2})_T(?P<time>\d{4})F(?P<site>\d{3})L\d{2}A\d{2}"
    r"Z(?P<plane>\d{2})C(?P<channel>\d{2})\.(?:tiff?|png|jxl)",
    re.IGNORECASE,
)
_KEY = {
    "Metadata_Site": "FieldIndex",
    "Metadata_Plane": "ZIndex",
    "Metadata_Timepoint": "TimePoint",
    "channel": "Ch",
}
_POSITIONS = {"position_x_um": "X", "position_y_um": "Y", "position_z_um": "Z"}


def parse_yokogawa(name: str) -> dict[str, str] | None:
    """Returns what a file's name says, None if it follows another grammar.

    Example:
        >>> parse_yokogawa("P1_B02_T0001F003L01A02Z01C04.tif")["Metadata_Site"]
        '3'
    """
    found = _NAME.fullmatch(name)
    if not found or not well_position(found["well"]):
        return None
    return {
        "Metadata_Plate": found["plate"],
        "Metadata_Well": normalize_well(found["well"]),
        "Metadata_Site": number_text(found["site"]),
        "Metadata_Plane": number_text(found["plane"]),
        "Metadata_Timepoint": number_text(found["time"]),
        "channel": number_text(found["channel"]),
    }


def yokogawa_sign(folder: Path) -> str | None:
    """Returns what shows that a folder is a CellVoyager measurement, None if nothing does."""
    named = ""
    for path in islice(files_below(folder, DEEPEST), LOOKED_AT):
        if path.suffix.casefold() == ".mlf":
            return f"Yokogawa's {path.relative_to(folder)}"
        if not named and parse_yokogawa(path.name):
            named = path.name
    return f"Yokogawa names like {named}" if named else None


def read_yokogawa(folder: Path, channels: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Reads CellVoyager measurements to a plate table.

    Args:
        folder: a measurement, or a folder of them.
        channels: the lab's names of the channels (see `rename_channels`).

    Raises:
        PlateTableError: an XML file cannot be read, a listed name leads out of its folder, two
            images are one, or a plate is there twice; all of it is told together.

    Example:
        >>> read_yokogawa(Path("20210614_P1"))  # doctest: +SKIP
    """
    problems = Problems(folder, fix="Export the measurement again, or mend the folder.")
    files = list(files_below(folder, DEEPEST))
    lists = [path for path in files if path.suffix.casefold() == ".mlf"]
    tables = [_listed(path, problems) for path in lists] or [_named(files, folder, problems)]
    homes = {
        (plate, home)
        for home, table in zip([path.parent for path in lists] or [folder], tables, strict=True)
        for plate in (table["Metadata_Plate"].unique() if len(table) else ())
    }
    check_one_folder(sorted(homes), problems)
    return finish_rows(pd.concat(tables, ignore_index=True), problems, channels)


def _listed(path: Path, problems: Problems) -> pd.DataFrame:
    """Returns the rows of one `.mlf`."""
    plate, channels = _details(path.parent)
    files = ListedFiles(path.parent, path.parent)
    rows, unplaced = [], Counter[str]()
    for record in read_records(path):
        if record.get("Type") not in (IMAGE, ERROR):
            continue
        failed = record["Type"] == ERROR
        try:
            row = _row(record, plate or path.parent.name, files)
        except ValueError as error:
            if failed:
                unplaced[_well_or_unknown(record)] += 1
            else:
                text = f"Expected the record of an image; got {record['text']!r}: {error}."
                problems.add(text, file=path)
            continue
        rows.append(row)
    if unplaced:
        wells = ", ".join(f"{well} ({number})" for well, number in sorted(unplaced.items()))
        LOGGER.warning("%s: errors that name no image, in wells %s.", path, wells)
    return _described(pd.DataFrame(rows), channels)


def _row(record: Mapping[str, str], plate: str, files: ListedFiles) -> dict[str, object]:
    """Returns the row of one record.

    Raises:
        ValueError: it does not say which image it is, or its file is none of this measurement.
    """
    row: dict[str, object] = {"Metadata_Plate": plate, "Metadata_Well": _well(record)}
    for column, name in _KEY.items():
        row[column] = str(_whole(record, name))
    if record["Type"] == ERROR:
        return {**row, "path": "", columns.PROBLEM: _reason(record["text"])}
    named = parse_yokogawa(record["text"])
    path, problem = files.find(record["text"])
    row |= {"path": path, columns.PROBLEM: problem}
    row |= {"Metadata_Plate": named["Metadata_Plate"]} if named else {}
    return row | {column: _position(record.get(name, "")) for column, name in _POSITIONS.items()}


def _named(files: list[Path], folder: Path, problems: Problems) -> pd.DataFrame:
    """Returns the rows of a folder without an `.mlf`, from the file names."""
    found = [(path, row) for path in files if (row := parse_yokogawa(path.name))]
    check_links([path for path, _ in found], lambda path: path.parent, problems)
    rows = [{**row, "path": os.path.abspath(path), columns.PROBLEM: ""} for path, row in found]
    homes = list(dict.fromkeys(path.parent for path, _ in found))
    if len(homes) > 1:
        check_one_folder(((row["Metadata_Plate"], path.parent) for path, row in found), problems)
    return _described(pd.DataFrame(rows), _details(homes[0])[1] if homes else {})


def _details(folder: Path) -> tuple[str, dict[str, Channel]]:
    """Returns the plate's name and the channels, as far as `.mrf` and `.mes` beside say them."""
    beside = list(files_below(folder, 0))
    details = next((path for path in beside if path.suffix.casefold() == ".mrf"), None)
    plate, named = read_names(details) if details else ("", "")
    settings = [path for path in beside if path.suffix.casefold() == ".mes"]
    chosen = [path for path in settings if path.name == named] or settings[: len(settings) == 1]
    if settings and not chosen:
        LOGGER.warning("%s: several .mes files, none of them %r: not read.", folder, named)
    return plate, read_channels(details, chosen[0] if chosen else None)


def _described(rows: pd.DataFrame, channels: Mapping[str, Channel]) -> pd.DataFrame:
    """Returns rows with what is known of their channels, whose numbers become names."""
    if rows.empty:
        return rows
    numbers = rows["channel"]
    names = [channel.name for channel in channels.values()]
    for column in ("pixel_size_um", "exposure_s", "bit_depth"):
        values = {number: getattr(channel, column) for number, channel in channels.items()}
        if any(value is not None for value in values.values()):
            rows[column] = numbers.map(values)
    called = {}
    for number in numbers.unique():
        plain = f"C{int(number):02d}"
        name = channels.get(number, Channel()).name
        called[number] = f"{name} {plain}".strip() if names.count(name) > 1 else name or plain
    return rows.assign(channel=numbers.map(called))


def _well(record: Mapping[str, str]) -> str:
    return well_of(_whole(record, "Row"), _whole(record, "Column"))


def _well_or_unknown(record: Mapping[str, str]) -> str:
    try:
        return _well(record)
    except ValueError:
        return "unknown"


def _whole(record: Mapping[str, str], name: str) -> int:
    text = record.get(name, "")
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{name} is {text!r}" if text else f"it has no {name}")
    return int(text)


def _reason(text: str) -> str:
    return f"{FAILED}: {text}" if text else FAILED


def _position(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
