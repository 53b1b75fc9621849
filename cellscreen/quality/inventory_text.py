"""An inventory as text that a person can read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.quality.findings import LEVELS, Finding
from cellscreen.quality.inventory import Inventory

SHOWN = 8
_SINGULAR = {"batches": "batch"}


def describe(inventory: Inventory, root: Path, layout: str) -> str:
    """Returns the whole text: totals, tables, findings, and a closing line.

    Args:
        inventory: what was found.
        root: the folder; paths below it are shown relative to it.
        layout: how the folder is laid out, for the first line.
    """
    tables = {
        "Images": inventory.groups,
        "Sizes and types": inventory.sizes,
        "Classes for training": inventory.classes,
        "Compounds": inventory.compounds,
    }
    blocks = [f"{root} ({layout}): {_totals(inventory.totals)}"]
    blocks += [f"{name}\n{aligned(frame)}" for name, frame in tables.items() if len(frame)]
    blocks += list(_finding_blocks(inventory.findings, root))
    return "\n\n".join([*blocks, _closing(inventory)])


def aligned(frame: pd.DataFrame) -> str:
    """Returns a frame as a text table: numbers to the right, blanks and missing values as `-`."""
    columns = []
    for name in frame:
        cells = [str(name), *map(_cell, frame[name])]
        width = max(map(len, cells))
        right = pd.api.types.is_numeric_dtype(frame[name])
        columns.append([cell.rjust(width) if right else cell.ljust(width) for cell in cells])
    lines = ["  " + "  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]
    return "\n".join(lines)


def count(number: int, plural: str) -> str:
    """Returns `1 image`, `2 images`, `1 batch` …"""
    return f"{number} {_SINGULAR.get(plural, plural[:-1]) if number == 1 else plural}"


def _totals(totals: dict[str, int]) -> str:
    named = [count(number, name) for name, number in totals.items() if name != "simulated"]
    simulated = totals.get("simulated", 0)
    if simulated:
        share = "all" if simulated == totals["images"] else f"{simulated}"
        named.append(f"{share} of them simulated")
    return ", ".join(named)


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


def _cell(value: Any) -> str:
    if value is None or value == "" or pd.isna(value):
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)
