"""ImageXpress' layout: `<plate>/TimePoint_1/<plate>_A01_s1_w1<GUID>.tif` and an `.HTD`.

As in real exports, `_s` is missing where a well has one site.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from cellscreen.atomic import write_text
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_plate import HcsField, HcsWell

_NAMESPACE = uuid.UUID("5e1f51c0-0000-4000-8000-000000000000")


def imagexpress_path(config: HcsConfig, field: HcsField, channel: int) -> str:
    """Returns the path of an image below the simulation's folder."""
    plate, well = field.well.plate, field.well.well
    site = f"_s{field.site}" if config.sites > 1 else ""
    guid = str(uuid.uuid5(_NAMESPACE, f"{field.key}/{channel}")).upper()
    return f"{plate}/TimePoint_1/{plate}_{well}{site}_w{channel + 1}{guid}.tif"


def write_htd(config: HcsConfig, folder: Path, wells: Sequence[HcsWell]) -> Path:
    """Writes the `.HTD` of one plate: which wells, sites and wavelengths were planned."""
    path = folder / f"{wells[0].plate}.HTD"
    write_text(path, "\r\n".join(_lines(config, wells)) + "\r\n")
    return path


def _lines(config: HcsConfig, wells: Sequence[HcsWell]) -> Iterator[str]:
    rows, columns = config.shape
    chosen = {(well.row, well.column) for well in wells}
    yield '"HTSInfoFile", Version 1.0'
    yield '"Description", "simulated"'
    yield '"TimePoints", 1'
    yield '"ZSeries", FALSE'
    yield f'"XWells", {columns}'
    yield f'"YWells", {rows}'
    for row in range(rows):
        words = ", ".join("TRUE" if (row, place) in chosen else "FALSE" for place in range(columns))
        yield f'"WellsSelection{row + 1}", {words}'
    yield f'"Sites", {"TRUE" if config.sites > 1 else "FALSE"}'
    if config.sites > 1:
        yield f'"XSites", {config.sites}'
        yield '"YSites", 1'
        yield f'"SiteSelection1", {", ".join(["TRUE"] * config.sites)}'
    yield '"Waves", TRUE'
    yield f'"NWavelengths", {len(config.assay.channels)}'
    for number, channel in enumerate(config.assay.channels, start=1):
        yield f'"WaveName{number}", "{channel.name}"'
        yield f'"WaveCollect{number}", 1'
    yield '"EndFile"'
