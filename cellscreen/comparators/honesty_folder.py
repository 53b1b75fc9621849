"""Where each thing of a study of honesty lies, and that its folder is of one net only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cellscreen.comparators.claimed import claim_config
from cellscreen.comparators.honesty_config import HonestyConfig

CONFIG = "study.json"
# What may change when a study goes on: each part of it is a run of its own.
_FREE = ("splits", "balances", "ablations")


@dataclass(frozen=True)
class HonestyFolder:
    """The folder of a study of honesty.

    Example:
        >>> HonestyFolder(Path("honesty")).run("well")
        PosixPath('honesty/runs/well')
    """

    root: Path

    def run(self, name: str) -> Path:
        """A run folder, by its training's name."""
        return self.root / "runs" / name

    def boosted(self, split: str) -> Path:
        """Figures of LightGBM on the folds of a split."""
        return self.root / "lightgbm" / f"{split}.csv"

    def sanity(self, split: str) -> Path:
        """Controls against treated cells on the folds of a split."""
        return self.root / "sanity" / f"{split}.csv"

    def differences(self, split: str) -> Path:
        """How far models stand apart on the folds of a split."""
        return self.root / "differences" / f"{split}.csv"

    def claim(self, config: HonestyConfig) -> None:
        """Makes the folder this study's, or checks that it is.

        Raises:
            ConfigError: it holds a study of other flags; the message names them.
        """
        claim_config(self.root / CONFIG, config, "a study of honesty", _FREE)
