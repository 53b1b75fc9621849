"""The data of a training on bags: crops, targets, folds; and each fold's parts."""

from __future__ import annotations

import dataclasses
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from cellscreen.atomic import write_text
from cellscreen.errors import ConfigError, DataError
from cellscreen.fitting.fold_parts import (
    check_batch,
    chosen_training_rows,
    describe_fold,
    fold_seed,
)
from cellscreen.fitting.task import Examples, Questions, Validation
from cellscreen.pipelines.bag_checks import bag_checksums, check_cells, check_fields
from cellscreen.pipelines.bag_index import BagIndex, index_bags
from cellscreen.pipelines.bag_memory import keep_in_memory
from cellscreen.pipelines.bags import TrainingBags, bag_questions, training_bags
from cellscreen.pipelines.balance import class_weights, sampling_probabilities
from cellscreen.pipelines.folds import (
    assign_folds,
    held_out_folds,
    held_out_rows,
    training_rows,
    validation_rows,
)
from cellscreen.pipelines.leaks import leak_warnings
from cellscreen.pipelines.order import Share, Start
from cellscreen.pipelines.records import prepared_plates
from cellscreen.pipelines.selection import select
from cellscreen.training.bags.config import BagDataConfig, BagsConfig
from cellscreen.training.bags.figures import fit_figures
from cellscreen.training.bags.targets import DOSE, BagTargets, bag_targets, with_classes

LOGGER = logging.getLogger(__name__)
CROPS, CELL_COUNT = "crops.json", "cell_count"


@dataclass(frozen=True)
class BagData:
    """What a training on bags reads.

    Attributes:
        config: of the training; empty classes are filled.
        plates: prepared directories.
        index: the bags and where their crops lie.
        targets: what is to be learned of each.
        manifest: a row a bag, row for row as `index.bags`.
        features: one-column features for baselines: the cell count.
        leaks: what the leak check says.
        made: training parts by fold, made once.
    """

    config: BagsConfig
    plates: list[Path]
    index: BagIndex
    targets: BagTargets
    manifest: pd.DataFrame
    features: dict[str, pd.Series]
    leaks: list[str]
    made: dict[int, TrainingBags] = field(default_factory=dict, repr=False)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the manifest's labels."""
        return self.targets.classes

    @property
    def folds(self) -> list[int]:
        """The folds that are held out, each by one fit."""
        return held_out_folds(self.manifest)

    def release(self) -> None:
        """Frees the crops that were kept in memory."""
        self.index.release()

    def claim(self, workdir: Path) -> None:
        """Writes size and channels of the crops, or checks that an earlier start had the same.

        Raises:
            ConfigError: the records were built anew with other crops.
        """
        path = workdir / CROPS
        ours = {"crop_size": self.index.crop_size, "channels": list(self.index.channels)}
        if not path.is_file():
            write_text(path, json.dumps(ours) + "\n")
            return
        theirs = json.loads(path.read_text(encoding="utf-8"))
        if theirs != ours:
            raise ConfigError(
                f"Expected the crops that this run began with, {_told(theirs)}; the records have "
                f"{_told(ours)}.",
                file=path,
                fix="Build the records as they were, or give another --workdir.",
            )

    def trained_rows(self, fold: int) -> pd.Index:
        """The rows that a fold's net is trained on, after down-sampling."""
        return chosen_training_rows(self.manifest, fold, self.config.balance, self.config.fit.seed)

    def describe(self, fold: int) -> str:
        """What a fold is trained on, for the log."""
        return describe_fold(self, fold, self.config.bag_input.bag_unit)

    def training(self, fold: int, disk: Path | None = None) -> Examples:
        """The training part of a fold, crops drawn anew each epoch; nothing is kept on disk."""
        del disk
        bags = self._training_bags(fold)
        keys = self.manifest["key"].to_numpy()
        return Examples(bags.batches, bags.count, lambda rows: list(keys[rows]))

    def held_out(self, fold: int) -> np.ndarray:
        """The rows that a fold's net is asked, all that it holds out: `(n,)` int64."""
        return np.flatnonzero(held_out_rows(self.manifest, fold))

    def validation_bags(self, fold: int) -> np.ndarray:
        """The rows that a fold sets apart, `(n,)` int64."""
        return np.flatnonzero(validation_rows(self.manifest, fold))

    def validation(self, fold: int) -> Validation | None:
        """The part of a fold's training groups that is set apart; None without one.

        Of each bag one draw is asked, the same every epoch.
        """
        if not self.config.folds_config.validation_share:
            return None
        rows, seed = self.validation_bags(fold), fold_seed(self.config.fit.seed, fold)
        asked = bag_questions(self.index, rows, self.config.bag_input, seed)

        def figures(rows: np.ndarray, answers: np.ndarray) -> dict[str, float]:
            return fit_figures(self.targets, rows, answers)

        return Validation(Questions(asked, len(rows)), figures)

    def examples(self, fold: int, count: int) -> dict[str, np.ndarray]:
        """A crop of a few bags, raw and augmented, `(count, size, size, channels)` float32."""
        bags = self._training_bags(fold)
        rows = bags.rows.numpy()[:count]
        raw = np.concatenate([self.index.read_crops(row, np.zeros(1, int)) for row in rows])
        first = next(iter(bags.batches(Start(), Share(len(rows)))))
        return {"raw": raw / np.float32(255), "augmented": first[0]["crops"][:, 0].numpy()}

    def _training_bags(self, fold: int) -> TrainingBags:
        if fold not in self.made:
            self.made[fold] = self._make_training_bags(fold)
        return self.made[fold]

    def _make_training_bags(self, fold: int) -> TrainingBags:
        rows, balance = self.trained_rows(fold).to_numpy(), self.config.balance
        labels = self.manifest["label"].to_numpy()
        n_classes = len(self.classes)
        of_classes = class_weights(labels[rows], n_classes, balance)
        return training_bags(
            self.index,
            rows,
            self.targets.values,
            self.config.bag_input,
            fold_seed(self.config.fit.seed, fold),
            weights=np.where(labels >= 0, of_classes[labels], 1).astype(np.float32),
            probabilities=sampling_probabilities(labels[rows], n_classes, balance),
            class_of=labels,
        )


