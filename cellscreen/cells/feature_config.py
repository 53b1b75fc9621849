"""Which features are measured, and how."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from cellscreen.errors import ConfigError

GROUPS = ("shape", "levels", "spread", "texture", "radial", "granularity", "neighbours")
PAPER_002_GROUPS = ("shape", "levels")
MOST_LEVELS = 256


@dataclass(frozen=True)
class FeatureConfig:
    """Groups of features and their parameters; the usual ones are CellProfiler's.

    Raises:
        ConfigError: a value that cannot work.
    """

    groups: tuple[str, ...] = GROUPS  # of GROUPS; PAPER_002_GROUPS are the quick ones
    texture_scales: tuple[int, ...] = (3,)  # px between the pixels of a pair
    grey_levels: int = 256  # of texture, 2 to 256
    # Lowest and highest value of a channel for texture; else the full range of the plane's type,
    # for floats 0 to 1, and for floats beyond that the plane's own range, which no other shares.
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    rings: int = 4  # of the radial distribution
    granularity_length: int = 16  # numbers in a spectrum
    granularity_reduction: int = 4  # px of a block's side: CellProfiler's subsampling of 0.25
    background_radius: int = 10  # of the disc that finds granularity's background, in blocks
    neighbour_distance_px: int = 1  # how near a neighbour is; 1 is side by side
    threads: int = 1  # over objects; 1 where fields are measured in several threads or processes

    def __post_init__(self) -> None:
        unknown = sorted(set(self.groups) - set(GROUPS))
        if unknown or not self.groups:
            raise ConfigError(
                f"Expected groups of {', '.join(GROUPS)}; got {', '.join(unknown) or 'none'}."
            )
        for name in ("rings", "granularity_length", "granularity_reduction", "threads"):
            self._check(name, getattr(self, name), 1)
        self._check("background_radius", self.background_radius, 0)
        self._check("neighbour_distance_px", self.neighbour_distance_px, 1)
        self._check("grey_levels", self.grey_levels, 2, MOST_LEVELS)
        for scale in self.texture_scales:
            self._check("texture_scales", scale, 1)
        for channel, (low, high) in self.limits.items():
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise ConfigError(
                    f"Expected a lowest and a higher value as limits of {channel}; "
                    f"got {low} and {high}."
                )

    @staticmethod
    def _check(name: str, value: int, least: int, most: float = math.inf) -> None:
        if not least <= value <= most:
            upper = "" if most == math.inf else f" and at most {most}"
            raise ConfigError(f"Expected {name} of at least {least}{upper}; got {value}.")
