"""The data of a training on single cells: cells, table, labels, folds; and each fold's parts."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.fitting.fold_parts import check_batch, fold_seed
from cellscreen.fitting.task import Examples, Questions, Validation
from cellscreen.models.tabular_branch import table_moments
from cellscreen.pipelines.balance import chosen_rows, class_weights, sampling_probabilities
from cellscreen.pipelines.cell_index import CellIndex
from cellscreen.pipelines.cell_pixels import CellPixels
from cellscreen.pipelines.cell_planes import plane_names
from cellscreen.pipelines.cells import CellInputs, TrainingCells, cell_questions, training_cells
from cellscreen.pipelines.folds import (
    LEFT_OUT,
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
from cellscreen.training.cells.config import CellsConfig
from cellscreen.training.cells.features import leaky_columns, refuse_leaky
from cellscreen.training.cells.fields import claim_fields
from cellscreen.training.cells.figures import fit_figures
from cellscreen.training.cells.labels import cell_labels
from cellscreen.training.cells.parts import cell_manifest, image_frame, used_cells, with_classes
from cellscreen.training.cells.text import describe_cells

LOGGER = logging.getLogger(__name__)
CELL_COUNT = "cell_count"


@dataclass(frozen=True)
class CellData:
    """What a training on single cells reads.

    Attributes:
        config: of the training; empty classes are filled.
        plates: prepared directories.
        index: the cells that are used, and where they lie.
        inputs: what nets take of them: planes, and the table `(cells, table features)` float32 with
            columns in the order of `config.net_config.table_features`, NaN where missing.
        intensities: `(cells, channels)` float32, mean intensities of each cell, for a baseline.
        images: the fold manifest of fields, row for row as `index.fields`.
        manifest: a row a cell, row for row as `index.cells`: `key, image, group, fold, inner,
            label, trained, checksum, Metadata_…`; a cell's key is `<its field's>:<object id>`.
        features: one-column features for baselines, on the manifest's index: the field's cells.
        counts: what preparation found, left out or joined, by name, for run.json.
        leaks: what the leak check says, of fields.
    """

    config: CellsConfig
    plates: list[Path]
    index: CellIndex
    inputs: CellInputs
    intensities: np.ndarray
    images: pd.DataFrame
    manifest: pd.DataFrame
    features: dict[str, pd.Series]
    counts: dict[str, Any]
    leaks: list[str]
    made: dict[int, TrainingCells] = field(default_factory=dict, repr=False)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the manifest's labels."""
        return self.config.data.classes

    @property
    def folds(self) -> list[int]:
        """The folds that are held out, each by one fit."""
        return held_out_folds(self.images)

    @property
    def planes(self) -> dict[str, tuple[str, ...]]:
        """Names of the planes of each image branch, as `build_cell_net` takes them."""
        return plane_names(self.config.net_config.branches, self.index.channels)

    def release(self) -> None:
        """Frees the planes that were kept in memory."""
        self.inputs.pixels.release()

    def claim(self, workdir: Path) -> None:
        """Writes what the fields were, or checks that an earlier start had the same.

        Raises:
            ConfigError: the records were built anew in another way.
        """
        claim_fields(workdir, self.plates)

    def trained_rows(self, fold: int) -> pd.Index:
        """The cells that a fold's net is trained on, after down-sampling of whole fields."""
        rows = self.manifest.index[training_rows(self.manifest, fold)]
        if self.config.balance.sampling != "downsample":
            return rows
        images = self.images[training_rows(self.images, fold)]
        seed = fold_seed(self.config.fit.seed, fold)
        chosen = chosen_rows(images, self.config.balance, seed)
        return rows[self.index.cells["field"].iloc[rows].isin(chosen)]

    def describe(self, fold: int) -> str:
        """What a fold is trained on, for the log."""
        return describe_cells(self.manifest.loc[self.trained_rows(fold)], self.config)

    def moments(self, fold: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of the table's columns over a fold's training cells alone."""
        return table_moments(self.inputs.table[self.trained_rows(fold)])

    def training(self, fold: int, disk: Path | None = None) -> Examples:
        """The training part of a fold; planes are computed once where there is room for them."""
        rows = np.concatenate([self.trained_rows(fold), self.validation_cells(fold)])
        self.inputs.pixels.keep(rows, disk)
        cells = self._training_cells(fold)
        keys = self.manifest["key"].to_numpy()
        return Examples(cells.batches, cells.count, lambda rows: list(keys[rows]))

    def held_out(self, fold: int) -> Questions:
        """What a fold's net is asked: all cells that the fold holds out, trained on or not."""
        rows = np.flatnonzero(held_out_rows(self.manifest, fold))
        return Questions(cell_questions(self.inputs, rows), len(rows))

    def validation_cells(self, fold: int) -> np.ndarray:
        """The cells that a fold sets apart, `(n,)` int64."""
        return np.flatnonzero(validation_rows(self.manifest, fold))

    def validation(self, fold: int) -> Validation | None:
        """The part of a fold's training groups that is set apart; None without one."""
        if not self.config.folds_config.validation_share:
            return None
        labels, rows = self.manifest["label"].to_numpy(), self.validation_cells(fold)

        def figures(rows: np.ndarray, answers: np.ndarray) -> dict[str, float]:
            return fit_figures(labels[rows], answers)

        return Validation(Questions(cell_questions(self.inputs, rows), len(rows)), figures)

    def examples(self, fold: int, count: int) -> dict[str, np.ndarray]:
        """Planes of a few cells, raw and turned, by branch: `(count, size, size, planes)`."""
        cells = self._training_cells(fold)
        some = dataclasses.replace(cells, rows=cells.rows[:count], probabilities=None)
        raw = next(iter(cell_questions(self.inputs, some.rows).batch(count)))[0]
        turned = next(iter(some.batches(Start(), Share(some.count))))[0]
        named = {"raw": raw, "augmented": turned}
        return {
            f"{name}_{branch}": inputs[branch].numpy()
            for name, inputs in named.items()
            for branch in self.config.net_config.branches
        }

    def _training_cells(self, fold: int) -> TrainingCells:
        rows, balance = self.trained_rows(fold).to_numpy(), self.config.balance
        labels, n_classes = self.manifest["label"].to_numpy(), len(self.classes)
        return training_cells(
            self.inputs,
            rows,
            labels,
            fold_seed(self.config.fit.seed, fold),
            class_weights(labels[rows], n_classes, balance),
            sampling_probabilities(labels[rows], n_classes, balance),
        )


def load_cells(config: CellsConfig) -> CellData:
    """Indexes the cells of the prepared plates, labels their fields and deals out folds.

    Folds are of whole fields, and so is the leak check.

    Raises:
        ConfigError: a column cannot be a feature, flows are missing, or the batch is larger than
            a fold's training part.
        DataError: labels or folds cannot carry the training, or no cell remains.
        RecordError: the prepared plates are missing or damaged.

    Example:
        >>> load_cells(CellsConfig(CellDataConfig("records"))).folds  # doctest: +SKIP
        [0, 1, 2, 3, 4]
    """
    wanted = config.data
    plates = prepared_plates(wanted.data_dir, wanted.dataset, wanted.records)
    used = used_cells(config, plates)
    index, table = used.index, used.table
    frame = image_frame(index)
    labels = cell_labels(frame, wanted)
    config = with_classes(config, labels.classes)
    trained = select(frame, wanted.train_where)
    folds, seed = config.folds_config, config.fit.seed
    images = assign_folds(frame, labels.labels, trained, folds, seed, labels.classes)
    manifest = cell_manifest(index, images)
    found = leaky_columns(
        table,
        config.net_config.table_features,
        manifest["label"].to_numpy(),
        index.cells["field"].to_numpy(),
    )
    leaks = leak_warnings(images, frame)
    leaks += refuse_leaky(found, config.net_config.leaky_features)
    for leak in leaks:
        LOGGER.warning("%s", leak)
    pixels = CellPixels(index, config.net_config.branches, config.cell_input)
    data = CellData(
        config,
        plates,
        index,
        CellInputs(pixels, table),
        used.intensities,
        images,
        manifest,
        {CELL_COUNT: index.of_cells(frame["cells"]).astype(np.float64)},
        used.counts | labels.counts | {"classes_left_out": images.attrs[LEFT_OUT]},
        leaks,
    )
    check_batch(data, "cell")
    return data
