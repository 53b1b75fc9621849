"""How a cell of a record becomes a net's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cellscreen.errors import ConfigError

CellFit = Literal["stretch", "pad"]
SIZES = (8, 512)


@dataclass(frozen=True)
class CellInput:
    """How a cell becomes the net's input; but for turning the same in training and scoring.

    Raises:
        ConfigError: a value that cannot work.

    Example:
        >>> CellInput(cell_size=64).cell_fit
        'stretch'
    """

    cell_size: int = 224  # side that a cell's box is resized to, px (paper 002, part 3)
    cell_fit: CellFit = "stretch"  # stretch makes every box a square, pad keeps the cell's shape
    turn_cells: bool = True  # whether training cells are turned and mirrored, all eight ways

    def __post_init__(self) -> None:
        low, high = SIZES
        if not low <= self.cell_size <= high:
            raise ConfigError(f"Expected cell_size of {low} to {high} px; got {self.cell_size}.")
        if self.cell_fit not in get_args(CellFit):
            words = ", ".join(get_args(CellFit))
            raise ConfigError(f"Expected cell_fit of {words}; got {self.cell_fit!r}.")
