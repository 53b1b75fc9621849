"""One usual diameter for a whole plate, where none is stated: sparse fields then keep no debris."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Iterator, Sequence

import numpy as np

from cellscreen.cells.diameter import estimate_diameter
from cellscreen.cells.field_check import plane_of
from cellscreen.errors import ImageError
from cellscreen.records.fields import Row
from cellscreen.records.planes import MEDIAN, read_planes
from cellscreen.records.record_config import RecordConfig

LOGGER = logging.getLogger(__name__)
LOOKED_AT = 16  # fields, evenly spread over the plate


def with_plate_diameter(units: Sequence[Sequence[Row]], config: RecordConfig) -> RecordConfig:
    """Puts the plate's usual diameter into a config of classical segmentation that states none.

    Args:
        units: the rows of each field, in order; some evenly spread ones are looked at, so that the
            estimate follows from the plate alone.
        config: how cells are found.

    Returns:
        The config with `diameter_px`, in whole tenths; as it is where a diameter is stated, another
        method finds the cells, or all the fields looked at are empty.

    Raises:
        ConfigError: there is no nuclei channel of that name.
        ImageError: a field cannot be read, and none may fail.
    """
    segment = config.segment
    stated = segment.diameter_px is not None or segment.diameter_um is not None
    if segment.method != "classical" or stated:
        return config
    places = np.unique(np.linspace(0, len(units) - 1, min(LOOKED_AT, len(units))).astype(int))
    images = _planes([units[place] for place in places], config)
    diameter = round(estimate_diameter(images, segment), 1)
    if math.isnan(diameter):
        return config
    LOGGER.info("Usual diameter of the plate's objects: %.1f px.", diameter)
    segment = dataclasses.replace(segment, diameter_px=diameter)
    return dataclasses.replace(config, segment=segment)


def _planes(units: Sequence[Sequence[Row]], config: RecordConfig) -> Iterator[np.ndarray]:
    """The plane that objects are found on, of each field that can be read."""
    segment = config.segment
    for unit in units:
        try:
            planes = read_planes(unit, median_of=config.median_of)
        except ImageError:
            if config.max_failed == 0:
                raise
        else:
            channel = MEDIAN if config.median_of else segment.nuclei_channel
            yield plane_of(planes.by_name(), channel, "nuclei", planes.place)
