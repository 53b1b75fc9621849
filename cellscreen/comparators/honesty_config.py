"""What a study of honesty asks of one net for single cells: splits, balances, ablations."""

from __future__ import annotations

from dataclasses import dataclass

from cellscreen.errors import ConfigError
from cellscreen.training.cells.config import CellsConfig

SITE, WELL, PLATE, LAYOUT = "site", "well", "plate", "layout"
SPLITS = (SITE, WELL, PLATE, LAYOUT)
BALANCES = (
    "none",
    "class_weights",
    "balanced_sampling",
    "downsampling",
    "focal",
    "logit_adjustment",
)
_MODES = ("kfold", "holdout")


@dataclass(frozen=True)
class HonestyConfig:
    """A net, and the questions that show what it learned (papers 002 and 003 ask the first only).

    All nets of a study are trained for all their epochs, without a validation part: a split by
    layout has too few groups for one, and nets are only alike where all are trained alike.

    Raises:
        ConfigError: a word is not known, or the folds cannot be dealt anew.

    Example:
        >>> HonestyConfig(CellsConfig(CellDataConfig("records"))).splits
        ('site', 'well', 'plate', 'layout')
    """

    cells: CellsConfig
    splits: tuple[str, ...] = SPLITS  # what is kept apart; what plates do not offer is left out
    balances: tuple[str, ...] = BALANCES  # remedies for unequal classes, at the split by well
    ablations: bool = True  # whether every set of branches is trained, at the split by well
    layout_column: str = "plate_map"  # metadata column that names the map of a plate
    boosted_trees: int = 100  # of LightGBM on the net's table, a class

    def __post_init__(self) -> None:
        _check_words("splits", self.splits, SPLITS)
        _check_words("balances", self.balances, BALANCES)
        if WELL not in self.splits:
            raise ConfigError(f"Expected splits with {WELL}, the one that others stand beside.")
        if self.boosted_trees < 1:
            raise ConfigError(f"Expected boosted_trees of 1 or more; got {self.boosted_trees}.")
        mode = self.cells.folds_config.fold_mode
        if mode not in _MODES:
            raise ConfigError(
                f"Expected a fold_mode of {' or '.join(_MODES)}, which can be dealt by site, well "
                f"and plate; got {mode}."
            )


def _check_words(name: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    odd = [word for word in given if word not in known]
    if odd or len(set(given)) < len(given):
        raise ConfigError(
            f"Expected {name} among {', '.join(known)}, each once; got {', '.join(given)}."
        )
