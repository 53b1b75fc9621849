"""Where each thing of a study lies, and that its folder is of one study only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cellscreen.comparators.claimed import claim_config
from cellscreen.comparators.study_config import StudyConfig

CONFIG = "study.json"
# What may change when a study goes on: each part of it is a folder of its own.
_FREE = ("fractions", "seeds", "set_heads", "explained_bags", "study_draws")


@dataclass(frozen=True)
class StudyFolder:
    """The folder of a study.

    Example:
        >>> StudyFolder(Path("study")).run(0.6, "transformer", 0)
        PosixPath('study/fraction_0.6/runs/transformer_0')
    """

    root: Path

    def of(self, share: float) -> Path:
        """Everything of one affected fraction."""
        return self.root / f"fraction_{share:g}"

    def images(self, share: float) -> Path:
        """Its simulated plates."""
        return self.of(share) / "plates"

    def records(self, share: float) -> Path:
        """Its prepared plates, bags and cells."""
        return self.of(share) / "records"

    def run(self, share: float, head: str, seed: int) -> Path:
        """A run folder."""
        return self.of(share) / "runs" / f"{head}_{seed}"

    def comparators(self, share: float, seed: int) -> Path:
        """The comparators on the folds of the runs of a seed."""
        return self.of(share) / "comparators" / str(seed)

    def curve(self, share: float) -> Path:
        """Figures against the crops of a set."""
        return self.of(share) / "patch_curve.csv"

    def explained(self, share: float) -> Path:
        """What attention is worth."""
        return self.of(share) / "explained"

    def claim(self, config: StudyConfig) -> None:
        """Makes the folder this study's, or checks that it is.

        Raises:
            ConfigError: it holds a study of other plates or nets; the message names the flags.
        """
        claim_config(self.root / CONFIG, config, "a study", _FREE)
