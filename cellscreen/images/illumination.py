"""The uneven light of a microscope, estimated afterwards from a plate's own images.

Each image is a scene times the light. Over many fields the scenes differ and the light stays, so
that the light is what the images have in common: one surface, and one brightness an image, fitted
in turns by lower quartiles, which cells and debris do not move. A polynomial of degree 4, as in
Harmony's own profiles, of the logarithm then smooths it. docs/decisions/flat-field.md compares.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.polynomial.polynomial import polygrid2d

from cellscreen.atomic import replacing
from cellscreen.errors import DataError
from cellscreen.images.flatfield import ILLUMINATION
from cellscreen.images.gray import to_gray
from cellscreen.images.planes import read_stack
from cellscreen.images.threads import read_in_order
from cellscreen.plates import columns

LOGGER = logging.getLogger(__name__)
FEWEST, MOST = 16, 256  # images of a channel that are looked at
GRID = 64  # cells along the longer side, over which pixels are averaged
QUARTILE = 0.25
DEGREE = 4
TURNS = 5
UNSURE = 0.1  # difference of the two halves' surfaces above which a warning is due
_PLATE = columns.PREFIX + "Plate"
_FIX = "Give illumination functions, or do without an estimate (--flatfield=stated or none)."
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Illumination:
    """The light over a field, as it was estimated.

    Attributes:
        function: `(height, width)` float32, above 0, mean 1; images are divided by it.
        images: how many it was estimated from.
        halves_differ: the largest relative difference between the surfaces of every other image
            and of the rest, 0 or more: how far chance goes.
    """

    function: np.ndarray
    images: int
    halves_differ: float


def estimate_illumination(
    table: pd.DataFrame, read: Callable[[Row], np.ndarray] = read_stack
) -> Illumination:
    """Estimates the light from the images of one plate and channel.

    Args:
        table: their rows of a plate table; 256 at most are read, spread evenly over them.
        read: reads the raw image of a row.

    Returns:
        The light. Memory is that of a few images and of 256 small grids.

    Raises:
        DataError: fewer than 16 images that are not black, images of several sizes, or part of
            the field is always black.
        ImageError: an image cannot be read.

    Example:
        >>> estimate_illumination(table[table["channel"] == "DNA"]).function  # doctest: +SKIP
    """
    chosen = np.unique(np.linspace(0, len(table) - 1, min(len(table), MOST)).round().astype(int))
    grids, height, width = _grids(table.iloc[chosen], read)
    light = _fitted(_light(grids), height, width)
    first, second = (_fitted(_light(half), GRID, GRID) for half in (grids[::2], grids[1::2]))
    differ = float(np.abs(first / second - 1).max())
    return Illumination(light.astype(np.float32), len(grids), differ)


def with_illumination(
    table: pd.DataFrame, folder: Path, read: Callable[[Row], np.ndarray] = read_stack
) -> pd.DataFrame:
    """Fills the column `illumination` where neither it nor Harmony's profile states the light.

    Args:
        table: a plate table, its stacks made into images.
        folder: gets `illumination/<plate>/<number>_<channel>.npy`.
        read: as for `estimate_illumination`.

    Returns:
        The table with the column `illumination`, "" where there is none.

    Raises:
        DataError, ImageError: as `estimate_illumination`, with the plate.
    """
    paths = pd.Series("", index=table.index, dtype=object)
    if ILLUMINATION in table:
        paths = table[ILLUMINATION].fillna("").astype(object)
    for (plate, channel), rows in table.groupby([_PLATE, "channel"], sort=False):
        profiles = rows.get("flatfield", pd.Series("", index=rows.index)).fillna("")
        if (paths[rows.index] != "").any() or (profiles != "").any():
            continue
        try:
            light = estimate_illumination(rows, read)
        except DataError as error:
            text = f"Channel {channel!r}: {error.problem}"
            raise DataError(text, plate=str(plate), fix=error.fix) from error
        _say(str(plate), str(channel), light)
        number = table.loc[table[_PLATE] == plate, "channel"].unique().tolist().index(channel)
        path = folder / ILLUMINATION / str(plate) / f"{number + 1}_{_file_name(str(channel))}.npy"
        with replacing(path) as temporary:
            np.save(temporary, light.function)
        paths[rows.index] = str(path)
    return table.assign(**{ILLUMINATION: paths})


def _grids(rows: pd.DataFrame, read: Callable[[Row], np.ndarray]) -> tuple[np.ndarray, int, int]:
    """The images as small grids of means `(images, grid rows, grid columns)`, and their size."""

    def reduced(row: Row) -> tuple[tuple[int, ...], np.ndarray]:
        gray = to_gray(read(row))
        return gray.shape, _small(gray)

    grids, shapes = [], set()
    for shape, grid in read_in_order(reduced, rows.to_dict("records")):
        shapes.add(shape)
        if np.quantile(grid, QUARTILE) > 0:
            grids.append(grid)
    if len(shapes) > 1:
        listed = ", ".join(f"{width}×{height}" for height, width in sorted(shapes))
        raise DataError(f"Expected images of one size to estimate the light; got {listed}.")
    if len(grids) < FEWEST:
        raise DataError(
            f"Expected {FEWEST} images or more to estimate the light; got {len(grids)} that are "
            "not black.",
            fix=_FIX,
        )
    height, width = shapes.pop()
    return np.stack(grids), height, width


def _small(gray: np.ndarray) -> np.ndarray:
    height, width = gray.shape
    ratio = min(GRID / max(height, width), 1)
    size = (max(round(width * ratio), 1), max(round(height * ratio), 1))
    return cv2.resize(gray.astype(np.float32), size, interpolation=cv2.INTER_AREA)


def _light(grids: np.ndarray) -> np.ndarray:
    """What the images have in common up to a factor each, by lower quartiles in turns."""
    light = np.ones(grids.shape[1:], np.float32)
    for _ in range(TURNS):
        brightness = np.quantile(grids / light, QUARTILE, axis=(1, 2), keepdims=True)
        light = np.quantile(grids / brightness, QUARTILE, axis=0)
        if not (light > 0).all():
            raise DataError("Part of the field is black in the images; no light there.", fix=_FIX)
    return light


def _fitted(light: np.ndarray, height: int, width: int) -> np.ndarray:
    """The light smoothed, at `(height, width)` pixels of the same field; its mean is 1."""
    y, x = _centres(light.shape[0]), _centres(light.shape[1])
    powers = [(n, degree - n) for degree in range(DEGREE + 1) for n in range(degree + 1)]
    terms = np.stack([np.outer(y**down, x**across).ravel() for down, across in powers], axis=1)
    # Logarithms weigh dim corners like the bright middle, and keep the surface above 0.
    found, *_ = np.linalg.lstsq(terms, np.log(light).ravel(), rcond=None)
    values = np.zeros((DEGREE + 1, DEGREE + 1))
    for (down, across), value in zip(powers, found, strict=True):
        values[down, across] = value
    surface = np.exp(polygrid2d(_centres(height), _centres(width), values))
    return surface / surface.mean()


def _centres(size: int) -> np.ndarray:
    """The centres of `size` pixels on a field from -1 to 1."""
    return 2 * (np.arange(size) + 0.5) / size - 1


def _say(plate: str, channel: str, light: Illumination) -> None:
    lowest, highest = float(light.function.min()), float(light.function.max())
    facts = (plate, channel, lowest, highest, light.images)
    LOGGER.info("Plate %s, channel %s: light from %.2f to %.2f, by %d images.", *facts)
    if light.halves_differ > UNSURE:
        LOGGER.warning(
            "Plate %s, channel %s: the light estimated from every other image differs from that of "
            "the rest by up to %.0f %%: too few or too sparse images.",
            plate,
            channel,
            100 * light.halves_differ,
        )


def _file_name(channel: str) -> str:
    return re.sub(r"[^\w.-]+", "_", channel) or "channel"
