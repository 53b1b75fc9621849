"""Scores of cells: by the nets of a run, or by an exported model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from cellscreen.fitting import run_folder
from cellscreen.fitting.flags import config_from_json
from cellscreen.models.cell_nets import check_cells
from cellscreen.pipelines.cell_pixels import CellPixels
from cellscreen.pipelines.cell_planes import plane_names
from cellscreen.pipelines.cells import CellInputs, cell_questions
from cellscreen.pipelines.folds import held_out_folds, read_manifest
from cellscreen.records.table_fingerprint import rows_of
from cellscreen.serving.cells.export import KIND, columns_of
from cellscreen.serving.cells.graph import PROBABILITIES, input_specs
from cellscreen.serving.common.held_out import HeldFold, HeldOut, folds_of_rows
from cellscreen.serving.common.model_files import ASSETS, MODEL_FILE, model_id
from cellscreen.serving.common.scored import would_flatter
from cellscreen.serving.common.trained_on import TAKE_RUN, TrainedOn
from cellscreen.training.cells.config import CellsConfig
from cellscreen.training.cells.fields import CellFields, read_fields
from cellscreen.training.cells.parts import UsedCells

BATCH = 64
Net = Callable[[dict[str, tf.Tensor]], tf.Tensor]


class CellScorer(Protocol):
    """What scores cells: the nets of a run folder, or an exported model.

    Attributes:
        kind: `cells`.
        model_id: a name for the nets.
        columns: score columns, in the order of the classes.
        simulated: whether it was trained on simulated images.
        config: of the training, with what was asked for.
        fields: what the training's fields were.
    """

    kind: ClassVar[str]
    model_id: str
    columns: list[str]
    simulated: bool
    config: CellsConfig
    fields: CellFields

    def answer(self, used: UsedCells, images: pd.DataFrame) -> tuple[np.ndarray, list[HeldFold]]:
        """Answers every cell.

        Args:
            used: the cells and their table.
            images: their fields, of `training.cells.parts.image_frame`, row for row as
                `used.index.fields`.

        Returns:
            Probabilities `(cells, classes)` float32, and who answered for each field.

        Raises:
            ConfigError: the crops have other planes than the model's.
            ScoreError: a field cannot be scored honestly.
        """


class CellRunScorer:
    """Scores with the nets of a run folder: a field's cells by the net that held it, or its group,
    out; those of a group that no net saw by the mean over folds.

    Args:
        workdir: a finished run.
        asked: fields of `CellDataConfig` that are not to be as in the run.

    Raises:
        ConfigError: the run is not finished, or a field has a value that cannot work.
    """

    kind: ClassVar[str] = KIND

    def __init__(self, workdir: Path, asked: Mapping[str, Any] | None = None) -> None:
        self.config = _asked(run_folder.read_config_of(workdir, CellsConfig), asked)
        self.fields = read_fields(workdir)
        self.simulated = run_folder.read_summary(workdir)["simulated"]
        self.model_id = model_id(workdir)
        self.columns = columns_of(self.config.data.task, self.config.data.classes)
        manifest = read_manifest(workdir / run_folder.MANIFEST)
        models = {fold: run_folder.load_fold(workdir, fold) for fold in held_out_folds(manifest)}
        self._models = models
        self._nets = {fold: _net(model) for fold, model in models.items()}
        self._held_out = HeldOut(of_images(manifest), self.config.folds_config.fold_by)

    def answer(self, used: UsedCells, images: pd.DataFrame) -> tuple[np.ndarray, list[HeldFold]]:
        """See `CellScorer`."""
        channels = plane_names(self.config.net_config.branches, used.index.channels)
        for model in self._models.values():
            check_cells(model, self.config.cell_input.cell_size, channels)
        folds = folds_of_rows(self._held_out, rows_of(images), images["sha256"].tolist())
        of_field = np.array([-1 if one.fold is None else one.fold for one in folds])
        of_cell = of_field[used.index.cells["field"]]
        answers = np.empty((len(of_cell), len(self.columns)), np.float32)
        for fold in np.unique(of_cell):
            asked = list(self._nets.values()) if fold < 0 else [self._nets[int(fold)]]
            rows = np.flatnonzero(of_cell == fold)
            answers[rows] = ask(asked, self.config, used, rows)
        return answers, folds


class CellExportScorer:
    """Scores with an exported SavedModel, by the mean over its nets.

    Args:
        folder: of the exported version.
        asked: as of `CellRunScorer`.

    Raises:
        ConfigError: a field has a value that cannot work.
    """

    kind: ClassVar[str] = KIND

    def __init__(self, folder: Path, asked: Mapping[str, Any] | None = None) -> None:
        extra = folder / ASSETS
        about = json.loads((extra / MODEL_FILE).read_text(encoding="utf-8"))
        config = config_from_json(CellsConfig, json.dumps(about["config"]), extra)
        self.config = _asked(config, asked)
        self.fields = CellFields(**about["fields"])
        self.model_id, self.simulated = about["model_id"], about["simulated"]
        self.columns = about["outputs"][PROBABILITIES]
        self._trained_on = TrainedOn(extra, about["fold_by"])
        self._loaded = tf.saved_model.load(str(folder))

    def answer(self, used: UsedCells, images: pd.DataFrame) -> tuple[np.ndarray, list[HeldFold]]:
        """See `CellScorer`; every net answers for every field, so that none may have seen it."""
        rows = rows_of(images)
        for row, checksum in zip(rows, images["sha256"], strict=True):
            if checksum in self._trained_on.checksums:
                raise would_flatter("The exported model was trained on this image", row, TAKE_RUN)
        folds = [HeldFold(None, saw) for saw in self._trained_on.saw_groups(rows)]
        served = self._loaded.signatures["serve_cells"]
        nets = [lambda inputs: served(**inputs)[PROBABILITIES]]
        return ask(nets, self.config, used, np.arange(len(used.table))), folds


def ask(nets: Sequence[Net], config: CellsConfig, used: UsedCells, rows: np.ndarray) -> np.ndarray:
    """The mean of nets' probabilities for some cells, `(rows, classes)` float32."""
    pixels = CellPixels(used.index, config.net_config.branches, config.cell_input)
    questions = cell_questions(CellInputs(pixels, used.table), rows)
    batches = questions.batch(BATCH).prefetch(tf.data.AUTOTUNE)
    found = [
        np.mean([net(inputs).numpy() for net in nets], axis=0, dtype=np.float32)
        for inputs, _ in batches
    ]
    return np.concatenate(found)


def of_images(manifest: pd.DataFrame) -> pd.DataFrame:
    """A manifest of cells as one of their fields: trained on, if any of its cells was."""
    trained = manifest.groupby("image")["trained"].transform("any")
    fields = manifest.assign(key=manifest["image"], trained=trained)
    return fields.drop_duplicates("image").reset_index(drop=True)


def _net(model: keras.Model) -> Net:
    return tf.function(
        lambda inputs: model(inputs, training=False), input_signature=[input_specs(model)]
    )


def _asked(config: CellsConfig, asked: Mapping[str, Any] | None) -> CellsConfig:
    data = dataclasses.replace(config.data, **(asked or {}))
    return dataclasses.replace(config, data=data)
