"""An inventory as text that a person can read."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from cellscreen.plates.coverage import Coverage, describe_coverage
from cellscreen.quality.findings import LEVELS, Finding
from cellscreen.quality.inventory import Inventory
from cellscreen.quality.plate_text import LEGEND, draw_plate
from cellscreen.quality.plate_wells import empty_places
from cellscreen.quality.quality_text import describe_quality
from cellscreen.quality.text_table import aligned, count

SHOWN = 8
MAPS = 6
PLATES = 40


def describe(
    inventory: Inventory, root: Path, layout: str, coverage: Coverage | None = None
) -> str:
    """Returns the whole text: totals, tables, findings, and a closing line.

    Args:
        inventory: what was found.
        root: the folder; paths below it are shown relative to it.
        layout: how the folder is laid out, for the first line.
        coverage: of the join with a plate map.
    """
    tables = {
        "Images": inventory.groups,
        "Plates": inventory.plates.head(PLATES),
        "Sizes and types": inventory.sizes,
        "Classes for training": inventory.classes,
        "Compounds": inventory.compounds,
    }
    blocks = [f"{root} ({layout}): {_totals(inventory.totals)}"]
    blocks += [f"{name}\n{aligned(frame)}" for name, frame in tables.items() if len(frame)]
    if coverage is not None:
        blocks.append(f"Plate map\n{textwrap.indent(describe_coverage(coverage), '  ')}")
    blocks += list(_plate_maps(inventory.wells))
    if inventory.quality is not None:
        blocks += list(describe_quality(inventory.quality))
    blocks += list(_finding_blocks(inventory.findings, root))
    return "\n\n".join([*blocks, _closing(inventory)])


def _totals(totals: dict[str, int]) -> str:
    named = [count(number, name) for name, number in totals.items() if name != "simulated"]
    simulated = totals.get("simulated", 0)
    if simulated:
        share = "all" if simulated == totals["images"] else f"{simulated}"
        named.append(f"{share} of them simulated")
    return ", ".join(named)


def _plate_maps(wells: pd.DataFrame) -> Iterator[str]:
    """Draws the plates that lack something; what is whole needs no picture."""
    if wells.empty:
        return
    lacking = wells[(wells["lacking"] > 0) | (wells["images"] == 0)].index.get_level_values(0)
    drawn = 0
    for plate, rows in wells.groupby(level=0, sort=False):
        of_plate = rows.droplevel(0)
        if plate not in lacking and not empty_places(of_plate.index):
            continue
        picture = draw_plate(of_plate)
        if picture is not None and drawn < MAPS:
            yield f"Plate {plate}   {LEGEND}\n{picture}"
        drawn += picture is not None
    if drawn > MAPS:
        yield f"… and {drawn - MAPS} more plates that lack something (--output writes wells.csv)"


def _finding_blocks(findings: tuple[Finding, ...], root: Path) -> Iterator[str]:
    for level in LEVELS:
        of_level = [finding for finding in findings if finding.level == level]
        if not of_level:
            continue
        same: dict[str, list[Finding]] = {}
        for finding in of_level:
            same.setdefault(finding.text, []).append(finding)
        lines = [f"{level.capitalize()}s ({len(of_level)})"]
        for text, places in same.items():
            lines += [f"  {text}", *_places(places, root)]
        yield "\n".join(lines)


def _places(findings: list[Finding], root: Path) -> Iterator[str]:
    located = [text for text in (_place(finding, root) for finding in findings) if text]
    for text in located[:SHOWN]:
        yield f"    {text}"
    if len(located) > SHOWN:
        yield f"    … and {len(located) - SHOWN} more"


def _place(finding: Finding, root: Path) -> str:
    file = finding.file
    if file is not None and Path(file).is_relative_to(os.path.abspath(root)):
        file = os.path.relpath(file, root)
    places = {"plate": finding.plate, "well": finding.well, "file": file}
    return ", ".join(f"{name} {place}" for name, place in places.items() if place is not None)


def _closing(inventory: Inventory) -> str:
    levels = [finding.level for finding in inventory.findings]
    counted = ", ".join(count(levels.count(level), f"{level}s") for level in LEVELS)
    advice = "Ready to build." if inventory.is_usable else "Mend the errors before anything else."
    return f"{counted}. {advice}"
