"""How the crops of a field or well become a net's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cellscreen.errors import ConfigError

BagUnit = Literal["field", "well"]


@dataclass(frozen=True)
class BagInput:
    """How a bag of crops becomes the net's input; the same in training and scoring.

    Raises:
        ConfigError: a value that cannot work.

    Example:
        >>> BagInput(bag_unit="field").bag_crops
        12
    """

    bag_crops: int = 12  # crops drawn for one example (MID, Methods: sequences of 12)
    bag_unit: BagUnit = "well"  # crops of one example come from a field or from a whole well

    def __post_init__(self) -> None:
        if self.bag_crops < 1:
            raise ConfigError(f"Expected bag_crops of 1 or more; got {self.bag_crops}.")
        if self.bag_unit not in get_args(BagUnit):
            raise ConfigError(f"Expected bag_unit field or well; got {self.bag_unit!r}.")
