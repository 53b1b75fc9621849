"""What a training is asked for: frozen dataclasses, composed; every field is a flag of its name."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from cellscreen.errors import ConfigError
from cellscreen.models.net_config import NetConfig
from cellscreen.pipelines.edges import EdgeInput


@dataclass(frozen=True)
class DataConfig:
    """Which records, and what is asked of them."""

    data_dir: str = ""  # root folder of prepared plates, as given to `cellscreen build`
    dataset: Literal["hypoxia", "hcs"] = "hypoxia"  # the dataset they were prepared as
    channel: str = ""  # the channel to learn from, where plates have several
    where: str = ""  # rows to use at all, e.g. "cell_line=AC16; hours=48"; empty is all
    train_where: str = ""  # rows to train on; the others get a fold and a score only
    task: str = "hypoxia"  # name of the question, part of the score columns' names
    label_column: str = ""  # metadata column with the class; condition if neither it nor labels
    labels: str = ""  # CSV with a column label and join columns, instead of label_column
    classes: tuple[str, ...] = ("normoxia", "hypoxia")  # class names, the negative one first

    def __post_init__(self) -> None:
        if not self.data_dir:
            raise ConfigError("Expected --data_dir, the root folder of prepared plates.")
        if self.labels and self.label_column:
            raise ConfigError("Expected either --label_column or --labels; got both.")
        if len(self.classes) != 2 or len(set(self.classes)) != 2:
            raise ConfigError(f"Expected two different classes; got {list(self.classes)}.")
        if not self.task.isidentifier():
            raise ConfigError(f"Expected a task of letters, digits and _; got {self.task!r}.")


@dataclass(frozen=True)
class FoldConfig:
    """How images are kept apart."""

    fold_by: str = "well"  # well (or dish), plate, position, compound, any column; site is leaky
    folds: int = 5  # number of folds, each held out once

    def __post_init__(self) -> None:
        if self.folds < 2:
            raise ConfigError(f"Expected 2 folds or more; got {self.folds}.")


@dataclass(frozen=True)
class FitConfig:
    """One fit (hypoxia paper, II.A.2)."""

    batch_size: int = 64  # images a step
    epochs: int = 150  # passes over the training part of a fold
    learning_rate: float = 1e-4  # of Adam, at the start
    decay: float = 0.98  # factor on the learning rate after every epoch
    seed: int = 0  # of folds, initial weights, order and augmentation

    def __post_init__(self) -> None:
        for name, low, high in (
            ("batch_size", 1, math.inf),
            ("epochs", 0, math.inf),
            ("learning_rate", 0, 10),
            ("decay", 0, 1),
            ("seed", 0, 2**31 - 1),
        ):
            value = getattr(self, name)
            positive = name not in ("seed", "epochs")
            if not (low <= value <= high) or (positive and value == 0):
                raise ConfigError(f"Expected {name} within {low} and {high}; got {value}.")


@dataclass(frozen=True)
class EdgesConfig:
    """A training of edge nets: k folds of one net on one group of images."""

    data: DataConfig
    folds_config: FoldConfig = field(default_factory=FoldConfig)
    edge_input: EdgeInput = field(default_factory=EdgeInput)
    net_config: NetConfig = field(default_factory=NetConfig)
    fit: FitConfig = field(default_factory=FitConfig)
