"""Reads Harmony exports (Operetta CLS, Opera Phenix): `<plate>__<time>-MeasurementN/Images/`.

Found are the indexes in the folder itself, in folders below it down to the third, and, where the
folder is called Images, the index above it (V7). Images are joined on the index's `URL`, beside the
index or in the folder Images below it. A tile that failed, or a file that is not there, stays in
the table with a `problem` (see `usable`).

The plate is the folder's name before `__`, else the plate's name in the index. What follows, which
measurement it is, becomes `Metadata_measurement`. Two measurements of one plate are an error: read
them one at a time.

Timepoints count from 1, as `sk` in the file names does, also where the index begins with 0.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.export_rows import check_one_folder, finish_rows
from cellscreen.plates.harmony_index import HarmonyIndex, read_index
from cellscreen.plates.listed_files import ListedFiles
from cellscreen.plates.problems import Problems

LOGGER = logging.getLogger(__name__)
INDEXES = ("index.idx.xml", "index.xml", "index.ref.xml")
IMAGES = "images"
DEEPEST = 3
_MEASUREMENT = re.compile(r"(.+?)__(.+-Measurement[ _]?\d+.*)", re.IGNORECASE)
_FIX = "Export the measurement again, or mend the folder."


def harmony_sign(folder: Path) -> str | None:
    """Returns what shows that a folder holds Harmony measurements, None if nothing does."""
    indexes = _indexes(folder)
    if not indexes:
        return None
    more = f" and {len(indexes) - 1} more" if len(indexes) > 1 else ""
    return f"Harmony's {os.path.relpath(indexes[0], folder)}{more}"


def read_harmony(folder: Path, channels: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Reads Harmony measurements to a plate table.

    Args:
        folder: a measurement, its folder Images, or a folder of measurements.
        channels: the lab's names of the channels, as in JUMP's configs (see `rename_channels`);
            without it, channels are called as in the index.

    Raises:
        PlateTableError: an index cannot be read, a URL leads out of its plate, two images are one,
            or a plate is there twice; all of it is told together.

    Example:
        >>> read_harmony(Path("BR1__2024-01-31T10_00_00-Measurement1"))  # doctest: +SKIP
    """
    problems = Problems(folder, fix=_FIX)
    tables, plates = [], []
    for file in _indexes(folder):
        index = read_index(file, problems)
        plate, measurement = _plate_of(index)
        plates.append((plate, _measurement_folder(file)))
        if not index.images.empty:
            table = _placed(index, plate, problems)
            tables.append(
                table.assign(**{"Metadata_Plate": plate, columns.MEASUREMENT: measurement})
            )
    check_one_folder(plates, problems)
    rows = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return finish_rows(rows, problems, channels)


def plate_of_folder(name: str) -> tuple[str, str] | None:
    """Returns plate and measurement of a measurement folder's name, None for other names.

    Example:
        >>> plate_of_folder("BR00116991__2020-11-05T19_51_35-Measurement1")
        ('BR00116991', '2020-11-05T19_51_35-Measurement1')
    """
    found = _MEASUREMENT.fullmatch(name)
    return (found[1], found[2]) if found else None


def _plate_of(index: HarmonyIndex) -> tuple[str, str]:
    folder = _measurement_folder(index.file)
    named = plate_of_folder(folder.name)
    if named is None:
        return index.plate or folder.name, index.started
    if index.plate and index.plate != named[0]:
        LOGGER.warning("%s: the index calls plate %s %s.", index.file, named[0], index.plate)
    return named


