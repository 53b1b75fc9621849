"""How images are kept apart: the fold flags, their defaults and their bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cellscreen.errors import ConfigError

FoldMode = Literal["kfold", "leave_one_out", "holdout", "predefined"]
VALIDATION_SHARES = (0.01, 0.5)


@dataclass(frozen=True)
class FoldConfig:
    """How images are kept apart.

    Raises:
        ConfigError: a field is out of its bounds, or a fold CSV is given or missing by the mode.

    Example:
        >>> FoldConfig(fold_by="plate", fold_mode="leave_one_out").folds
        5
    """

    fold_mode: FoldMode = "kfold"  # held out: k parts in turn, every group, one share, by a CSV
    fold_by: str = "well"  # well (or dish), plate, position, compound, any column; site is leaky
    folds: int = 5  # number of folds of kfold, each held out once
    holdout_share: float = 0.2  # share of each class's images that holdout keeps from training
    fold_csv: str = ""  # for predefined: CSV of fold (a number, or train) and join columns
    validation_share: float = 0.0  # share of each fold's training groups set apart; 0 is none

    def __post_init__(self) -> None:
        if self.fold_mode not in get_args(FoldMode):
            words = ", ".join(get_args(FoldMode))
            raise ConfigError(f"Expected a fold_mode of {words}; got {self.fold_mode!r}.")
        if not self.fold_by:
            raise ConfigError("Expected fold_by, what is kept together; got an empty one.")
        if self.folds < 2:
            raise ConfigError(f"Expected 2 folds or more; got {self.folds}.")
        if not 0 < self.holdout_share < 1:
            raise ConfigError(
                f"Expected a holdout_share between 0 and 1; got {self.holdout_share}."
            )
        low, high = VALIDATION_SHARES
        if self.validation_share != 0 and not low <= self.validation_share <= high:
            raise ConfigError(
                f"Expected a validation_share of 0 (none), or {low} to {high}; got "
                f"{self.validation_share}."
            )
        self._check_csv()

    def _check_csv(self) -> None:
        predefined = self.fold_mode == "predefined"
        if predefined and not self.fold_csv:
            raise ConfigError("Expected --fold_csv with --fold_mode=predefined; got none.")
        if self.fold_csv and not predefined:
            raise ConfigError(
                f"Expected --fold_mode=predefined with --fold_csv; got {self.fold_mode}.",
                file=self.fold_csv,
            )

    @property
    def validation_parts(self) -> int:
        """Into how many parts training groups are dealt, one for validation; 0 without any."""
        return round(1 / self.validation_share) if self.validation_share else 0
