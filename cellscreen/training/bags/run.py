"""Training on bags of crops: a fit for each fold, from config to run folder (MID)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import pandas as pd

from cellscreen.fitting.boards import write_answers
from cellscreen.fitting.conclusion import Result
from cellscreen.fitting.fit_config import UNWATCHED, Watch
from cellscreen.fitting.fitter import Fitter
from cellscreen.fitting.fold_fits import train_folds
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.priors import class_prior, follow_prior
from cellscreen.fitting.task import Task
from cellscreen.fitting.trainer import Trainer
from cellscreen.judging.calibration import fit_temperature
from cellscreen.judging.metrics import probabilities_of
from cellscreen.models.bag_nets import build_bag_net
from cellscreen.training.bags.config import BagsConfig
from cellscreen.training.bags.data import BagData, load_bags
from cellscreen.training.bags.figures import answer_columns, spread_columns, target_columns
from cellscreen.training.bags.judgement import judge_bags
from cellscreen.training.bags.losses import bag_loss, bag_measures
from cellscreen.training.bags.set_inference import SetInference

LOGGER = logging.getLogger(__name__)
_ANSWERS: dict[str, Literal["classes", "tasks", "value"]] = {
    "classes": "classes",
    "tasks": "tasks",
    "log_dose": "value",
}


def train_and_evaluate(config: BagsConfig, workdir: str | Path, watch: Watch = UNWATCHED) -> Result:
    """Trains one net per fold on sets of crops, and scores each held-out bag by many sets.

    MID, "MID Training and Inference": 12 crops drawn anew each epoch; 50 random sets, averaged, for
    a score. The run folder is that of `fold_fits.train_folds`, with `crops.json`, `levels.csv` and
    `doses.csv` beside.

    Args:
        config: what to train.
        workdir: the run folder, new or of the same config; of several workers one that all see.
        watch: how it is watched and saved.

    Raises:
        ConfigError: the run folder is of another config or of other data or in use, or the batch
            does not fit.
        DataError: labels or folds cannot carry the training, no bag has a cell, or a loss or answer
            became NaN or infinite.
        RecordError: the prepared plates are missing or damaged.

    Example:
        >>> config = BagsConfig(BagDataConfig("records", labels="herg.csv"))  # doctest: +SKIP
        >>> train_and_evaluate(config, "runs/herg").summary["levels"]["compound"]  # doctest: +SKIP
    """
    return train_folds(BAGS, config, workdir, watch)


def bag_fitter(config: BagsConfig, data: BagData, machine: Machine) -> Fitter:
    """The net of a config with its optimizer, not compiled by XLA unless the config says so."""
    kind, index = data.targets.kind, data.index
    outputs = len(data.targets.names)

    def build() -> keras.Model:
        return build_bag_net(
            config.net_config, index.crop_size, index.channels, outputs, _ANSWERS[kind]
        )

    prior = class_prior(config.loss_config, outputs, machine)
    loss, measures = bag_loss(config.loss_config, kind, outputs, prior), bag_measures(kind)
    task = Task(
        build,
        lambda targets, found: loss(targets, found["answer"]),
        lambda targets, found: measures(targets, found["answer"]),
        lambda found: found["answer"],
        prior,
    )
    jit = config.machine.jit == "on"
    return Fitter(task, config.fit, config.optimizer_config, machine, jit)


def answer_bags(model: keras.Model, data: BagData, rows: np.ndarray) -> pd.DataFrame:
    """What a net says of bags: means and SD over random sets of their crops.

    Args:
        model: of `build_bag_net`.
        data: the bags.
        rows: of `data.manifest`, `(n,)`.

    Returns:
        `key, label` (-1 where not trained on), `label_<task>…` or `value`, the answers, their
        `sd_…` over sets and `cells`; NaN for bags without cells.

    Raises:
        DataError: an answer is NaN or infinite.

    Example:
        >>> answer_bags(model, data, data.held_out(0))["p_toxic"]  # doctest: +SKIP
    """
    config = data.config
    inference = SetInference(model, config.bag_input.bag_crops, config.inference, config.fit.seed)
    manifest = data.manifest
    keys = manifest["key"].to_numpy()
    found = [inference.answer(data.index.read_crops(int(row)), keys[row]) for row in rows]
    known = manifest.iloc[rows].reset_index(drop=True)
    frame = known[["key"]].assign(label=known["label"].where(known["trained"], -1))
    frame = frame.assign(**target_columns(data.targets, rows))
    shape = (len(rows), len(data.targets.names))
    for names, part in (
        (answer_columns(data.targets), [one.mean for one in found]),
        (spread_columns(data.targets), [one.deviation for one in found]),
    ):
        values = np.array(part, np.float64).reshape(shape)
        frame = frame.assign(**{name: values[:, i] for i, name in enumerate(names)})
    return frame.assign(cells=data.index.bags["cells"].to_numpy()[rows])


def _answers(fitter: Fitter, data: BagData, fold: int) -> pd.DataFrame:
    """What a fold's net answers of the bags it did not see, and the temperature it would need."""
    frame = answer_bags(fitter.model, data, data.held_out(fold)).assign(fold=fold)
    if data.targets.kind != "classes" or not data.config.folds_config.validation_share:
        return frame
    seen = answer_bags(fitter.model, data, data.validation_bags(fold))
    probabilities = probabilities_of(seen, data.classes)
    return frame.assign(temperature=fit_temperature(seen["label"].to_numpy(), probabilities))


def _show(
    logs: Path, data: BagData, answers: pd.DataFrame, settings: Mapping[str, Any], epoch: int
) -> None:
    """Confusion matrix and curves, of classes only."""
    if data.targets.kind == "classes":
        write_answers(logs, data.classes, answers, settings, epoch)


BAGS = Trainer(
    load=load_bags,
    fitter=bag_fitter,
    net=lambda config: config.net_name,
    answers=_answers,
    judge=judge_bags,
    show=_show,
    adapt=follow_prior,
)
