"""A net of single crops that learns which compound a cell got, as DeepProfiler's.

Weak supervision: every crop of a well has the well's compound as its class, the negative controls
being one more (Moshkov et al. 2024, Nature Communications 15:1594, "Learning representations for
image-based profiling of perturbations"; MID, CellProfiler and DeepProfiler data processing). The
classes of the task are never told to it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from cellscreen.comparators.config import ComparatorConfig
from cellscreen.comparators.levels import DOSE, NAME
from cellscreen.errors import ConfigError, DataError
from cellscreen.fitting.checkpoint import write_history
from cellscreen.fitting.fit import fit
from cellscreen.fitting.fit_config import (
    UNWATCHED,
    FitConfig,
    LossConfig,
    MachineConfig,
    OptimizerConfig,
    Watch,
)
from cellscreen.fitting.fitter import Fitter
from cellscreen.fitting.fold_parts import fold_seed
from cellscreen.fitting.losses import class_loss, is_right
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.task import Examples, Task
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.bag_nets import build_bag_net
from cellscreen.pipelines.bag_index import BagIndex
from cellscreen.pipelines.bag_input import BagInput
from cellscreen.pipelines.bags import TrainingBags, training_bags
from cellscreen.pipelines.folds import training_rows
from cellscreen.pipelines.order import Share, Start

LOGGER = logging.getLogger(__name__)
NO_XLA = MachineConfig(jit="off")


@dataclass(frozen=True)
class CropNet:
    """What the crop net of every fold is trained from.

    Attributes:
        index: all bags.
        manifest: the run's folds, row for row as `index.bags`.
        config: encoder, classes and fit.
        seed: of the fits.
        machine: strategy, XLA and precision; `auto` is off for XLA.
    """

    index: BagIndex
    manifest: pd.DataFrame
    config: ComparatorConfig
    seed: int = 0
    machine: MachineConfig = NO_XLA

    def train(self, fold: int, folder: Path, watch: Watch = UNWATCHED) -> keras.Model:
        """Trains the net of a fold, or goes on where a killed fit ended.

        Args:
            fold: whose held-out compounds it never sees.
            folder: of this fit.
            watch: how it is watched and saved.

        Returns:
            A bag net of head `mean`; `split_bag_net` gives its crop encoder.

        Raises:
            ConfigError: the manifest has no compounds.
            DataError: fewer than two of them are left to train on, or a loss became NaN.
        """
        rows, labels = crop_classes(self.manifest, fold, self.config)
        n_classes = int(labels.max()) + 1
        seed = fold_seed(self.seed, fold)
        bags = training_bags(
            self.index,
            rows,
            labels,
            BagInput(bag_crops=self.config.crops_of_bag),
            seed,
            probabilities=np.full(n_classes, 1 / n_classes, np.float32),
        )
        LOGGER.info("Crop net, fold %d: %d bags of %d classes.", fold, bags.count, n_classes)
        fitter = self._fitter(n_classes)
        fitter.reset(seed)
        folder.mkdir(parents=True, exist_ok=True)
        keys = self.index.bags["key"].to_numpy()
        examples = Examples(
            lambda start, share: single_crops(bags, start, share),
            bags.count * self.config.crops_of_bag,
            lambda found: list(keys[found]),
        )
        write_history(fit(fitter, examples, folder, watch=watch), folder)
        return fitter.model

    def _fitter(self, n_classes: int) -> Fitter:
        config, index = self.config, self.index
        net = BagNetConfig(
            encoder=config.crop_encoder,  # type: ignore[arg-type]
            encoder_width=config.crop_width,
            set_head="mean",
        )
        loss = class_loss(LossConfig(), n_classes)
        task = Task(
            lambda: build_bag_net(net, index.crop_size, index.channels, n_classes),
            lambda labels, outputs: loss(labels, outputs["answer"]),
            lambda labels, outputs: is_right(labels, outputs["answer"]),
            lambda outputs: outputs["answer"],
        )
        fitted = FitConfig(batch_size=config.crop_batch, epochs=config.crop_epochs, seed=self.seed)
        optimizer = OptimizerConfig(learning_rate=config.crop_learning_rate, schedule="cosine")
        return Fitter(task, fitted, optimizer, Machine(self.machine), self.machine.jit == "on")


def crop_classes(
    manifest: pd.DataFrame, fold: int, config: ComparatorConfig
) -> tuple[np.ndarray, np.ndarray]:
    """The rows that a fold's crop net learns from, and the class of each.

    Rows without a label of the task, such as controls, are learned from too, unless the fold
    holds them or their group out.

    Args:
        manifest: the run's folds.
        fold: which is held out.
        config: whether classes are compounds, or compounds at a concentration.

    Returns:
        Rows `(n,)` int64, and the class of every row of the manifest, `(rows,)` int64, -1 where a
        row is not learned from.

    Raises:
        ConfigError: the manifest has no compounds.
        DataError: fewer than two compounds are left.

    Example:
        >>> rows, labels = crop_classes(manifest, 0, ComparatorConfig())  # doctest: +SKIP
    """
    if NAME not in manifest:
        raise ConfigError("Expected compounds (pert_iname) for the crop net to tell apart.")
    names = manifest[NAME].fillna("").astype(str)
    spare = ~manifest["trained"] & (manifest["fold"] != fold)
    seen = (training_rows(manifest, fold) | spare) & (names != "")
    if config.crop_classes == "treatment" and DOSE in manifest:
        names = names + "@" + manifest[DOSE].astype(str)
    known = sorted(set(names[seen]))
    if len(known) < 2:
        raise DataError(f"Expected two compounds or more to tell apart; got {known}.")
    numbers: Mapping[str, int] = {name: number for number, name in enumerate(known)}
    labels = names.map(numbers).where(seen).fillna(-1).astype(np.int64)
    return np.flatnonzero(seen), labels.to_numpy()


def single_crops(bags: TrainingBags, start: Start, share: Share) -> tf.data.Dataset:
    """Endless batches in which every crop is a bag of its own, with the label of its bag.

    Args:
        bags: what is drawn from, a few crops of a bag at a time.
        start: where a fit begins or goes on.
        share: of crops; its batch a multiple of the crops of a bag.

    Returns:
        As `TrainingBags.batches`, crops `(batch, 1, size, size, channels)`.
    """
    each = bags.bag_input.bag_crops
    if share.batch % each:
        raise ConfigError(f"Expected batches of a multiple of {each} crops; got {share.batch}.")
    fewer = Share(share.batch // each, share.replicas, share.pipelines, share.pipeline)

    def apart(inputs: dict, labels: tf.Tensor, weights: tf.Tensor, rows: tf.Tensor) -> tuple:
        shape = inputs["crops"].shape
        crops = tf.reshape(inputs["crops"], (share.batch, 1, *shape[2:]))
        mask = tf.ones((share.batch, 1), tf.bool)
        labels, weights, rows = (tf.repeat(part, each) for part in (labels, weights, rows))
        return {"crops": crops, "mask": mask}, labels, weights, rows

    return bags.batches(start, fewer).map(apart, num_parallel_calls=tf.data.AUTOTUNE)
