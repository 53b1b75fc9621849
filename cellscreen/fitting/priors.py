"""The frequency of classes as a fit meets them, for losses that adjust logits by it."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from cellscreen.fitting.fit_config import LossConfig
from cellscreen.fitting.fitter import Fitter
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.trainer import FoldData
from cellscreen.pipelines.balance import BalanceConfig, sampling_probabilities


def class_prior(config: LossConfig, n_classes: int, machine: Machine) -> tf.Variable | None:
    """What a loss keeps the classes' frequencies in, all equal at first; None if it takes none.

    Example:
        >>> class_prior(LossConfig(logit_adjustment=1.0), 2, machine).numpy()  # doctest: +SKIP
        array([0.5, 0.5], dtype=float32)
    """
    if not config.logit_adjustment:
        return None
    with machine.scope():
        return tf.Variable(tf.fill([n_classes], 1 / n_classes), trainable=False)


def follow_prior(fitter: Fitter, data: FoldData, fold: int) -> None:
    """Gives a fit's loss the classes' frequencies in the fold's training part, if it takes them.

    Args:
        fitter: whose task may have a prior; changed.
        data: what is trained on.
        fold: the one that is held out.
    """
    if fitter.task.prior is not None:
        labels = data.manifest.loc[data.trained_rows(fold), "label"].to_numpy()
        balance: BalanceConfig = data.config.balance
        fitter.task.prior.assign(met_shares(labels, len(data.classes), balance))


def met_shares(labels: np.ndarray, n_classes: int, balance: BalanceConfig) -> np.ndarray:
    """How often each class is met: as often as it is there, or as it is drawn.

    Args:
        labels: `(n,)` int, class numbers of the chosen rows.
        n_classes: of the net.
        balance: how rows are drawn.

    Returns:
        `(n_classes,)` float32 that sums to 1.

    Example:
        >>> met_shares(np.array([0, 0, 0, 1]), 2, BalanceConfig())
        array([0.75, 0.25], dtype=float32)
    """
    drawn = sampling_probabilities(labels, n_classes, balance)
    if drawn is not None:
        return drawn
    return (np.bincount(labels, minlength=n_classes) / len(labels)).astype(np.float32)
