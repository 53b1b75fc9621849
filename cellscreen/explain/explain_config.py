"""What an explanation shows, and how often it draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from cellscreen.errors import ConfigError

AttentionOver = Literal["bag", "sets"]
_COUNTS = (
    "attention_sets",
    "map_fields",
    "gallery_cells",
    "gallery_compounds",
    "deletion_draws",
    "deletion_bags",
    "false_compounds",
    "explain_draws",
)


@dataclass(frozen=True)
class ExplainConfig:
    """What an explanation shows, and how often it draws.

    Raises:
        ConfigError: a value that cannot work.

    Example:
        >>> ExplainConfig(gallery_cells=6).attention_over
        'bag'
    """

    attention_over: AttentionOver = "bag"  # attention over all cells at once, or the mean of sets
    attention_sets: int = 50  # sets of that mean (MID, Methods: 50 for a prediction)
    map_fields: int = 6  # fields drawn with the attention of their cells
    gallery_cells: int = 6  # most and least relevant cells shown of a compound (MID, Fig. 3f-g)
    gallery_compounds: int = 8  # compounds with galleries
    deletion_shares: tuple[str, ...] = ("0.05", "0.1", "0.2", "0.5")  # of a bag's cells, removed
    deletion_draws: int = 10  # draws of as many cells at random
    deletion_bags: int = 200  # bags of the deletion test, dealt over groups
    false_compounds: int = 6  # most confidently wrong compounds shown
    explain_draws: int = 2000  # draws of every bootstrap

    def __post_init__(self) -> None:
        if self.attention_over not in get_args(AttentionOver):
            raise ConfigError(f"Expected attention_over bag or sets; got {self.attention_over!r}.")
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise ConfigError(f"Expected {name} of 1 or more; got {getattr(self, name)}.")
        if not self.shares or not all(0 < share < 1 for share in self.shares):
            raise ConfigError(
                f"Expected deletion_shares between 0 and 1; got {', '.join(self.deletion_shares)}."
            )

    @property
    def shares(self) -> tuple[float, ...]:
        """`deletion_shares` as numbers, NaN for what is none."""
        return tuple(map(_number, self.deletion_shares))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
