"""What the vote of two experts asks for."""

from __future__ import annotations

import dataclasses

from cellscreen.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class VoteConfig:
    """One vote (hypoxia paper, II.D, with an error rate added)."""

    task: str = "hypoxia"  # task of the experts, the first word behind Score_
    positive: str = "hypoxia"  # class whose score an active compound lowers
    fdr: float = 0.10  # share of false ones among the active compounds (Benjamini-Hochberg)
    seed: int = 0  # seed of the random draws
    permutations: int = 150_000  # label exchanges to look at; all of them when there are fewer
    bootstraps: int = 2000  # draws of wells for the 95 % intervals
    images_per_line: int = 5  # images of a treatment and cell line that are expected (II.D)
    control_wells: int = 24  # vehicle wells of a batch and cell line below which to warn

    def __post_init__(self) -> None:
        if not 0 < self.fdr < 1:
            raise ConfigError(f"Expected fdr between 0 and 1, got {self.fdr}.")
        if self.seed < 0:
            raise ConfigError(f"Expected a seed of 0 or more, got {self.seed}.")
        for name in ("permutations", "bootstraps"):
            if getattr(self, name) < 100:
                raise ConfigError(f"Expected {name} of at least 100, got {getattr(self, name)}.")
