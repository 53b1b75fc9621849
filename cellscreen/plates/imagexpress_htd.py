"""Reads ImageXpress' `.HTD`: lines of a quoted key and its values, which tell what was planned."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from cellscreen.errors import PlateTableError
from cellscreen.plates.export_rows import well_of

_FIRST = "HTSInfoFile"


@dataclass(frozen=True)
class Plan:
    """What a plate's `.HTD` says.

    Attributes:
        wavelengths: the name of each wavelength by its number, without those not collected.
        wells: the wells that were selected; empty where the file does not say.
        sites: the number of sites in each well; 0 where the file does not say.
    """

    wavelengths: dict[int, str]
    wells: tuple[str, ...]
    sites: int


def read_htd(path: Path) -> Plan:
    """Reads an `.HTD`.

    Raises:
        PlateTableError: the file cannot be read, or is no `.HTD`.
    """
    try:
        # Descriptions may hold bytes of any code page; no key or name that is read here does.
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise PlateTableError(f"The file cannot be read: {error.strerror}.", file=path) from error
    values: dict[str, list[str]] = {}
    for cells in csv.reader(text.splitlines(), skipinitialspace=True):
        if cells:
            values.setdefault(cells[0].strip(), [cell.strip() for cell in cells[1:]])
    if next(iter(values), "") != _FIRST:
        raise PlateTableError(
            f"Expected an .HTD, which begins with {_FIRST!r}; got {text[:20]!r}.", file=path
        )
    return Plan(_wavelengths(values), _wells(values), _sites(values))


def _wavelengths(values: dict[str, list[str]]) -> dict[int, str]:
    if not _flag(values, "Waves", True):
        return {}
    names = {}
    for number in range(1, _count(values, "NWavelengths") + 1):
        collected = values.get(f"WaveCollect{number}", ["1"])
        if collected[:1] != ["0"]:
            names[number] = "".join(values.get(f"WaveName{number}", [])[:1])
    return names


def _wells(values: dict[str, list[str]]) -> tuple[str, ...]:
    return tuple(
        well_of(row, column)
        for row in range(1, _count(values, "YWells") + 1)
        for column, chosen in enumerate(values.get(f"WellsSelection{row}", [])[:48], start=1)
        if chosen.upper() == "TRUE" and row <= 32
    )


def _sites(values: dict[str, list[str]]) -> int:
    if "Sites" not in values:
        return 0
    if not _flag(values, "Sites", True):
        return 1
    rows = [values.get(f"SiteSelection{row}", []) for row in range(1, _count(values, "YSites") + 1)]
    return sum(chosen.upper() == "TRUE" for row in rows for chosen in row)


def _flag(values: dict[str, list[str]], key: str, default: bool) -> bool:
    word = "".join(values.get(key, [])[:1]).upper()
    return default if word not in ("TRUE", "FALSE") else word == "TRUE"


def _count(values: dict[str, list[str]], key: str) -> int:
    text = "".join(values.get(key, [])[:1])
    return min(int(text), 1000) if text.isascii() and text.isdigit() else 0
