"""Training of edge nets: a fit for each fold of one group of images, from config to run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.fitting.boards import write_answers
from cellscreen.fitting.conclusion import Result
from cellscreen.fitting.fit_config import UNWATCHED, Watch
from cellscreen.fitting.fitter import Fitter
from cellscreen.fitting.fold_fits import train_folds
from cellscreen.fitting.losses import class_loss, is_right
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.priors import class_prior, follow_prior
from cellscreen.fitting.task import Questions, Task
from cellscreen.fitting.trainer import Judged, Trainer
from cellscreen.judging.baselines import baseline_predictions
from cellscreen.judging.calibration import fit_temperature
from cellscreen.judging.metrics import metrics_table, probabilities_of
from cellscreen.models.edge_nets import build_edge_net
from cellscreen.training.edges.config import EdgesConfig
from cellscreen.training.edges.data import EdgeData, load_edges


def train_and_evaluate(
    config: EdgesConfig, workdir: str | Path, watch: Watch = UNWATCHED
) -> Result:
    """Trains one net per fold and writes the run folder, as `fold_fits.train_folds`.

    Args:
        config: what to train.
        workdir: the run folder, new or of the same config; of several workers one that all see.
        watch: how it is watched and saved.

    Raises:
        ConfigError: the run folder is of another config or of other data or in use, or the batch
            does not fit.
        DataError: labels or folds cannot carry the training, or a loss became NaN or infinite.
        RecordError: the prepared plates are missing or damaged.

    Example:
        >>> config = EdgesConfig(DataConfig(data_dir="records"))  # doctest: +SKIP
        >>> train_and_evaluate(config, "runs/ac16").summary["below_baseline"]  # doctest: +SKIP
        []
    """
    return train_folds(EDGES, config, workdir, watch)


def edge_fitter(config: EdgesConfig, data: EdgeData, machine: Machine) -> Fitter:
    """The net of a config with its optimizer, not compiled by XLA unless the config says so."""
    n_classes = len(data.classes)
    prior = class_prior(config.loss_config, n_classes, machine)
    task = Task(
        lambda: build_edge_net(config.net_config, config.edge_input.input_size, n_classes),
        class_loss(config.loss_config, n_classes, prior),
        is_right,
        prior=prior,
    )
    jit = config.machine.jit == "on"
    return Fitter(task, config.fit, config.optimizer_config, machine, jit)


def _of_questions(fitter: Fitter, asked: Questions, data: EdgeData) -> pd.DataFrame:
    """Probabilities of rows of the manifest: `key, label, p_<class>…`; -1 where not trained on."""
    rows, answers = fitter.predict(asked)
    known = data.manifest.loc[rows].reset_index(drop=True)
    frame = known[["key"]].assign(label=known["label"].where(known["trained"], -1))
    answers = answers.astype(np.float64)  # as they are read back from predictions.csv
    return frame.assign(**{f"p_{name}": answers[:, i] for i, name in enumerate(data.classes)})


def _answers(fitter: Fitter, data: EdgeData, fold: int) -> pd.DataFrame:
    """What a fold's net answers of the images it did not see, and the temperature it would need."""
    validation = data.validation(fold)
    frame = _of_questions(fitter, data.held_out(fold), data).assign(fold=fold)
    if validation is None:
        return frame
    seen = _of_questions(fitter, validation.questions, data)
    probabilities = probabilities_of(seen, data.classes)
    return frame.assign(temperature=fit_temperature(seen["label"].to_numpy(), probabilities))


def _judge(data: EdgeData, predictions: pd.DataFrame, answers: pd.DataFrame) -> Judged:
    """Figures of the net beside those of its baselines, of trained rows alone."""
    del answers
    baselines = baseline_predictions(data.manifest, data.classes, data.features)
    net = data.config.net_config.net
    return Judged(metrics_table({net: predictions} | baselines, data.classes))


def _show(
    logs: Path, data: EdgeData, answers: pd.DataFrame, settings: Mapping[str, Any], epoch: int
) -> None:
    write_answers(logs, data.classes, answers, settings, epoch)


EDGES = Trainer(
    load=load_edges,
    fitter=edge_fitter,
    net=lambda config: config.net_config.net,
    answers=_answers,
    judge=_judge,
    show=_show,
    adapt=follow_prior,
)
