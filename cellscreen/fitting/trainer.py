"""What tells one trainer from another: how its data are read, its net made, its answers judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
import pandas as pd

from cellscreen.fitting.fit_config import FitConfig, MachineConfig, OptimizerConfig
from cellscreen.fitting.fitter import Fitter
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.task import Examples, Validation
from cellscreen.pipelines.fold_config import FoldConfig


class RunConfig(Protocol):
    """What every trainer's config has: a frozen dataclass that names its trainer."""

    TRAINER: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def data(self) -> Any:
        """Which records, and what is asked of them; has `task`."""

    @property
    def folds_config(self) -> FoldConfig:
        """How examples are kept apart."""

    @property
    def optimizer_config(self) -> OptimizerConfig:
        """How weights follow gradients."""

    @property
    def fit(self) -> FitConfig:
        """One fit."""

    @property
    def machine(self) -> MachineConfig:
        """How the machine is used."""


class FoldData(Protocol):
    """What a training reads: examples with labels, dealt over folds."""

    @property
    def config(self) -> Any:
        """Of the training, resolved as far as the data decide it."""

    @property
    def plates(self) -> list[Path]:
        """Prepared directories."""

    @property
    def manifest(self) -> pd.DataFrame:
        """A row an example, of `folds.assign_folds`."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the manifest's labels."""

    @property
    def features(self) -> dict[str, pd.Series]:
        """One-column features for baselines, on the manifest's index."""

    @property
    def leaks(self) -> list[str]:
        """What the leak check says."""

    @property
    def folds(self) -> list[int]:
        """The folds that are held out, each by one fit."""

    def claim(self, workdir: Path) -> None:
        """Writes what a run folder keeps of the data, or checks that an earlier start kept it."""

    def release(self) -> None:
        """Frees the memory that examples were kept in; called when the run is concluded."""

    def trained_rows(self, fold: int) -> pd.Index:
        """The rows that a fold's net is trained on."""

    def describe(self, fold: int) -> str:
        """What a fold is trained on, for the log."""

    def training(self, fold: int, disk: Path | None = None) -> Examples:
        """The training part of a fold; `disk` is for what memory cannot keep."""

    def validation(self, fold: int) -> Validation | None:
        """The part of a fold's training groups that is set apart; None without one."""

    def examples(self, fold: int, count: int) -> dict[str, np.ndarray]:
        """A few inputs of a fold by name, `(count, height, width, channels)`."""


@dataclass(frozen=True)
class Judged:
    """What a training's answers are worth.

    Attributes:
        table: figures of the net and its baselines: `model, fold, metric, value, low, high`.
        tables: further tables by the name of their file in the run folder.
        said: what run.json says beside what every trainer's says.
        warnings: what is to be minded of the figures.
    """

    table: pd.DataFrame
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()


def as_it_is(fitter: Fitter, data: Any, fold: int) -> None:
    """Nothing but fresh weights is wanted before a fit."""
    del fitter, data, fold


Config = TypeVar("Config", bound=RunConfig)
Data = TypeVar("Data", bound=FoldData)


@dataclass(frozen=True)
class Trainer(Generic[Config, Data]):
    """A trainer: everything that `fold_fits.train_folds` does not know.

    Attributes:
        load: reads the data of a config, labels them and deals out folds.
        fitter: the net of a config with its optimizer; not compiled by XLA unless the config says.
        net: the net's name in tables.
        answers: what a fitted net answers of what its fold holds out: `key, label, …`, label -1
            where not trained on.
        judge: figures of the answers of all folds: of the trained rows, `key, group, fold, label,
            …`, and of all that were held out, `key, label, …`.
        show: writes a fold's answers for TensorBoard: logs, data, answers, settings, epochs.
        adapt: gives a fresh net what it takes from a fold's training part before the first step,
            such as the means of a table.
    """

    load: Callable[[Config], Data]
    fitter: Callable[[Config, Data, Machine], Fitter]
    net: Callable[[Config], str]
    answers: Callable[[Fitter, Data, int], pd.DataFrame]
    judge: Callable[[Data, pd.DataFrame, pd.DataFrame], Judged]
    show: Callable[[Path, Data, pd.DataFrame, Mapping[str, Any], int], None]
    adapt: Callable[[Fitter, Data, int], None] = as_it_is
