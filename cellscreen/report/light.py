"""Light, intensity scale and suspicious wells of the plates, as they were measured."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
import pandas as pd

from cellscreen.report.data import ReportData, is_simulated
from cellscreen.report.prepared import Check, PreparedPlate
from cellscreen.report.section import Picture, Section, Table, missing, render
from cellscreen.report.texts import counted, number, table_of

KEY, TITLE = "light", "Light, intensity scale and suspicious wells"
_SIDE_PX = 160
_MOST_PICTURES, _MOST_ROWS = 24, 60
# Twice the mean light and more is white, no light black; the same for all plates.
_WHITE = 2.0


@dataclasses.dataclass(frozen=True)
class LightMap:
    """The estimated light of one plate and channel, drawn."""

    what: str
    figures: str
    picture: Picture


def light_and_scale(data: ReportData) -> Section:
    """Draws the light that was estimated, and lists scales and suspicious wells."""
    if not data.plates and not data.checks:
        return missing(KEY, TITLE, "no prepared plates were given (--plates), nor a check.")
    maps = [light_map(plate, name) for plate in data.plates for name in plate.lights]
    scales, wells = scale_table(data.plates), well_table(data.checks)
    tables = [plate.table for plate in data.plates] + [check.table for check in data.checks]
    return Section(
        KEY,
        TITLE,
        render(
            "light.html",
            maps=maps[:_MOST_PICTURES],
            more_maps=max(len(maps) - _MOST_PICTURES, 0),
            plates=len(data.plates),
            scales=scales,
            checks=len(data.checks),
            wells=wells,
            said=_said(data.checks),
        ),
        simulated=any(map(is_simulated, tables)),
    )


def light_map(plate: PreparedPlate, channel: str) -> LightMap:
    """Returns the light of a channel as a gray picture: the darker, the less light."""
    light = plate.lights[channel]
    ratio = _SIDE_PX / max(light.shape)
    size = tuple(max(1, round(side * ratio)) for side in light.shape[::-1])
    small = cv2.resize(light.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    gray = np.clip(small / _WHITE * 255, 0, 255).round().astype(np.uint8)
    _, png = cv2.imencode(".png", gray)
    uri = f"data:image/png;base64,{base64.b64encode(png.tobytes()).decode('ascii')}"
    what = f"{plate.name}, {channel}" if channel else plate.name
    figures = f"from {number(light.min(), 2)} to {number(light.max(), 2)} of the mean"
    return LightMap(what, figures, Picture(uri, f"Light of {what}: {figures}.", *size))


def scale_table(plates: Sequence[PreparedPlate]) -> Table | None:
    """Returns the scale of every plate and channel; None where the full range counts everywhere."""
    frames = [plate.scales for plate in plates if len(plate.scales)]
    if not frames:
        return None
    found = pd.concat(frames, ignore_index=True)
    shown = pd.DataFrame(
        {
            "Plate": found["plate"],
            "Channel": found["channel"],
            "Black at": found["low"],
            "White at": found["high"],
            "Percentiles": found["low_percent"] + " to " + found["high_percent"],
            "Of": found["of"].map({"plate": "all wells", "negcon": "negative controls"}),
            "Images": found["images"],
            "Stretched one by one": found["stretched"].map({True: "yes", False: "no"}),
        }
    )
    return table_of(shown, "Raw values that become 0 and 255, one pair a plate and channel.")


def well_table(checks: Sequence[Check]) -> Table | None:
    """Returns the wells with the largest shares of flagged images; None without any."""
    wells = pd.concat([check.wells for check in checks]) if checks else pd.DataFrame()
    if wells.empty:
        return None
    names = ("Plate", "Well", "Images", "Flagged", "Flags", "Reasons")
    heads = dict(zip(map(str, wells), names, strict=True))
    more = f", {_MOST_ROWS} of {len(wells)} shown" if len(wells) > _MOST_ROWS else ""
    caption = f"Suspicious wells, against their own plate{more}. None was left out for it."
    return table_of(wells[:_MOST_ROWS], caption, heads)


def _said(checks: Sequence[Check]) -> str:
    plates = sum(check.table["Metadata_Plate"].nunique() for check in checks)
    return f"No well of {counted(plates, 'checked plate')} was suspicious."
