"""How well found objects agree with given ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Matches(NamedTuple):
    """Counts of one field; sums of several fields pool them.

    Attributes:
        matched: pairs whose overlap is above the threshold.
        found: objects found.
        given: objects given.
    """

    matched: int
    found: int
    given: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN where there is no object at all."""
        both = self.found + self.given
        return 2 * self.matched / both if both else float("nan")


def match_objects(found: np.ndarray, given: np.ndarray, iou: float = 0.5) -> Matches:
    """Counts objects that are there in both label images.

    Above an overlap of a half an object can match one other only, so that no assignment is
    needed; the same counts as DSB 2018's at that threshold.

    Args:
        found: `(height, width)` whole numbers, 0 the ground.
        given: the same size.
        iou: intersection over union that a pair must exceed, at least 0.5.

    Example:
        >>> match_objects(np.array([[1, 1, 0, 2]]), np.array([[5, 5, 0, 0]]))
        Matches(matched=1, found=2, given=1)
    """
    rows, columns = int(found.max(initial=0)) + 1, int(given.max(initial=0)) + 1
    places = found.ravel().astype(np.int64) * columns + given.ravel()
    pairs, both = np.unique(places, return_counts=True)
    in_found = np.bincount(pairs // columns, both, rows)
    in_given = np.bincount(pairs % columns, both, columns)
    one, other = pairs // columns, pairs % columns
    objects = (one > 0) & (other > 0)
    union = in_found[one] + in_given[other] - both
    matched = np.count_nonzero(objects & (both > iou * union))
    return Matches(
        int(matched), int(np.count_nonzero(in_found[1:])), int(np.count_nonzero(in_given[1:]))
    )
