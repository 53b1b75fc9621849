"""Size, shape and place of objects: CellProfiler's AreaShape, by scikit-image's definitions."""

from __future__ import annotations

import numpy as np

from cellscreen.cells import kernels_shape as kernel
from cellscreen.cells.kernels_perimeter import measure_perimeters
from cellscreen.cells.label_runs import LabelRuns
from cellscreen.cells.threads import Threads

SHAPE = (
    "Area",
    "ConvexArea",
    "Perimeter",
    "Eccentricity",
    "MajorAxisLength",
    "MinorAxisLength",
    "Orientation",
    "Solidity",
    "Extent",
    "Center_X",
    "Center_Y",
    "BoundingBoxMinimum_X",
    "BoundingBoxMinimum_Y",
    "BoundingBoxMaximum_X",
    "BoundingBoxMaximum_Y",
    "BoundingBoxArea",
    "EquivalentDiameter",
    "FormFactor",
    "Compactness",
    "AspectRatio",
)


def measure_shape(objects: LabelRuns, threads: Threads) -> dict[str, np.ndarray]:
    """Shape of each object, pixel counts exact.

    `Orientation` is in degrees, between the rows' axis and the long axis, as CellProfiler's;
    `AspectRatio` is major over minor axis (paper 004's measure of a nucleus; CellProfiler has
    none), NaN where the minor axis is 0. `FormFactor` 4πA/P² and `Compactness` P²/4πA are NaN
    where the perimeter is 0.

    Returns:
        `(objects,)` float64 by the names in `SHAPE`, lengths in px.
    """
    ranges = threads.cut(objects.first)
    runs, first, boxes = objects.runs, objects.first, objects.boxes
    out, perimeter = np.empty((len(objects), kernel.COLUMNS)), np.empty(len(objects))
    threads.run(kernel.measure_shapes, ranges, runs, first, objects.areas, boxes, out)
    threads.run(measure_perimeters, ranges, runs, first, boxes, perimeter)
    top, left, bottom, right = objects.boxes.T.astype(float)
    columns = {
        "Area": objects.areas.astype(float),
        "ConvexArea": out[:, kernel.CONVEX],
        "Perimeter": perimeter,
        "Eccentricity": out[:, kernel.ECCENTRICITY],
        "MajorAxisLength": out[:, kernel.MAJOR],
        "MinorAxisLength": out[:, kernel.MINOR],
        "Orientation": np.degrees(out[:, kernel.ORIENTATION]),
        "Center_X": out[:, kernel.CENTER_X],
        "Center_Y": out[:, kernel.CENTER_Y],
        "BoundingBoxMinimum_X": left,
        "BoundingBoxMinimum_Y": top,
        "BoundingBoxMaximum_X": right,
        "BoundingBoxMaximum_Y": bottom,
        "BoundingBoxArea": (bottom - top) * (right - left),
    }
    columns |= _ratios(columns)
    return {name: columns[name] for name in SHAPE}


def _ratios(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    area, perimeter = columns["Area"], columns["Perimeter"]
    circle = 4 * np.pi * area
    return {
        "Solidity": area / columns["ConvexArea"],
        "Extent": area / columns["BoundingBoxArea"],
        "EquivalentDiameter": np.sqrt(4 * area / np.pi),
        "FormFactor": circle / _or_nan(perimeter) ** 2,
        "Compactness": _or_nan(perimeter) ** 2 / circle,
        "AspectRatio": columns["MajorAxisLength"] / _or_nan(columns["MinorAxisLength"]),
    }


def _or_nan(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)
