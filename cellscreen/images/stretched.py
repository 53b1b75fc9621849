"""Images that were stretched one by one before they came here, as those of BBBC013.

Whoever scales every image to its own darkest and brightest pixel throws the intensities away. Such
images all reach from the same lowest to the same highest value, at one pixel or few, and at another
place in each image: a sensor that saturates does not, nor does a hot pixel, which stays in place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 8  # images below which nothing is said
MOST = 0.9  # share of a channel's images that have the same extremes
SATURATED = 1e-3  # share of pixels at the top that means saturation, not a brightest pixel
IN_PLACE = 0.5  # share of images with their brightest pixel in one place that means a hot pixel


@dataclass(frozen=True)
class Extremes:
    """The extremes of one image.

    Attributes:
        lowest: its lowest value.
        highest: its highest value.
        top_share: the share of pixels that have the highest value.
        place: the index of the first of them, rows one after the other.
    """

    lowest: int
    highest: int
    top_share: float
    place: int


def extremes(image: np.ndarray) -> Extremes:
    """Measures the extremes of a gray image.

    Args:
        image: `(height, width)`, uint8 or uint16, at least one pixel.

    Example:
        >>> extremes(np.array([[3, 9], [9, 5]], np.uint8))
        Extremes(lowest=3, highest=9, top_share=0.5, place=1)
    """
    highest = int(image.max())
    share = np.count_nonzero(image == highest) / image.size
    return Extremes(int(image.min()), highest, float(share), int(image.argmax()))


def stretched(images: Sequence[Extremes]) -> str | None:
    """Says if the images of one plate and channel look stretched one by one.

    Args:
        images: the extremes of its images; those of one value throughout do not count.

    Returns:
        What shows it, a sentence or two; None if they do not look so, or are fewer than 8.
    """
    seen = [image for image in images if image.lowest < image.highest]
    if len(seen) < FEWEST:
        return None
    ranges = Counter((image.lowest, image.highest) for image in seen)
    (lowest, highest), count = ranges.most_common(1)[0]
    same = [image for image in seen if (image.lowest, image.highest) == (lowest, highest)]
    _, in_place = Counter(image.place for image in same).most_common(1)[0]
    saturated = np.median([image.top_share for image in same]) >= SATURATED
    if count < MOST * len(seen) or saturated or in_place > IN_PLACE * count:
        return None
    return (
        f"{count} of {len(seen)} images reach from exactly {lowest} to exactly {highest}, the "
        "highest value at few pixels and at other places in each: they were stretched one by one. "
        "No plate scale brings their intensities back; compare shapes and ratios, or ask for the "
        "raw export."
    )
