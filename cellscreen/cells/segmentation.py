"""One way to the objects of a field, whatever finds them: `segment`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cellscreen.cells import cellpose, classical, phase
from cellscreen.cells.field_check import Planes, check_same_size, plane_of
from cellscreen.cells.label_images import label_path, read_labels
from cellscreen.cells.locations import locations_path, read_locations
from cellscreen.cells.objects import ObjectCounts, Objects, keep_objects, renumber
from cellscreen.cells.place import Place
from cellscreen.cells.segment_config import SegmentConfig

NUCLEI, CELLS, CYTOPLASM = "Nuclei", "Cells", "Cytoplasm"
_DISC = np.pi / 4


@dataclass(frozen=True)
class Segmentation:
    """The objects of a field, numbered 1 to n; row k of every table is object k + 1.

    Attributes:
        compartments: label images `(height, width)` int32 by CellProfiler's name of the object:
            `Nuclei`, or `Cells` where the method finds whole cells; with a channel for cells
            `Nuclei`, `Cells` and `Cytoplasm`, of the same numbers. {} for locations.
        centres: `(n, 2)` float64 x, y in pixels, of the nuclei where there are any.
        boxes: `(n, 4)` int64 left, top, right, bottom of the objects that `centres` are of; None
            for locations.
        ids: `(n,)` int64, the objects' numbers in the file they came from, else 1 to n.
        counts: what the rules of `objects` did.
        diameter_px: the usual diameter that was used; NaN where none was.
        flows: `(3, height, width)` float32, Cellpose's flow in y and x and its cell probability;
            None for other methods.
    """

    compartments: dict[str, np.ndarray]
    centres: np.ndarray
    boxes: np.ndarray | None
    ids: np.ndarray
    counts: ObjectCounts
    diameter_px: float = float("nan")
    flows: np.ndarray | None = None

    @property
    def labels(self) -> np.ndarray | None:
        """The label image that `centres` are of: nuclei, else cells; None for locations."""
        return next(iter(self.compartments.values()), None)


def segment(image: Planes, config: SegmentConfig, place: Place | None = None) -> Segmentation:
    """Finds the objects of a field, or reads those that others found.

    Args:
        image: the plane `(height, width)`, or planes by channel; uint8, uint16 or float32.
        config: the method and its parameters.
        place: the field, for paths and errors.

    Raises:
        ConfigError: no such channel, no pixel size for a diameter in µm, or Cellpose or its
            weights are missing.
        ImageError: pixels that are NaN, planes of different sizes, or a label image that is
            missing or does not fit.
        PlateTableError: a file of locations that is missing or does not fit.

    Example:
        >>> found = segment(dna, SegmentConfig(diameter_um=12), place)  # doctest: +SKIP
        >>> found.counts.kept, found.labels.shape, found.centres.shape  # doctest: +SKIP
        (188, (1080, 1080), (188, 2))
    """
    place = place or Place()
    plane = plane_of(image, config.nuclei_channel, "nuclei", place)
    if config.method == "labels":
        return _from_labels(plane.shape, config, place)
    if config.method == "locations":
        return _from_locations(plane.shape, config, place)
    diameter = config.in_pixels(place)
    if config.method == "cellpose":
        labels, flows = cellpose.find_cells(plane, config, diameter)
        used = float("nan") if diameter is None else diameter
        return replace(_of_objects(_keep(labels, used, config), CELLS, used), flows=flows)
    if config.method == "phase" and diameter is not None:
        labels = phase.find_cells(plane, config, diameter)
        return _of_objects(_keep(labels, diameter, config), CELLS, diameter)
    labels, used = classical.find_nuclei(plane, config, diameter)
    nuclei = _of_objects(_keep(labels, used, config), NUCLEI, used)
    return _with_cells(nuclei, image, config, place) if config.cells_channel else nuclei


def _keep(labels: np.ndarray, diameter: float, config: SegmentConfig) -> Objects:
    smallest = 0.0 if np.isnan(diameter) else config.least_share * _DISC * diameter**2
    return keep_objects(labels, min_area=smallest, border=config.border)


def _of_objects(kept: Objects, name: str, diameter: float) -> Segmentation:
    ids = np.arange(1, len(kept.ids) + 1)
    return Segmentation({name: kept.labels}, kept.centres, kept.boxes, ids, kept.counts, diameter)


def _with_cells(
    nuclei: Segmentation, image: Planes, config: SegmentConfig, place: Place
) -> Segmentation:
    plane = plane_of(image, config.cells_channel, "cells", place)
    labels = nuclei.compartments[NUCLEI]
    check_same_size(labels, plane, place)
    cells = classical.grow_cells(plane, labels, config, nuclei.diameter_px)
    return replace(nuclei, compartments=_compartments(labels, cells))


def _compartments(nuclei: np.ndarray, cells: np.ndarray) -> dict[str, np.ndarray]:
    return {NUCLEI: nuclei, CELLS: cells, CYTOPLASM: np.where(nuclei > 0, 0, cells)}


def _from_labels(shape: tuple[int, int], config: SegmentConfig, place: Place) -> Segmentation:
    """Nuclei, and whole cells of the same numbers where there are files of them."""
    labels = read_labels(label_path(config.labels, place), shape, place)
    diameter = config.in_pixels(place)
    used = float("nan") if diameter is None else diameter
    if not config.cell_labels:
        kept = _keep(labels, used, config)
        return replace(_of_objects(kept, NUCLEI, used), ids=kept.ids)
    cells = read_labels(label_path(config.cell_labels, place), shape, place)
    both = np.intersect1d(labels, cells)
    unmatched = len(np.union1d(labels, cells)) - len(both)
    kept = _keep(np.where(np.isin(labels, both), labels, 0), used, config)
    counts = replace(kept.counts, unmatched=unmatched)
    found = replace(_of_objects(kept, NUCLEI, used), ids=kept.ids, counts=counts)
    return replace(found, compartments=_compartments(kept.labels, renumber(cells, kept.ids)))


def _from_locations(shape: tuple[int, int], config: SegmentConfig, place: Place) -> Segmentation:
    centres = read_locations(locations_path(config.locations, place), shape, place)
    counts = ObjectCounts(found=len(centres), kept=len(centres))
    return Segmentation({}, centres, None, np.arange(1, len(centres) + 1), counts)
