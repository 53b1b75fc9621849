"""Reads Incucyte exports, `[<vessel>_]A7_1_00d06h00m[_crop].tif`, and archives,
`EssenFiles/ScanData/<YYMM>/<DD>/<HHMM>/<vessel>/A1-1-Ph.tif`.

Exports hold one channel a folder (`phase/…`) or name it before the well (`VID1_Phase_A1_…`); the
words that are channels are in `CHANNELS`. A vessel that the name does not tell is the folder's.
Timepoints count the scans of a vessel from 1; `Metadata_scan` is the scan's own name and
`elapsed_hours` the time since the first one (in exports: since the vessel's first scan, as named).
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.plates.export_files import check_links, files_below
from cellscreen.plates.export_rows import finish_rows, number_text
from cellscreen.plates.key import normalize_well, well_position
from cellscreen.plates.problems import Problems

LOGGER = logging.getLogger(__name__)
DEEPEST = 7
LOOKED_AT = 500
CHANNELS = ("phase", "ph", "brightfield", "bf", "green", "gfp", "red", "rfp", "orange", "nir")
_SUFFIX = r"\.(?:tiff?|png|jpe?g)"
_WELL = r"(?P<well>[a-z]{1,2}\d{1,2})"
_EXPORT = re.compile(
    rf"(?:(?P<prefix>.+)_)?{_WELL}_(?P<site>\d+)_"
    rf"(?P<scan>\d+d\d\dh\d\dm|\d{{4}}y\d\dm\d\dd_\d\dh\d\dm)(?:_crop)?{_SUFFIX}",
    re.IGNORECASE,
)
_ARCHIVE = re.compile(rf"{_WELL}-(?P<site>\d+)-(?P<channel>[a-z]\w*){_SUFFIX}", re.IGNORECASE)
_ELAPSED = re.compile(r"(\d+)d(\d\d)h(\d\d)m", re.IGNORECASE)
_SCAN_FOLDERS = re.compile(r"\d{4}/\d{2}/\d{4}")


def incucyte_sign(folder: Path) -> str | None:
    """Returns what shows that a folder is an Incucyte export or archive, None if nothing does."""
    folder = Path(os.path.abspath(folder))
    for path in islice(files_below(folder, DEEPEST), LOOKED_AT):
        if _EXPORT.fullmatch(path.name):
            return f"Incucyte names like {path.name}"
        if _ARCHIVE.fullmatch(path.name) and _scan_of(path):
            return f"an Incucyte archive with {path.relative_to(folder)}"
    return None


def read_incucyte(folder: Path, channels: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Reads an Incucyte export or archive to a plate table.

    Args:
        folder: the export's folder; or an archive, or a folder within it.
        channels: the lab's names of the channels (see `rename_channels`).

    Raises:
        PlateTableError: no image, or two files for one image; all of it is told together.

    Example:
        >>> read_incucyte(Path("hypoxia_export"))  # doctest: +SKIP
    """
    problems = Problems(folder, fix="Put each channel in a folder of its own, like phase or green.")
    files = list(files_below(Path(os.path.abspath(folder)), DEEPEST))
    rows = pd.DataFrame(_rows(files))
    if not rows.empty:
        check_links(map(Path, rows["path"]), lambda _: folder, problems)
        rows = _counted(rows)
    return finish_rows(rows, problems, channels)


def _rows(files: list[Path]) -> Iterator[dict[str, object]]:
    others = []
    for path in files:
        row = export_row(path) or archive_row(path)
        if row and well_position(str(row["Metadata_Well"])):
            yield row
        elif re.search(_SUFFIX + "$", path.name, re.IGNORECASE):
            others.append(path)
    if others:
        LOGGER.warning("%d images have other names, like %s.", len(others), others[0])


def export_row(path: Path) -> dict[str, object] | None:
    """Returns what the name of an exported image says, None if it follows another grammar.

    Example:
        >>> row = export_row(Path("hypoxia/phase/A7_1_00d06h00m.tif"))
        >>> row["Metadata_Plate"], row["Metadata_Well"], row["channel"], row["elapsed_hours"]
        ('hypoxia', 'A07', 'phase', 6.0)
    """
    found = _EXPORT.fullmatch(path.name)
    hours = _hours(found["scan"]) if found else None
    if found is None or hours is None:
        return None
    vessel, channel, home = found["prefix"] or "", "", path.parent
    before, _, last = vessel.rpartition("_")
    if last.casefold() in CHANNELS:
        vessel, channel = before, last
    if home.name.casefold() in CHANNELS:
        channel, home = channel or home.name, home.parent
    return {
        "path": str(path),
        "Metadata_Plate": vessel or home.name,
        "Metadata_Well": normalize_well(found["well"]),
        "Metadata_Site": number_text(found["site"]),
        "Metadata_scan": found["scan"].casefold(),
        "channel": channel,
        "elapsed_hours": hours,
    }


def archive_row(path: Path) -> dict[str, object] | None:
    """Returns what the path of an archived image says, None if it follows another grammar."""
    found, scan = _ARCHIVE.fullmatch(path.name), _scan_of(path)
    if not found or scan is None:
        return None
    return {
        "path": str(path),
        "Metadata_Plate": path.parent.name,
        "Metadata_Well": normalize_well(found["well"]),
        "Metadata_Site": number_text(found["site"]),
        "Metadata_scan": scan.isoformat(timespec="minutes"),
        "channel": found["channel"],
        "elapsed_hours": _since_1970(scan),
    }


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns rows with the timepoint of their scan; hours count from a vessel's first scan."""
    hours = rows["elapsed_hours"]
    vessels = rows["Metadata_Plate"]
    rank = hours.groupby(vessels).rank(method="dense").astype(int)
    # Where the name tells hours, they count from the vessel's first scan already.
    told = rows["Metadata_scan"].str.fullmatch(_ELAPSED)
    first = hours.groupby(vessels).transform("min").where(~told, 0.0)
    return rows.assign(Metadata_Timepoint=rank.astype(str), elapsed_hours=hours - first)


def _scan_of(path: Path) -> datetime | None:
    """Returns when an archived image was taken, from its folders."""
    folders = "/".join(path.parts[-5:-2])
    return _date(folders, "%y%m/%d/%H%M") if _SCAN_FOLDERS.fullmatch(folders) else None


def _hours(scan: str) -> float | None:
    """Returns the hours that a scan's name tells, since the first scan or since 1970."""
    elapsed = _ELAPSED.fullmatch(scan)
    if elapsed:
        days, hours, minutes = (int(part) for part in elapsed.groups())
        return days * 24 + hours + minutes / 60
    date = _date(scan.casefold(), "%Yy%mm%dd_%Hh%Mm")
    return None if date is None else _since_1970(date)


def _date(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


def _since_1970(date: datetime) -> float:
    return (date - datetime(1970, 1, 1)).total_seconds() / 3600
