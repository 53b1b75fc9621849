"""The cells of one field as records need them, whichever way they were found."""

from __future__ import annotations

import dataclasses

import numpy as np

from cellscreen.cells.objects import ObjectCounts
from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.cells.segmentation import CELLS, NUCLEI, Segmentation, segment
from cellscreen.errors import ConfigError
from cellscreen.records.planes import MEDIAN, Planes

COUNTS = tuple(count.name for count in dataclasses.fields(ObjectCounts))


def find_cells(planes: Planes, config: SegmentConfig) -> Segmentation:
    """Finds the cells of a field.

    Args:
        planes: all channels of the field.
        config: how. Of planes reduced to their median, that is the nuclei's channel.

    Raises:
        ConfigError: there is no nuclei channel of that name.
        ImageError: pixels or labels cannot be used.
        PlateTableError: locations cannot be used.
    """
    if planes.channels == (MEDIAN,):
        config = dataclasses.replace(config, nuclei_channel=MEDIAN)
    return segment(planes.by_name(), config, planes.place)


def hashed(planes: Planes, config: SegmentConfig) -> str:
    """The perceptual hash of the channel that cells are found on, else of the first."""
    named = config.nuclei_channel in planes.channels
    return planes.hashed(config.nuclei_channel if named else planes.channels[0])


def whole_labels(found: Segmentation, planes: Planes) -> np.ndarray:
    """Labels by which a cell's pixels are told from its neighbours', `(height, width)` int32.

    Those of whole cells where they are known, else of what was found.

    Raises:
        ConfigError: the cells are centres only.
    """
    if found.labels is None:
        raise ConfigError(
            "Expected label images to tell cells from their neighbours; the cells are centres "
            "only.",
            **planes.place.named(),
            fix="Segment by another method; or build bags, without --mask_neighbours.",
        )
    cells, nuclei = found.compartments.get(CELLS), found.compartments.get(NUCLEI)
    if cells is None or nuclei is None:
        return found.labels
    return np.where(nuclei > 0, nuclei, cells)


def counts_of(found: Segmentation) -> dict[str, int]:
    """What became of the objects that were found, by the names in `COUNTS`."""
    return dataclasses.asdict(found.counts)
