"""What a study on simulated plates asks: plates, nets, comparators."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from cellscreen.comparators.config import ComparatorConfig
from cellscreen.errors import ConfigError

MID = "transformer"
HEADS = (MID, "mean", "gated_attention", "vote")
_LEAST = {
    "compounds": 6,
    "doses": 1,
    "replicates": 1,
    "size_px": 32,
    "control_wells": 0,
    "poscon_wells": 0,
    "plate_seed": 0,
    "epochs": 0,
    "explained_bags": 0,
    "study_draws": 1,
}


@dataclass(frozen=True)
class StudyConfig:
    """A study: how much of a well a compound must change before a method sees it.

    Raises:
        ConfigError: a value that cannot work.

    Example:
        >>> StudyConfig(fractions=("0", "0.6")).shares
        (0.0, 0.6)
    """

    fractions: tuple[str, ...] = ("0", "0.05", "0.2", "0.6")  # of cells that a toxic compound hits
    seeds: tuple[str, ...] = ("0", "1", "2")  # of training: all for fraction 0, else the first
    set_heads: tuple[str, ...] = HEADS  # of the net; the transformer is MID, alone at fraction 0
    compounds: int = 100  # of which 47 % are toxic
    doses: int = 6  # of each compound, the highest first
    replicates: int = 3  # wells of each compound and dose
    size_px: int = 256  # side of a field, one a well
    control_wells: int = 24  # DMSO wells of a plate
    poscon_wells: int = 8  # wells of a plate with the positive control
    plate_seed: int = 0  # of the simulation
    recipe: str = "mid_quick.flags"  # flags of train-bags
    epochs: int = 8  # of the nets; 0: the recipe's
    explained_bags: int = 300  # wells whose attention is compared with the truth; 0: none
    study_draws: int = 1000  # resamples of compounds for every interval
    comparators_config: ComparatorConfig = field(
        default_factory=lambda: ComparatorConfig(crop_encoder="small", crop_width=16)
    )

    def __post_init__(self) -> None:
        if not self.shares or not all(0 <= share <= 1 for share in self.shares):
            raise ConfigError(
                f"Expected fractions from 0 to 1; got {', '.join(self.fractions) or 'none'}."
            )
        if not self.seeds or not all(seed.isascii() and seed.isdigit() for seed in self.seeds):
            raise ConfigError(f"Expected seeds of 0 or more; got {', '.join(self.seeds) or 'none'}")
        odd = [head for head in self.set_heads if head not in HEADS]
        if odd or MID not in self.set_heads:
            raise ConfigError(
                f"Expected set_heads among {', '.join(HEADS)}, {MID} (MID) one of them; got "
                f"{', '.join(self.set_heads)}."
            )
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise ConfigError(f"Expected {name} of {least} or more; got {getattr(self, name)}.")

    @property
    def shares(self) -> tuple[float, ...]:
        """`fractions` as numbers, NaN for what is none."""
        return tuple(map(_number, self.fractions))

    def seeds_of(self, head: str, share: float) -> tuple[int, ...]:
        """The seeds that a head is trained with at a fraction; where nothing is, MID with all."""
        numbers = tuple(map(int, self.seeds))
        if share:
            return numbers[:1]
        return numbers if head == MID else ()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
