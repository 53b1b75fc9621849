"""Turned and mirrored cells: all branches alike, and flows with their directions.

On 8-bit planes and a batch at a time: plane by plane in the graph it took half as long as the step
of a small net.
"""

from __future__ import annotations

import numpy as np

STEPS = 254  # an 8-bit plane's largest value; even, so that 0.5, no flow, is one and stays it


def turn_cells(planes: np.ndarray, coins: np.ndarray, flow_at: int | None = None) -> np.ndarray:
    """Turns cells by 0, 90, 180 or 270° and mirrors them or not, as three coins each say.

    A cell is mirrored at its rows' middle, then at its columns' middle, then at the diagonal. The
    flow's two directions turn with it: upside down, a flow upwards is one downwards. Nothing is
    interpolated. Features of the table that depend on the direction, such as orientation, are as
    they were measured.

    Args:
        planes: `(cells, size, size, planes)` uint8, from 0 to `STEPS`.
        coins: `(cells, 3)` bool, whether each of the three is done.
        flow_at: the plane of the flow in y, that in x behind it; None where there is no flow.

    Returns:
        A new array of the same shape and type.

    Example:
        >>> cell = np.array([[1, 2], [3, 4]], np.uint8)[None, ..., None]
        >>> turn_cells(cell, np.array([[True, False, False]]))[0, ..., 0].tolist()
        [[3, 4], [1, 2]]
    """
    turned = np.empty_like(planes)
    for y, x, diagonal in np.ndindex(2, 2, 2):
        cells = np.flatnonzero((coins == (bool(y), bool(x), bool(diagonal))).all(axis=1))
        some = planes[cells, :: -1 if y else 1, :: -1 if x else 1]
        turned[cells] = some.transpose(0, 2, 1, 3) if diagonal else some
        if flow_at is not None and len(cells):
            flow = turned[cells, :, :, flow_at : flow_at + 2]
            flow[..., 0] = STEPS - flow[..., 0] if y else flow[..., 0]
            flow[..., 1] = STEPS - flow[..., 1] if x else flow[..., 1]
            turned[cells, :, :, flow_at : flow_at + 2] = flow[..., ::-1] if diagonal else flow
    return turned
