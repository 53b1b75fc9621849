"""Which crops of a bag are taken: without replacement, unless there are fewer than wanted."""

from __future__ import annotations

import numpy as np


def draw_crops(cells: int, size: int, seed: tuple[int, ...]) -> np.ndarray:
    """Draws crops of a bag (MID, Methods: 12 at random).

    Where there are fewer cells than wanted, each is taken once and the rest is drawn with
    replacement.

    Args:
        cells: how many the bag has, at least 1.
        size: how many are wanted.
        seed: whole numbers of 0 or more; the same give the same draw, on every machine.

    Returns:
        `(size,)` int64, indices below `cells`.

    Example:
        >>> sorted(draw_crops(3, 3, (0, 1)).tolist())
        [0, 1, 2]
    """
    generator = np.random.default_rng(seed)
    once = generator.permutation(cells)[:size]
    again = generator.integers(cells, size=size - len(once))
    return np.concatenate([once, again]).astype(np.int64)


def draw_sets(cells: int, size: int, sets: int, seed: tuple[int, ...]) -> np.ndarray:
    """Draws several sets of crops of one bag (MID, Methods: 50 for a prediction).

    The first sets are the same whatever `sets` is, so that more draws refine a score.

    Returns:
        `(sets, size)` int64, indices below `cells`.

    Example:
        >>> draw_sets(100, 12, 50, seed=(0,)).shape
        (50, 12)
    """
    return np.stack([draw_crops(cells, size, (*seed, number)) for number in range(sets)])


def repeated_crops(cells: np.ndarray, size: int) -> int:
    """How many crops of one epoch are taken a second time, for want of cells.

    Args:
        cells: `(bags,)` of each bag; bags without cells are drawn from not at all.
        size: how many crops of each are wanted.
    """
    return int(np.maximum(size - cells[cells > 0], 0).sum())
