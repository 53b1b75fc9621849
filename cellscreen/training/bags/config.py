"""What a training on bags of crops is asked for: composed dataclasses, every field a flag."""

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
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.pipelines.bag_input import BagInput
from cellscreen.pipelines.balance import BalanceConfig
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.plates.groups import LEAKY
from cellscreen.training.bags.inference_config import InferenceConfig

Target = Literal["classes", "tasks", "log_dose"]


@dataclass(frozen=True)
class BagDataConfig:
    """Which bags, and what is asked of them.

    Raises:
        ConfigError: fields contradict each other.

    Example:
        >>> BagDataConfig("records", labels="herg.csv", labels_by="name").target
        'classes'
    """

    data_dir: str = ""  # root folder of prepared plates, as given to `cellscreen build`
    dataset: Literal["hypoxia", "hcs"] = "hcs"  # the dataset they were prepared as
    where: str = ""  # rows to use at all, e.g. "cell_line=U2OS"; empty is all
    train_where: str = ""  # rows to train on; the others get a fold and a score only
    min_dose_um: float = 0.0  # lower doses are scored only; 0 trains on all (as MID)
    task: str = "toxicity"  # name of the question, part of the score columns' names
    target: Target = "classes"  # classes of one question, several binary tasks, or log10 dose
    label_column: str = ""  # metadata column with the class; of several tasks one each, by commas
    labels: str = ""  # CSV of labels instead; of several tasks one each, by commas
    labels_by: Literal["", "inchikey", "first_block", "name", "pubchem_cid"] = ""  # compounds' key
    classes: tuple[str, ...] = ("nontoxic", "toxic")  # negative first; empty: all of the column
    tasks: tuple[str, ...] = ()  # names of the binary tasks; classes are one pair, or a pair each

    def __post_init__(self) -> None:
        if not self.data_dir:
            raise ConfigError("Expected --data_dir, the root folder of prepared plates.")
        if self.labels and self.label_column:
            raise ConfigError("Expected either --label_column or --labels; got both.")
        if self.labels_by and not self.labels:
            raise ConfigError("Expected --labels, a table of compounds, beside --labels_by.")
        if not self.min_dose_um >= 0:
            raise ConfigError(f"Expected min_dose_um of 0 or more; got {self.min_dose_um}.")
        if not self.task.isidentifier():
            raise ConfigError(f"Expected a task of letters, digits and _; got {self.task!r}.")
        if bool(self.tasks) != (self.target == "tasks"):
            raise ConfigError(f"Expected --tasks with --target=tasks only; got {self.target}.")
        {
            "classes": self._check_classes,
            "tasks": self._check_tasks,
            "log_dose": self._check_dose,
        }[self.target]()

    def _check_classes(self) -> None:
        if not self.classes and (self.labels or not self.label_column):
            raise ConfigError("Expected --label_column beside empty --classes: all its values.")
        if len(self.classes) == 1 or len(set(self.classes)) < len(self.classes):
            raise ConfigError(f"Expected two or more different classes; got {list(self.classes)}.")

    def _check_tasks(self) -> None:
        count = len(self.tasks)
        if len(set(self.tasks)) < count or not all(name.isidentifier() for name in self.tasks):
            raise ConfigError(f"Expected different words as tasks; got {list(self.tasks)}.")
        sources = (self.labels or self.label_column).split(",")
        if len(sources) != count or not all(sources):
            raise ConfigError(
                f"Expected --labels or --label_column for each of {count} tasks, by commas; got "
                f"{sources}."
            )
        if len(self.classes) not in (2, 2 * count):
            raise ConfigError(
                f"Expected 2 classes, or 2 for each of {count} tasks; got {list(self.classes)}."
            )

    def _check_dose(self) -> None:
        if self.labels or self.label_column:
            raise ConfigError("Expected no labels with --target=log_dose: doses are metadata.")


@dataclass(frozen=True)
class BagsConfig:
    """A training on bags: one net, a fit for each fold (MID, "MID Training and Inference").

    Folds are by compound, as no site or well of a test compound may be seen. The paper names label
    smoothing, warm-up and cosine decay; their sizes here are ours.

    Raises:
        ConfigError: parts contradict each other.

    Example:
        >>> BagsConfig(BagDataConfig("records")).folds_config.fold_by
        'compound'
    """

    TRAINER: ClassVar[str] = "bags"

    data: BagDataConfig
    folds_config: FoldConfig = field(default_factory=lambda: FoldConfig(fold_by="compound"))
    balance: BalanceConfig = field(default_factory=BalanceConfig)
    bag_input: BagInput = field(default_factory=BagInput)
    net_config: BagNetConfig = field(default_factory=BagNetConfig)
    inference: InferenceConfig = field(default_factory=InferenceConfig)
    loss_config: LossConfig = field(default_factory=lambda: LossConfig(label_smoothing=0.1))
    optimizer_config: OptimizerConfig = field(
        default_factory=lambda: OptimizerConfig(schedule="cosine", warmup_epochs=5.0)
    )
    fit: FitConfig = field(default_factory=lambda: FitConfig(batch_size=8, epochs=50))
    machine: MachineConfig = field(default_factory=MachineConfig)

    def __post_init__(self) -> None:
        check_types(self)
        check_fit(self.fit, self.optimizer_config, self.folds_config.validation_share)
        if self.folds_config.fold_by == LEAKY and self.bag_input.bag_unit != "field":
            raise ConfigError(
                "Expected --bag_unit=field with --fold_by=site: a well has no site of its own."
            )
        if self.data.target != "classes" and self.loss_config.logit_adjustment:
            raise ConfigError(
                "Expected logit_adjustment 0 where no class is asked for; got "
                f"{self.loss_config.logit_adjustment} with --target={self.data.target}."
            )
        plain = self.loss_config.loss == "cross_entropy" and not self.loss_config.label_smoothing
        if self.data.target == "log_dose" and not plain:
            raise ConfigError(
                "Expected --loss=cross_entropy --label_smoothing=0 with --target=log_dose, whose "
                "loss is the squared error."
            )

    @property
    def net_name(self) -> str:
        """How tables call the net."""
        return f"{self.net_config.encoder}_{self.net_config.set_head}"
