"""Where cells lie: they keep apart, as cells that share a floor do."""

from __future__ import annotations

import numpy as np

_CANDIDATES = 10


def spread_places(rng: np.random.Generator, count: int, low: float, high: float) -> np.ndarray:
    """Draws places in a square that keep apart: of some candidates the farthest from those before.

    Args:
        rng: where the numbers come from.
        count: how many places.
        low: the smallest coordinate.
        high: the largest coordinate.

    Returns:
        `(count, 2)` float, x and y.

    Example:
        >>> spread_places(np.random.default_rng(0), 3, 0, 10).shape
        (3, 2)
    """
    candidates = rng.uniform(low, high, (count, _CANDIDATES, 2))
    centres = candidates[:, 0].copy()
    for cell in range(1, count):
        gaps = candidates[cell][:, None] - centres[None, :cell]
        nearest = np.einsum("cnk,cnk->cn", gaps, gaps).min(axis=1)
        centres[cell] = candidates[cell, nearest.argmax()]
    return centres
