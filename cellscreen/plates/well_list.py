"""Wells in messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cellscreen.plates.key import normalize_well

SHOWN = 24


def list_wells(wells: Iterable[Any], shown: int = SHOWN) -> str:
    """Returns wells as text in the order of the plate, the first of many, and how many there are.

    Example:
        >>> list_wells(["B10", "b2", "A1"]), list_wells(["A1", "A2", "A3"], shown=2)
        ('A01, B02, B10', 'A01, A02 … (3 wells)')
    """
    names = sorted(
        {normalize_well(well) for well in map(str, wells)}, key=lambda well: (len(well), well)
    )
    listed = ", ".join(names[:shown])
    return listed if len(names) <= shown else f"{listed} … ({len(names)} wells)"
