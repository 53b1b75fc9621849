"""Features of every object of a field: one table, a row an object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from cellscreen.cells import names
from cellscreen.cells.feature_config import FeatureConfig
from cellscreen.cells.feature_input import checked_labels, checked_plane
from cellscreen.cells.granularity import measure_granularity
from cellscreen.cells.intensity import edges, measure_levels, measure_spreads
from cellscreen.cells.label_runs import LabelRuns, find_runs
from cellscreen.cells.neighbours import measure_neighbours
from cellscreen.cells.radial import measure_radial, ring_bins
from cellscreen.cells.shape import measure_shape
from cellscreen.cells.texture import measure_texture, to_grey, usual_limits
from cellscreen.cells.threads import Threads

_USUAL = FeatureConfig()


def measure_objects(
    labels: np.ndarray,
    planes: Mapping[str, np.ndarray],
    compartment: str = "Nuclei",
    config: FeatureConfig = _USUAL,
) -> pd.DataFrame:
    """Measures all objects of one field in all its channels.

    Names are CellProfiler's where it has the feature, so that pycytominer takes the table as it
    is; `names.paper_002_columns` maps those of paper 002 to them. Shape, levels and spread equal
    `skimage.measure.regionprops`; where a definition differs from CellProfiler's, the function
    that measures it says so, and equality with CellProfiler was not tested. Intensities are in the
    planes' own units (CellProfiler divides by the highest number of the type).

    What is undefined is NaN, counted in `Metadata_<compartment>_UndefinedFeatures`.
    `Metadata_<compartment>_PerimeterIsZero` marks the objects that paper 002 removed (Part 2), and
    `Metadata_<compartment>_TouchesBorder` those cut by the image's border.

    Args:
        labels: `(height, width)` of integers; 0 is background, any other number up to 2³¹ − 1 an
            object. Numbers may have gaps, and an object several pieces.
        planes: by channel, each `(height, width)` of numbers, none of them NaN.
        compartment: what the objects are: `Nuclei`, `Cells` or `Cytoplasm`.
        config: which features, and how.

    Returns:
        A row an object in the order of labels: `Metadata_ObjectNumber`, the flags, then the
        features as float64, pixels as unit of length. No object: no row, but all columns.

    Raises:
        ImageError: labels are no integers or negative, a plane has another size than the labels,
            or pixels that are NaN or infinite.

    Example:
        >>> frame = measure_objects(np.array([[0, 5, 5]]), {"DNA": np.array([[1, 2, 4]], "u2")})
        >>> frame["Nuclei_Intensity_MeanIntensity_DNA"].tolist()
        [3.0]
    """
    labels = checked_labels(labels)
    planes = {channel: checked_plane(channel, planes[channel], labels) for channel in planes}
    with Threads(config.threads) as threads:
        objects = find_runs(labels, threads)
        field = _Field(objects, compartment, config, threads)
        columns = dict(field.shape())
        for channel, plane in planes.items():
            columns |= field.channel(channel, plane)
    return _table(objects, columns, compartment)


class _Field:
    """The objects of one field, and what all channels share."""

    def __init__(
        self, objects: LabelRuns, compartment: str, config: FeatureConfig, threads: Threads
    ) -> None:
        self._objects, self._compartment = objects, compartment
        self._config, self._threads = config, threads
        groups = set(config.groups)
        self._edge = edges(objects, threads) if groups & {"spread", "neighbours"} else None
        self._bins = ring_bins(objects, config.rings, threads) if "radial" in groups else None

    def shape(self) -> Iterator[tuple[str, np.ndarray]]:
        """Columns that need no plane."""
        if "shape" in self._config.groups:
            for feature, column in measure_shape(self._objects, self._threads).items():
                yield names.shape_name(self._compartment, feature), column
        if "neighbours" in self._config.groups and self._edge is not None:
            distance = self._config.neighbour_distance_px
            near = measure_neighbours(self._objects, self._edge, distance, self._threads)
            for feature, column in near.items():
                yield names.neighbours_name(self._compartment, feature, distance), column

    def channel(self, channel: str, plane: np.ndarray) -> dict[str, np.ndarray]:
        """Columns of one plane."""
        groups = set(self._config.groups)
        columns: dict[str, np.ndarray] = {}
        if "levels" in groups:
            columns |= self._intensity(channel, measure_levels(self._objects, plane, self._threads))
        if groups & {"spread", "texture", "radial"}:
            values = plane.ravel()[self._objects.places].astype(np.float64)
            columns |= self._pixels(channel, plane, values)
        if "granularity" in groups:
            columns |= self._granularity(channel, plane)
        return columns

    def _intensity(self, channel: str, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {
            names.intensity_name(self._compartment, feature, channel): column
            for feature, column in columns.items()
        }

    def _pixels(self, channel: str, plane: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
        columns: dict[str, np.ndarray] = {}
        if "spread" in self._config.groups and self._edge is not None:
            spread = measure_spreads(self._objects, plane, values, self._edge, self._threads)
            columns |= self._intensity(channel, spread)
        if "texture" in self._config.groups:
            limits = self._config.limits.get(channel) or usual_limits(plane)
            columns |= self._texture(channel, values, limits)
        if self._bins is not None:
            columns |= self._radial(channel, values, self._bins)
        return columns

    def _texture(
        self, channel: str, values: np.ndarray, limits: tuple[float, float]
    ) -> dict[str, np.ndarray]:
        levels = self._config.grey_levels
        grey = to_grey(self._objects, values, limits, levels)
        return {
            names.texture_name(self._compartment, feature, channel, scale, direction, levels): one
            for scale in self._config.texture_scales
            for (feature, direction), one in measure_texture(
                self._objects, grey, levels, scale, self._threads
            ).items()
        }

    def _radial(self, channel: str, values: np.ndarray, bins: np.ndarray) -> dict[str, np.ndarray]:
        rings = self._config.rings
        measured = measure_radial(self._objects, values, bins, rings, self._threads)
        return {
            names.radial_name(self._compartment, feature, channel, ring, rings): column
            for (feature, ring), column in measured.items()
        }

    def _granularity(self, channel: str, plane: np.ndarray) -> dict[str, np.ndarray]:
        spectrum = measure_granularity(
            self._objects,
            plane,
            self._config.granularity_length,
            self._config.granularity_reduction,
            self._config.background_radius,
            self._threads,
        )
        return {
            names.granularity_name(self._compartment, number, channel): column
            for number, column in enumerate(spectrum, start=1)
        }


def _table(objects: LabelRuns, columns: dict[str, np.ndarray], compartment: str) -> pd.DataFrame:
    values = np.empty((len(columns), len(objects)))
    for row, column in zip(values, columns.values(), strict=True):
        row[:] = column
    flags = {names.OBJECT_NUMBER: objects.labels}
    perimeter = columns.get(names.shape_name(compartment, "Perimeter"))
    if perimeter is not None:
        flags[names.flag_name(compartment, "PerimeterIsZero")] = perimeter == 0
    flags[names.flag_name(compartment, "TouchesBorder")] = _touches_border(objects)
    undefined = np.isnan(values).sum(axis=0)
    flags[names.flag_name(compartment, "UndefinedFeatures")] = undefined
    features = pd.DataFrame(values.T, columns=list(columns), copy=False)
    return pd.concat([pd.DataFrame(flags), features], axis=1)


def _touches_border(objects: LabelRuns) -> np.ndarray:
    height, width = objects.image.shape
    top, left, bottom, right = objects.boxes.T
    return (top == 0) | (left == 0) | (bottom == height) | (right == width)