def load_bags(config: BagsConfig) -> BagData:
    """Indexes the bags of the prepared plates, labels them and deals out folds.

    Bags without cells get a fold, and neither a score nor a part in training.

    Raises:
        ConfigError: the batch is larger than a fold's training part.
        DataError: labels or folds cannot carry the training, or no bag has a cell.
        RecordError: the prepared plates are missing or damaged.

    Example:
        >>> load_bags(BagsConfig(BagDataConfig("records"))).folds  # doctest: +SKIP
        [0, 1, 2, 3, 4]
    """
    plates = prepared_plates(config.data.data_dir, config.data.dataset, "bags")
    index = index_bags(plates, config.bag_input.bag_unit)
    index = keep_in_memory(index.selected(select(index.bags, config.data.where).to_numpy()))
    check_cells(index)
    frame = index.bags.assign(sha256=bag_checksums(index))
    config = dataclasses.replace(config, data=with_classes(frame, config.data))
    targets = bag_targets(frame, config.data)
    trained = _trainable(frame, config.data)
    folds, seed = config.folds_config, config.fit.seed
    manifest = assign_folds(frame, targets.labels, trained, folds, seed, targets.classes)
    manifest = _with_task_labels(manifest, targets)
    check_fields(index, manifest["fold"])
    leaks = leak_warnings(manifest, frame)
    for leak in leaks:
        LOGGER.warning("%s", leak)
    features = {CELL_COUNT: frame["cells"].astype(np.float64)}
    data = BagData(config, plates, index, targets, manifest, features, leaks)
    _check_tasks(data)
    check_batch(data, config.bag_input.bag_unit)
    return data


def _trainable(frame: pd.DataFrame, wanted: BagDataConfig) -> pd.Series:
    """Rows with cells that may be trained on; lower doses are told, wells without dose stay."""
    chosen = select(frame, wanted.train_where)
    if wanted.min_dose_um:
        if DOSE not in frame:
            raise ConfigError("Expected concentrations in the plate map beside --min_dose_um.")
        doses = pd.to_numeric(frame[DOSE], errors="coerce")
        low = chosen & (doses > 0) & (doses < wanted.min_dose_um)
        LOGGER.info(
            "%d of %d are below %g µM: scored only.", low.sum(), len(frame), wanted.min_dose_um
        )
        chosen &= ~low
    return chosen & (frame["cells"] > 0)


def _with_task_labels(manifest: pd.DataFrame, targets: BagTargets) -> pd.DataFrame:
    if targets.kind != "tasks":
        return manifest
    named = {f"label_{name}": targets.values[:, i] for i, name in enumerate(targets.names)}
    return manifest.assign(**named)


def _check_tasks(data: BagData) -> None:
    """Every task needs both of its classes in each training part.

    Raises:
        DataError: a part lacks one.
    """
    if data.targets.kind != "tasks":
        return
    for fold in data.folds:
        rows = np.flatnonzero(training_rows(data.manifest, fold))
        for number, name in enumerate(data.targets.names):
            missing = {0, 1} - set(data.targets.values[rows, number].tolist())
            if missing:
                raise DataError(
                    f"The training part of fold {fold} has no bag of class {sorted(missing)} of "
                    f"the task {name}.",
                    fix="Ask for fewer folds, or leave the task out of --tasks.",
                )


def _told(crops: dict) -> str:
    return f"{crops['crop_size']} px of {', '.join(crops['channels'])}"
