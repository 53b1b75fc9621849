"""Training on single cells: a fit for each fold, from config to run folder (papers 002 and 003)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from cellscreen.fitting.boards import write_answers, write_hparams
from cellscreen.fitting.conclusion import Result
from cellscreen.fitting.fit_config import UNWATCHED, Watch
from cellscreen.fitting.fitter import Fitter
from cellscreen.fitting.fold_fits import train_folds
from cellscreen.fitting.losses import class_loss, is_right
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.priors import class_prior, follow_prior
from cellscreen.fitting.task import Questions, Task
from cellscreen.fitting.trainer import Trainer
from cellscreen.judging.calibration import fit_temperature
from cellscreen.judging.metrics import probabilities_of
from cellscreen.models.cell_nets import build_cell_net
from cellscreen.models.tabular_branch import adapt_table
from cellscreen.training.cells.config import CellsConfig
from cellscreen.training.cells.data import CellData, load_cells
from cellscreen.training.cells.figures import fit_figures
from cellscreen.training.cells.judgement import judge_cells

MOST_DRAWN = 24  # classes of which curves and a confusion matrix can be read in TensorBoard


def train_and_evaluate(
    config: CellsConfig, workdir: str | Path, watch: Watch = UNWATCHED
) -> Result:
    """Trains one net per fold on cells, and judges cells, images, wells and compounds by votes.

    The run folder is that of `fold_fits.train_folds`, with `fields.json`, `levels.csv`, `bias.csv`,
    `classes.csv` and `confusions.csv` beside (`training.cells.judgement.judge_cells`).

    Args:
        config: what to train.
        workdir: the run folder, new or of the same config; of several workers one that all see.
        watch: how it is watched and saved.

    Raises:
        ConfigError: the run folder is of another config or of other data or in use, the batch does
            not fit, or a column cannot be a feature.
        DataError: labels or folds cannot carry the training, a column is constant in a fold, or a
            loss became NaN or infinite.
        RecordError: the prepared plates are missing or damaged.

    Example:
        >>> config = CellsConfig(CellDataConfig("records"))  # doctest: +SKIP
        >>> train_and_evaluate(config, "runs/cells").summary["levels"]["image"]  # doctest: +SKIP
    """
    return train_folds(CELLS, config, workdir, watch)


def cell_fitter(config: CellsConfig, data: CellData, machine: Machine) -> Fitter:
    """The net of a config with its optimizer, not compiled by XLA unless the config says so.

    Raises:
        DataError: a column of the table is constant or empty in a fold's training part.
    """
    n_classes = len(data.classes)

    def build() -> keras.Model:
        return build_cell_net(
            config.net_config, config.cell_input.cell_size, data.planes, n_classes
        )

    prior = class_prior(config.loss_config, n_classes, machine)
    loss = class_loss(config.loss_config, n_classes, prior)
    task = Task(build, loss, is_right, prior=prior)
    jit = config.machine.jit == "on"
    fitter = Fitter(task, config.fit, config.optimizer_config, machine, jit)
    for fold in reversed(data.folds):  # a column that a later fold cannot take is told at once
        adapt_cells(fitter, data, fold)
    return fitter


def adapt_cells(fitter: Fitter, data: CellData, fold: int) -> None:
    """Gives a net the means and variances of its table over a fold's training cells alone.

    Args:
        fitter: whose net and loss are changed.
        data: what is trained on.
        fold: the one that is held out.

    Raises:
        DataError: a column is constant or empty there.
    """
    if data.config.net_config.table_features:
        with fitter.machine.scope():
            adapt_table(fitter.model, *data.moments(fold))
    follow_prior(fitter, data, fold)


def answer_cells(fitter: Fitter, asked: Questions, data: CellData) -> pd.DataFrame:
    """What a net says of cells: `key, label, p_<class>…`; label -1 where not trained on."""
    rows, answers = fitter.predict(asked)
    known = data.manifest.iloc[rows].reset_index(drop=True)
    frame = known[["key"]].assign(label=known["label"].where(known["trained"], -1))
    answers = answers.astype(np.float64)  # as they are read back from predictions.csv
    named = pd.DataFrame(answers, columns=[f"p_{name}" for name in data.classes])
    return pd.concat([frame, named], axis=1)


def _answers(fitter: Fitter, data: CellData, fold: int) -> pd.DataFrame:
    """What a fold's net answers of the cells it did not see, and the temperature it would need."""
    validation = data.validation(fold)
    frame = answer_cells(fitter, data.held_out(fold), data).assign(fold=fold)
    if validation is None:
        return frame
    seen = answer_cells(fitter, validation.questions, data)
    probabilities = probabilities_of(seen, data.classes)
    return frame.assign(temperature=fit_temperature(seen["label"].to_numpy(), probabilities))


def _show(
    logs: Path, data: CellData, answers: pd.DataFrame, settings: Mapping[str, Any], epoch: int
) -> None:
    """Confusion matrix and curves where classes are few, else figures alone."""
    if len(data.classes) <= MOST_DRAWN:
        write_answers(logs, data.classes, answers, settings, epoch)
        return
    known = answers[answers["label"] >= 0]
    figures = fit_figures(known["label"].to_numpy(), probabilities_of(known, data.classes))
    write_hparams(logs, settings, figures)


CELLS = Trainer(
    load=load_cells,
    fitter=cell_fitter,
    net=lambda config: config.net_name,
    answers=_answers,
    judge=judge_cells,
    show=_show,
    adapt=adapt_cells,
)
