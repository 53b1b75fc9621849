"""A plate as a block of characters, a well each, so that what is missing is seen at a glance."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from cellscreen.quality.plate_wells import row_name, to_grid

LEGEND = ". whole   1-9 sites lacking (+ more)   X no usable image   blank: not imaged"
_MOST = 9


def draw_plate(wells: pd.DataFrame) -> str | None:
    """Returns the wells of one plate as text: a line a row, a character a well.

    Args:
        wells: of one plate, by `Metadata_Well`; of `plate_wells.count_wells`.

    Returns:
        The text; None where wells have no place on a plate (dishes).

    Example:
        >>> wells = pd.DataFrame({"images": [2, 1], "lacking": [0, 1]}, index=["A01", "B03"])
        >>> print(draw_plate(wells))
             123
          A  .
          B    1
    """
    codes = wells["lacking"].astype(float).where(wells["images"] > 0, math.inf)
    grid = to_grid(codes)
    if grid is None:
        return None
    lines = [f"  {row_name(row):<2} {''.join(map(_sign, line))}" for row, line in enumerate(grid)]
    return "\n".join(line.rstrip() for line in [*_header(grid.shape[1]), *lines])


def _header(columns: int) -> list[str]:
    numbers = range(1, columns + 1)
    tens = "".join(str(number // 10) if number % 10 == 0 else " " for number in numbers)
    ones = "".join(str(number % 10) for number in numbers)
    return ["     " + line for line in (tens, ones) if line.strip()]


def _sign(lacking: float) -> str:
    if np.isnan(lacking):
        return " "
    if np.isinf(lacking):
        return "X"
    if lacking > _MOST:
        return "+"
    return str(int(lacking)) if lacking else "."
