"""Which comparators are trained beside a run of bags, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cellscreen.errors import ConfigError

LIGHTGBM, CROP_NET = "lightgbm_features", "crop_net"
INTENSITIES, CELL_COUNT, POSITION = "mean_intensities", "cell_count", "well_position"
COMPARATORS = (LIGHTGBM, CROP_NET, INTENSITIES, CELL_COUNT, POSITION)
ENCODERS = ("small", "resnet18", "resnet50", "efficientnet_b0")
STATISTICS = ("median", "mean")


@dataclass(frozen=True)
class ComparatorConfig:
    """Which comparators are trained, and how; nothing here was tuned on any plate.

    Raises:
        ConfigError: a value that cannot work.

    Example:
        >>> ComparatorConfig(crop_encoder="small").statistics
        ('median', 'mean')
    """

    comparators: tuple[str, ...] = COMPARATORS  # which of them are trained
    statistics: tuple[str, ...] = STATISTICS  # of a feature over a bag's cells, each a column
    trees: int = 200  # of LightGBM
    crop_encoder: str = "efficientnet_b0"  # of the crop net; small is for two cores
    crop_width: int = 0  # channels of its first stage, small and resnet18 only; 0: 32 and 64
    crop_classes: Literal["compound", "treatment"] = "compound"  # what the crop net tells apart
    crop_epochs: int = 10  # passes of the crop net over its bags
    crops_of_bag: int = 4  # crops that an epoch takes of each bag
    crop_batch: int = 64  # crops a step
    crop_learning_rate: float = 1e-3  # at the start; it falls to 0 by a cosine

    def __post_init__(self) -> None:
        _check_words("comparators", self.comparators, COMPARATORS)
        _check_words("statistics", self.statistics, STATISTICS)
        _check_words("crop_encoder", (self.crop_encoder,), ENCODERS)
        for name in ("trees", "crop_epochs", "crops_of_bag", "crop_batch"):
            if getattr(self, name) < 1:
                raise ConfigError(f"Expected {name} of 1 or more; got {getattr(self, name)}.")
        if self.crop_batch % self.crops_of_bag:
            raise ConfigError(
                f"Expected crop_batch to be a multiple of crops_of_bag, {self.crops_of_bag}; got "
                f"{self.crop_batch}."
            )


def _check_words(name: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    odd = [word for word in given if word not in known]
    if odd or not given:
        raise ConfigError(
            f"Expected {name} among {', '.join(known)}; got {', '.join(odd) or 'none'}."
        )
