"""Where the fields of a well lie, and which folder of a simulation holds what."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_plate import HcsWell, hcs_wells


def site_position_um(config: HcsConfig, site: int) -> tuple[float, float]:
    """Returns x and y of a field's centre from the well's, in µm: a square grid, row by row.

    Example:
        >>> site_position_um(HcsConfig(sites=4, size_px=100), 2)
        (29.9, 29.9)
    """
    side = math.ceil(math.sqrt(config.sites))
    row, column = divmod(site - 1, side)
    step = config.size_px * config.assay.um_per_px
    x, y = (column - (side - 1) / 2) * step, ((side - 1) / 2 - row) * step
    return round(x, 3), round(y, 3)


def wells_of_plates(config: HcsConfig) -> Iterator[tuple[str, list[HcsWell]]]:
    """Yields each plate's name and its wells."""
    plates: dict[str, list[HcsWell]] = {}
    for well in hcs_wells(config):
        plates.setdefault(well.plate, []).append(well)
    yield from plates.items()
