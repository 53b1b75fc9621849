"""Images unlike the others of their plate and channel: robust rules, flags and their reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

ALIKE = ["Metadata_Plate", "channel", "Metadata_Plane", "Metadata_Timepoint"]
FEWEST = 8  # images to compare an image with
FAR = 5.0  # robust standard deviations from the median
BOTH_FAR = 3.5  # the same where two measures agree (Iglewicz & Hoaglin 1993, p. 12)
SATURATED = 0.01  # share of pixels at the sensor's ceiling that is too many on any plate
_MAD_TO_SD = 1.4826
_FOCUS = ("focus_slope", "focus_laplacian")


@dataclass(frozen=True)
class Rule:
    """When a measure's distance from its plate makes a flag.

    Attributes:
        measure: a column.
        flag: the flag.
        sides: -1 for values too low, 1 for values too high.
        floor: smallest spread that counts as one, so that equal images do not make outliers.
        floor_share: the same as a share of the median.
        scale: brings values to where their spread is even.
    """

    measure: str
    flag: str
    sides: tuple[int, ...]
    floor: float
    floor_share: float = 0.0
    scale: Callable[[pd.Series], pd.Series] = lambda values: values


# A count's square root has a spread of about 1/2 (Anscombe 1948, Biometrika 35:246).
RULES = (
    Rule("cells", "few_cells", (-1,), 0.5, scale=np.sqrt),
    Rule("cells", "many_cells", (1,), 0.5, scale=np.sqrt),
    Rule("debris", "debris", (1,), 0.02),
    Rule("background", "background", (-1, 1), 1.0, 0.05),
    Rule("saturation", "saturated", (1,), 0.001),
)
_SCALES = {
    "focus_slope": Rule("focus_slope", "out_of_plane", (-1,), 0.02),
    "focus_laplacian": Rule("focus_laplacian", "out_of_plane", (-1,), 0.05, scale=np.log10),
}
FLAGS = ("unreadable", "empty", "out_of_plane", *dict.fromkeys(rule.flag for rule in RULES))


def robust_z(
    values: pd.Series, groups: pd.DataFrame, floor: float, floor_share: float = 0.0
) -> pd.Series:
    """Returns (value - median) / (1.4826 MAD) within groups.

    Args:
        values: float.
        groups: the same index; equal rows are one group.
        floor: the spread is at least this.
        floor_share: and at least this share of the median.

    Returns:
        float; NaN where the value is, or where its group has fewer than 8 values.

    Example:
        >>> values = pd.Series([1.0, 2, 3, 4, 5, 6, 7, 8, 40])
        >>> robust_z(values, pd.DataFrame({"plate": "P"}, index=values.index), 0.1)[8].round(2)
        11.8
    """
    by = [groups[name] for name in groups]
    values = values.astype(float)
    grouped = values.groupby(by, dropna=False)
    usual = grouped.transform("median")
    distance = values - usual
    spread = _MAD_TO_SD * distance.abs().groupby(by, dropna=False).transform("median")
    enough = grouped.transform("count") >= FEWEST
    least = np.maximum(floor, floor_share * usual.abs())
    return (distance / np.maximum(spread, least)).where(enough)


def flag_images(images: pd.DataFrame) -> pd.DataFrame:
    """Returns the images with `flags` (with `;`) and `reasons` (sentences), "" where all is well.

    Args:
        images: a row an image of a plate table with the columns of `ImageQuality`, NaN in all of
            them where it could not be read (and `empty` False); may have `unreadable`, the reason.

    Example:
        >>> flag_images(images)["flags"].tolist()  # doctest: +SKIP
        ['', 'out_of_plane', 'empty;background']
    """
    flags = pd.Series("", index=images.index)
    reasons = pd.Series("", index=images.index)
    for flag, chosen, text in _found(images):
        flags[chosen] += flag + ";"
        reasons[chosen] += text + ". "
    return images.assign(flags=flags.str.rstrip(";"), reasons=reasons.str.rstrip())


def _found(images: pd.DataFrame) -> Iterator[tuple[str, pd.Series, pd.Series]]:
    """Yields each flag, the rows that it is true of, and why."""
    if "unreadable" in images:
        yield "unreadable", images["unreadable"] != "", images["unreadable"].str.rstrip(".")
    empty = images["empty"].astype(bool)
    yield "empty", empty, pd.Series("nothing stands out of the noise", index=images.index)
    yield "out_of_plane", *_blurred(images, ~empty)
    for rule in RULES:
        distance = _distance(images, rule)
        chosen = pd.Series(False, index=images.index)
        for side in rule.sides:
            chosen |= side * distance >= FAR
        text = _compared(images, rule.measure, distance)
        if rule.measure == "saturation":
            chosen |= images["saturation"] >= SATURATED
            text = text.where(distance >= FAR, _percent(images["saturation"]))
        yield rule.flag, chosen & ~(empty & (rule.measure == "cells")), text


def _blurred(images: pd.DataFrame, judged: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Both focus measures are low: few or dim cells lower the one, haze the other."""
    distances = [_distance(images, _SCALES[name]) for name in _FOCUS]
    chosen = judged & (distances[0] <= -BOTH_FAR) & (distances[1] <= -BOTH_FAR)
    texts = [_compared(images, *pair) for pair in zip(_FOCUS, distances, strict=True)]
    return chosen, texts[0] + ", " + texts[1]


def _distance(images: pd.DataFrame, rule: Rule) -> pd.Series:
    values = rule.scale(images[rule.measure].astype(float))
    return robust_z(values, images[ALIKE], rule.floor, rule.floor_share)


def _compared(images: pd.DataFrame, measure: str, distance: pd.Series) -> pd.Series:
    by = [images[name] for name in ALIKE]
    usual = images[measure].astype(float).groupby(by, dropna=False).transform("median")
    pairs = zip(images[measure], usual, distance, strict=True)
    texts = [f"{measure} {own:.4g}, usually {all_:.4g} (z {far:+.1f})" for own, all_, far in pairs]
    return pd.Series(texts, index=images.index)


def _percent(share: pd.Series) -> pd.Series:
    return share.map(lambda value: f"{100 * value:.2g} % of the pixels are at the ceiling")
