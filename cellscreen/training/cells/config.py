"""What a training on single cells is asked for: composed dataclasses, every field a flag."""

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
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.pipelines.balance import BalanceConfig
from cellscreen.pipelines.cell_input import CellInput
from cellscreen.pipelines.fold_config import FoldConfig

MultiLabel = Literal["joined", "first", "drop"]


@dataclass(frozen=True)
class CellDataConfig:
    """Which cells, what is asked of them, and where their table is from.

    Raises:
        ConfigError: fields contradict each other.

    Example:
        >>> CellDataConfig("records", label_column="target", multi_label="first").classes
        ()
    """

    data_dir: str = ""  # root folder of prepared plates, as given to `cellscreen build`
    dataset: Literal["cpjump1", "hcs"] = "cpjump1"  # the dataset they were prepared as
    records: Literal["cells", "paper_002"] = "cells"  # the --kind they were prepared as
    where: str = ""  # rows to use at all, e.g. "cell_line=U2OS"; empty is all
    train_where: str = ""  # rows to train on; the others get a fold and a score only
    task: str = "compound"  # name of the question, part of the score columns' names
    label_column: str = "pert_iname"  # metadata column with the class, such as target
    classes: tuple[str, ...] = ()  # its values that are classes; empty: all of the column
    negcon_class: str = "DMSO"  # class of negative controls whose column is empty; or none
    multi_label: MultiLabel = "joined"  # values A|B: a class as they are, A, or not trained on
    cell_table: str = ""  # a table of features (parquet or CSV) instead of the records' own
    cell_table_columns: str = ""  # CSV `ours,theirs` of the names of its columns; or as ours
    cell_table_match: Literal["number", "place"] = "number"  # by what its rows are cells of ours

    def __post_init__(self) -> None:
        if not self.data_dir:
            raise ConfigError("Expected --data_dir, the root folder of prepared plates.")
        if not self.label_column:
            raise ConfigError("Expected --label_column, the metadata column with the class.")
        if not self.task.isidentifier():
            raise ConfigError(f"Expected a task of letters, digits and _; got {self.task!r}.")
        if len(self.classes) == 1 or len(set(self.classes)) < len(self.classes):
            raise ConfigError(f"Expected two or more different classes; got {list(self.classes)}.")
        if self.cell_table_columns and not self.cell_table:
            raise ConfigError("Expected --cell_table beside --cell_table_columns; got none.")


@dataclass(frozen=True)
class CellsConfig:
    """A training on single cells: one net, a fit for each fold (papers 002, part 3, and 003, 2.2).

    Folds keep whole fields apart, never the cells of one. Optimizer and loss are paper 002's.

    Raises:
        ConfigError: parts contradict each other.

    Example:
        >>> CellsConfig(CellDataConfig("records")).folds_config.fold_by
        'well'
    """

    TRAINER: ClassVar[str] = "cells"

    data: CellDataConfig
    folds_config: FoldConfig = field(default_factory=FoldConfig)
    balance: BalanceConfig = field(default_factory=BalanceConfig)
    cell_input: CellInput = field(default_factory=CellInput)
    net_config: CellNetConfig = field(default_factory=CellNetConfig)
    loss_config: LossConfig = field(default_factory=lambda: LossConfig(label_smoothing=0.1))
    optimizer_config: OptimizerConfig = field(
        default_factory=lambda: OptimizerConfig("adamw", 1e-4, "step", 0.5, 5)
    )
    fit: FitConfig = field(default_factory=lambda: FitConfig(batch_size=512, epochs=50))
    machine: MachineConfig = field(default_factory=MachineConfig)

    def __post_init__(self) -> None:
        check_types(self)
        check_fit(self.fit, self.optimizer_config, self.folds_config.validation_share)
        if self.data.cell_table and not self.net_config.table_features:
            raise ConfigError(
                "Expected --table_features, columns of --cell_table that the net takes; got none."
            )

    @property
    def net_name(self) -> str:
        """How tables call the net: what goes in, and how it meets.

        Example:
            >>> CellsConfig(CellDataConfig("records")).net_name
            'mask_flow_concatenate'
        """
        table = ("table",) if self.net_config.table_features else ()
        return "_".join((*self.net_config.branches, *table, self.net_config.fusion))
