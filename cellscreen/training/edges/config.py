"""What a training of edge nets is asked for: composed dataclasses, every field a flag."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from cellscreen.errors import ConfigError
from cellscreen.fitting.fit_config import (
    FitConfig,
    LossConfig,
    MachineConfig,
    OptimizerConfig,
    check_fit,
)
from cellscreen.fitting.flags import check_types
from cellscreen.models.net_config import NetConfig
from cellscreen.pipelines.balance import BalanceConfig
from cellscreen.pipelines.edge_input import EdgeInput
from cellscreen.pipelines.fold_config import FoldConfig


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
    labels_by: Literal["", "inchikey", "first_block", "name", "pubchem_cid"] = ""  # compounds' key
    classes: tuple[str, ...] = ("normoxia", "hypoxia")  # class names, the negative one first

    def __post_init__(self) -> None:
        if not self.data_dir:
            raise ConfigError("Expected --data_dir, the root folder of prepared plates.")
        if self.labels and self.label_column:
            raise ConfigError("Expected either --label_column or --labels; got both.")
        if self.labels_by and not self.labels:
            raise ConfigError("Expected --labels, a table of compounds, beside --labels_by.")
        if len(self.classes) != 2 or len(set(self.classes)) != 2:
            raise ConfigError(f"Expected two different classes; got {list(self.classes)}.")
        if not self.task.isidentifier():
            raise ConfigError(f"Expected a task of letters, digits and _; got {self.task!r}.")


@dataclass(frozen=True)
class EdgesConfig:
    """A training of edge nets: one net on one group of images, a fit for each fold."""

    TRAINER: ClassVar[str] = "edges"

    data: DataConfig
    folds_config: FoldConfig = field(default_factory=FoldConfig)
    balance: BalanceConfig = field(default_factory=BalanceConfig)
    edge_input: EdgeInput = field(default_factory=EdgeInput)
    net_config: NetConfig = field(default_factory=NetConfig)
    loss_config: LossConfig = field(default_factory=LossConfig)
    optimizer_config: OptimizerConfig = field(default_factory=OptimizerConfig)
    fit: FitConfig = field(default_factory=FitConfig)
    machine: MachineConfig = field(default_factory=MachineConfig)

    def __post_init__(self) -> None:
        check_types(self)
        check_fit(self.fit, self.optimizer_config, self.folds_config.validation_share)
