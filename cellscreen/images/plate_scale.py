"""One intensity scale a plate and channel: percentiles of all its pixels, stored with the plate.

The MID paper rescales its images "with the global fluorescence intensity" (Methods). Here `low` and
`high` are percentiles over all pixels of a plate's channel, or of its negative controls, from an
exact histogram of whole numbers that grows with no number of images. `images.scale.to_uint8` is
what applies them, and nothing else; `scale_file` keeps them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError, DataError
from cellscreen.images.flatfield import correct
from cellscreen.images.gray import to_gray
from cellscreen.images.source import read_raw
from cellscreen.images.stretched import Extremes, extremes, stretched
from cellscreen.images.threads import read_in_order
from cellscreen.plates import columns

LOGGER = logging.getLogger(__name__)
PLATE, NEGCON = "plate", "negcon"
LOW_PERCENT, HIGH_PERCENT = "0.01", "99.99"
LEVELS = 1 << 16
_PLATE = columns.PREFIX + "Plate"
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class PlateScale:
    """The scale of one plate and channel.

    Attributes:
        plate: its name.
        channel: its name, "" on a plate of one channel without a name.
        low: the raw value that becomes 0.
        high: the raw value that becomes 255.
        low_percent: percent of the pixels at or below `low`, as text: a decimal number is exact.
        high_percent: percent of the pixels at or below `high`.
        of: `plate` (all images) or `negcon` (the negative controls).
        images: how many were measured.
        stretched: whether they look stretched one by one (see `images.stretched`).
    """

    plate: str
    channel: str
    low: int
    high: int
    low_percent: str
    high_percent: str
    of: str
    images: int
    stretched: bool


def plate_scales(
    table: pd.DataFrame,
    *,
    of: str = PLATE,
    low_percent: str = LOW_PERCENT,
    high_percent: str = HIGH_PERCENT,
    read: Callable[[Row], np.ndarray] = read_raw,
) -> list[PlateScale]:
    """Measures the scale of every plate and channel of a plate table.

    Args:
        table: a plate table without unusable rows; its stacks made into images.
        of: `plate` or `negcon`.
        low_percent: 0 or more.
        high_percent: at most 100, above `low_percent`.
        read: reads the raw image of a row; its light is divided out here.

    Returns:
        The scales, by plate and channel in the table's order. Memory is that of a few images and
        of one histogram of 65,536 counts.

    Raises:
        ConfigError: the percentages or `of` are no such ones.
        DataError: a plate has no negative control, a channel has one value throughout or images
            of 8 and of 16 bits.
        ImageError: an image cannot be read.

    Example:
        >>> plate_scales(table, of="negcon")[0].high  # doctest: +SKIP
        5120
    """
    percents = _fractions(low_percent, high_percent)
    scales = []
    for (plate, channel), rows in _measured(table, of).groupby([_PLATE, "channel"], sort=False):
        counts, seen = _histogram(rows, read)
        low, high = (level_at(counts, percent) for percent in percents)
        if low >= high:
            raise DataError(
                f"Expected a channel with more than one value; {channel or 'it'} is at {low} from "
                f"{low_percent} to {high_percent} % of its pixels, in {len(seen)} images.",
                plate=str(plate),
                fix="Leave the channel out, or widen the percentages.",
            )
        reason = stretched(seen)
        if reason:
            LOGGER.warning("Plate %s, channel %s: %s", plate, channel, reason)
        percent_texts = (low_percent, high_percent)
        facts = (str(plate), str(channel), low, high, *percent_texts, of, len(seen), bool(reason))
        scales.append(PlateScale(*facts))
    return scales


def level_at(counts: np.ndarray, percent: Fraction) -> int:
    """The lowest value that at least `percent` of the pixels are at or below.

    Args:
        counts: `(levels,)` whole numbers, how many pixels have each value.
        percent: 0 to 100; 0 is the lowest value that occurs.

    Example:
        >>> level_at(np.array([0, 2, 1, 1]), Fraction(50)), level_at(np.array([0, 2]), Fraction(0))
        (1, 1)
    """
    total = np.cumsum(counts)
    needed = max(-(-percent * int(total[-1]) // 100), 1)
    return int(np.searchsorted(total, int(needed)))


def _measured(table: pd.DataFrame, of: str) -> pd.DataFrame:
    """The rows that are measured."""
    if of == PLATE:
        return table
    if of != NEGCON:
        raise ConfigError(f"Expected a scale of {PLATE} or {NEGCON}; got {of!r}.")
    kinds = table.get(columns.CONTROL_TYPE, pd.Series("", index=table.index))
    chosen = table[kinds == NEGCON]
    for plate, channel in table[[_PLATE, "channel"]].drop_duplicates().itertuples(index=False):
        if not ((chosen[_PLATE] == plate) & (chosen["channel"] == channel)).any():
            raise DataError(
                f"Expected negative controls to measure channel {channel!r}; the plate has none.",
                plate=plate,
                fix="Name them negcon in the plate map, or measure the whole plate.",
            )
    return chosen


def _histogram(
    rows: pd.DataFrame, read: Callable[[Row], np.ndarray]
) -> tuple[np.ndarray, list[Extremes]]:
    counts = np.zeros(LEVELS, np.int64)
    seen: list[Extremes] = []
    first: np.dtype | None = None

    def measure(row: Row) -> tuple[Row, np.dtype, np.ndarray, Extremes]:
        raw = read(row)
        levels = np.bincount(to_gray(correct(raw, row)).ravel(), minlength=LEVELS)
        # Divided by the light, a stretched image no longer shows that it was.
        return row, raw.dtype, levels, extremes(to_gray(raw))

    for row, dtype, levels, found in read_in_order(measure, rows.to_dict("records")):
        first = first or dtype
        if dtype != first:
            raise DataError(
                f"Expected images of one type in a channel, {first}; got {dtype}.",
                file=row["path"],
                plate=row[_PLATE],
                well=row["Metadata_Well"],
            )
        counts += levels
        seen.append(found)
    return counts, seen


def _fractions(low: str, high: str) -> tuple[Fraction, Fraction]:
    try:
        percents = Fraction(low), Fraction(high)
    except (ValueError, ZeroDivisionError) as error:
        raise ConfigError(f"Expected two percentages; got {low!r} and {high!r}.") from error
    if not 0 <= percents[0] < percents[1] <= 100:
        raise ConfigError(f"Expected 0 <= low < high <= 100 %; got {low} and {high}.")
    return percents