def _placed(index: HarmonyIndex, plate: str, problems: Problems) -> pd.DataFrame:
    """Returns the images of an index with `path`, `problem` and the channels' names."""
    table = index.images
    names = _channel_names(table)
    files = _files_of(index, table["url"])
    paths, faults = [], []
    for url, well, state in zip(table["url"], table["Metadata_Well"], table["state"], strict=True):
        try:
            path, fault = files.find(url)
        except ValueError as error:
            text = f"Expected the URL of a file of this plate; got {url!r}: {error}."
            problems.add(text, file=index.file, plate=plate, well=well)
            path, fault = "", "refused"
        failed = f"Harmony's state is {state!r}" if state.casefold() not in ("", "ok") else ""
        paths.append(path)
        faults.append("; ".join(part for part in (failed, fault) if part))
    table = table.assign(path=paths, channel=names, **{columns.PROBLEM: faults})
    table["bit_depth"] = _bit_depth(table)
    times = table["Metadata_Timepoint"]
    if (times == "0").any():
        table["Metadata_Timepoint"] = [str(int(time) + 1) if time else "" for time in times]
    if times.nunique() == 1 and "elapsed_hours" in table:
        table = table.drop(columns="elapsed_hours")
    return table.drop(columns=["url", "state", "channel_id"])


def _bit_depth(table: pd.DataFrame) -> pd.Series:
    """Returns the bits of a sensor whose ceiling is all ones: 16 of 65535, 12 of 4095."""
    ceilings = table.get("sensor_max", pd.Series(pd.NA, index=table.index)).astype("Int64")
    bits = {2**depth - 1: depth for depth in columns.BIT_DEPTHS}
    return ceilings.map(bits, na_action="ignore").astype("Int64")


def _channel_names(table: pd.DataFrame) -> pd.Series:
    """Returns the channels' names; two channels of one name get their number behind it."""
    numbers = "ch" + table["channel_id"]
    if "channel" not in table:
        return numbers
    named = table["channel"].fillna("").astype(str)
    names = named.where(named != "", numbers)
    pairs = pd.DataFrame({"name": names, "number": numbers}).drop_duplicates()
    shared = pairs.loc[pairs["name"].duplicated(keep=False), "name"].unique()
    for name in shared:
        LOGGER.warning("Several channels are called %r: their numbers are put behind it.", name)
    return names.where(~names.isin(shared), names + " " + numbers)


def _files_of(index: HarmonyIndex, urls: pd.Series) -> ListedFiles:
    """Returns the files beside the index, or those in the folder Images below it if more fit."""
    root = _measurement_folder(index.file)
    bases = [index.file.parent]
    bases += [folder for folder in _folders(index.file.parent) if folder.name.casefold() == IMAGES]
    places = [ListedFiles(base, root) for base in bases]
    return max(places, key=lambda files: files.count(urls)) if len(places) > 1 else places[0]


def _measurement_folder(index: Path) -> Path:
    folder = Path(os.path.abspath(index)).parent
    return folder.parent if folder.name.casefold() == IMAGES else folder


def _indexes(folder: Path) -> list[Path]:
    """Returns one index for each measurement, in the order of their folders' names."""
    found = {_measurement_folder(index): index for index in reversed(list(_walk(folder, DEEPEST)))}
    if not found and folder.name.casefold() == IMAGES:
        above = _index_in(Path(os.path.abspath(folder)).parent)
        found = {above.parent: above} if above else {}
    return [found[measurement] for measurement in sorted(found)]


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    index = _index_in(folder)
    if index:
        yield index
    if depth:
        for below in _folders(folder):
            yield from _walk(below, depth - 1)


def _index_in(folder: Path) -> Path | None:
    """Returns the first of `INDEXES` that a folder holds; says which others are not read."""
    with os.scandir(folder) as entries:
        names = {
            entry.name.casefold(): entry.name
            for entry in entries
            if entry.name.casefold() in INDEXES and _is_harmony(Path(entry.path))
        }
    found = [folder / names[name] for name in INDEXES if name in names]
    for other in found[1:]:
        LOGGER.info("%s is read, %s is not: they list the same measurement.", found[0], other.name)
    return found[0] if found else None


def _is_harmony(path: Path) -> bool:
    """Whether a file is an index; `Index.xml` is a common name, so its head must say so."""
    if not path.is_file():
        return False
    if path.name.casefold() != "index.xml":
        return True
    with path.open("rb") as file:
        head = file.read(4096).replace(b"\0", b"")
    return not head or b"EvaluationInputData" in head


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.is_dir() and entry.name[0] != "."]
    return [folder / name for name in sorted(names)]
