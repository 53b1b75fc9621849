"""Effects of the place on the plate: edge, rows and columns against the rest, robustly."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from cellscreen.quality.image_quality import MEASURES
from cellscreen.quality.plate_wells import row_name, to_grid

STRONG = 1.0  # robust standard deviations of the rest by which a median differs
CLEAR = 4.0  # standard errors; a plate has some fifty places to look at
_FEWEST = 4
_MAD_TO_SD = 1.4826
_MEDIAN_ERROR = 1.2533  # standard error of a median, in those of a mean
COLUMNS = ["place", "wells", "median", "median_rest", "effect", "standard_errors"]


def position_effects(values: pd.Series) -> pd.DataFrame:
    """Compares the edge, every row and every column of one plate with its other wells.

    Args:
        values: a measure by well, float; NaN where undefined.

    Returns:
        A row a place (`edge`, `row A` …, `column 1` …) with at least four wells, the strongest
        effect first: `wells`, `median`, `median_rest`, `effect` (their difference in robust
        standard deviations of the rest) and `standard_errors` (the same against chance). Empty for
        dishes. It cannot tell an effect of the place from one of what lies there.

    Example:
        >>> effects = position_effects(values)  # doctest: +SKIP
        >>> effects[is_clear(effects)]["place"].tolist()  # doctest: +SKIP
        ['edge']
    """
    grid = to_grid(values)
    if grid is None:
        return pd.DataFrame(columns=COLUMNS)
    rows = [_compared(place, grid[inside], grid[~inside]) for place, inside in _places(grid)]
    found = pd.DataFrame([row for row in rows if row], columns=COLUMNS)
    return found.sort_values("effect", key=np.abs, ascending=False, ignore_index=True)


def is_clear(effects: pd.DataFrame) -> pd.Series:
    """Which effects are both strong and beyond chance."""
    return (effects["effect"].abs() >= STRONG) & (effects["standard_errors"].abs() >= CLEAR)


def all_effects(medians: pd.DataFrame) -> pd.DataFrame:
    """Returns the position effects of every plate, channel and measure, with `is_clear`.

    Args:
        medians: of `well_quality.well_medians`.
    """
    found: list[dict] = []
    for (plate, channel), rows in medians.groupby(level=[0, 1]):
        for measure in MEASURES:
            effects = position_effects(rows.droplevel([0, 1])[measure])
            effects = effects.assign(is_clear=is_clear(effects), measure=measure)
            effects = effects.assign(Metadata_Plate=str(plate), channel=str(channel))
            found += effects.to_dict("records")
    names = ["Metadata_Plate", "channel", "measure", *COLUMNS, "is_clear"]
    return pd.DataFrame(found, columns=names).astype({"is_clear": bool, "effect": float})


def _places(grid: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    row, column = np.indices(grid.shape)
    last = grid.shape[0] - 1, grid.shape[1] - 1
    yield "edge", (row == 0) | (column == 0) | (row == last[0]) | (column == last[1])
    for number in range(grid.shape[0]):
        yield f"row {row_name(number)}", row == number
    for number in range(grid.shape[1]):
        yield f"column {number + 1}", column == number


def _compared(place: str, inside: np.ndarray, rest: np.ndarray) -> dict[str, object] | None:
    inside, rest = inside[~np.isnan(inside)], rest[~np.isnan(rest)]
    if min(len(inside), len(rest)) < _FEWEST:
        return None
    middle, usual = float(np.median(inside)), float(np.median(rest))
    spread = _MAD_TO_SD * float(np.median(np.abs(rest - usual)))
    effect = (middle - usual) / spread if spread else math.nan
    error = _MEDIAN_ERROR * math.sqrt(1 / len(inside) + 1 / len(rest))
    return dict(
        zip(COLUMNS, (place, len(inside), middle, usual, effect, effect / error), strict=True)
    )
