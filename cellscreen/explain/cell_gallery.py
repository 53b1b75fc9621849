"""The most and the least relevant cells of each compound, and their crops (MID, Fig. 3f-g)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cellscreen.explain.composite import composite
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.plates.columns import CONCENTRATION, PREFIX

COMPOUND = PREFIX + "pert_iname"
MOST, LEAST = "most", "least"
_GAP_PX, _GROUP_GAP_PX = 2, 14
_PAPER = 255


def gallery_cells(attention: pd.DataFrame, compounds: Sequence[str], count: int) -> pd.DataFrame:
    """Chooses cells at each compound's highest dose, where an effect is to be looked for.

    Args:
        attention: of `attention_table`.
        compounds: whose cells are wanted; one without cells has no rows.
        count: of the most and of the least relevant cells of each; fewer where a compound has
            fewer than twice as many.

    Returns:
        The rows chosen, with `side`: `most` (falling attention), then `least` (rising).

    Example:
        >>> gallery_cells(attention, ["betrixaban"], 6)["side"].value_counts()  # doctest: +SKIP
    """
    parts = []
    for compound in compounds:
        cells = attention[(attention[COMPOUND] == compound) & attention["attention"].notna()]
        cells = highest_dose(cells)
        each = min(count, len(cells) // 2)
        ordered = cells.sort_values("attention", ascending=False, kind="stable")
        parts.append(ordered.head(each).assign(side=MOST))
        parts.append(ordered.tail(each).iloc[::-1].assign(side=LEAST))
    if not parts:
        return attention.iloc[:0].assign(side="")
    return pd.concat(parts)


def highest_dose(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells at the highest concentration; all of them where none is stated."""
    if CONCENTRATION not in cells or cells[CONCENTRATION].isna().all():
        return cells
    return cells[cells[CONCENTRATION] == cells[CONCENTRATION].max()]


def gallery_crops(asked: ExplainInput, cells: pd.DataFrame) -> np.ndarray:
    """The crops of chosen cells, `(n, size, size, channels)` uint8, in the order of the rows."""
    crops = [
        asked.index.read_crops(int(row), np.array([int(cell)]))
        for row, cell in zip(cells["row"], cells["cell"], strict=True)
    ]
    size, channels = asked.index.crop_size, len(asked.index.channels)
    return np.concatenate(crops) if crops else np.zeros((0, size, size, channels), np.uint8)


def montage(crops: np.ndarray, channels: Sequence[str], groups: Sequence[int]) -> np.ndarray:
    """Sets crops side by side, the composite above its channels.

    Args:
        crops: `(n, size, size, channels)` uint8.
        channels: names; each is a row in gray, below the row of composites, unless it is the only
            one.
        groups: cells of each group, left to right; a wider gap parts them.

    Returns:
        `(height, width, 3)` uint8, on white.

    Example:
        >>> montage(np.zeros((2, 4, 4, 1), np.uint8), ["Phase"], [1, 1]).shape
        (4, 22, 3)
    """
    size = crops.shape[1]
    rows = [composite(crops, channels)]
    if len(channels) > 1:
        rows += [np.repeat(crops[..., [i]], 3, axis=-1) for i in range(len(channels))]
    lefts, left = [], 0
    for group in groups:
        lefts += [left + number * (size + _GAP_PX) for number in range(group)]
        left += group * (size + _GAP_PX) - _GAP_PX + _GROUP_GAP_PX
    height = len(rows) * (size + _GAP_PX) - _GAP_PX
    sheet = np.full((height, max(left - _GROUP_GAP_PX, 1), 3), _PAPER, np.uint8)
    for number, row in enumerate(rows):
        top = number * (size + _GAP_PX)
        for crop, left in zip(row, lefts, strict=True):
            sheet[top : top + size, left : left + size] = crop
    return sheet
