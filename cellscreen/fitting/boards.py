"""What TensorBoard shows of a fit beside its curves: inputs, held-out answers, the HParams tab."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from tensorboard.plugins.hparams import api

from cellscreen.judging.curves import answer_pictures
from cellscreen.judging.metrics import METRICS, class_metrics, probabilities_of


class EpochBoard(keras.callbacks.TensorBoard):
    """Keras' TensorBoard callback, whose figures of an epoch do not depend on `update_freq`.

    Keras writes them only where the epoch's last step is one that it writes scalars of. Steps are
    counted on where a fit goes on.
    """

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Takes up the count of steps."""
        self._global_train_batch = int(self.model.optimizer.iterations.numpy())
        super().on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Writes the figures and histograms of an epoch."""
        with tf.summary.record_if(True):
            super().on_epoch_end(epoch, logs)


def write_inputs(folder: str | Path, inputs: Mapping[str, np.ndarray]) -> None:
    """Shows a few example inputs of a fit.

    Args:
        folder: TensorBoard log folder of the fit.
        inputs: by name, such as `raw` and `augmented`, `(n, height, width, channels)` float32 in
            [0, 1] or uint8.

    Example:
        >>> write_inputs("run/fold_0/logs", {"raw": images})  # doctest: +SKIP
    """
    with _writing(str(folder), step=0):
        for name, images in inputs.items():
            tf.summary.image(f"inputs/{name}", tiles(images), max_outputs=len(images))


def write_answers(
    folder: str | Path,
    classes: tuple[str, ...],
    answers: pd.DataFrame,
    settings: Mapping[str, Any],
    epoch: int,
) -> None:
    """Shows what a fitted net answers: confusion matrix, curves, and figures for the HParams tab.

    Args:
        folder: TensorBoard log folder of the fit.
        classes: class names.
        answers: `label, p_<class>…` of images that the net was not trained on; rows of label -1
            are left out.
        settings: the run's config, flat.
        epoch: at which the answers stand.

    Example:
        >>> write_answers(logs, ("a", "b"), answers, {"net": "plain"}, 40)  # doctest: +SKIP
    """
    answers = answers[answers["label"] >= 0]
    if answers.empty:
        return
    labels = answers["label"].to_numpy()
    probabilities = probabilities_of(answers, classes)
    if not np.isnan(probabilities).any():
        with _writing(str(folder), step=epoch):
            for name, pixels in answer_pictures(labels, probabilities, classes).items():
                tf.summary.image(f"held_out/{name}", pixels[None])
    figures = class_metrics(labels, probabilities, classes)
    write_hparams(folder, settings, {name: figures[name] for name in METRICS})


def write_hparams(
    folder: str | Path, settings: Mapping[str, Any], figures: Mapping[str, float]
) -> None:
    """Writes a run's settings and final figures for TensorBoard's HParams tab.

    Runs whose folders lie below one `--logdir` are compared there; those of equal settings, such
    as the folds of one run, are taken together.

    Args:
        folder: TensorBoard log folder of the fit or run.
        settings: flat config; sequences become text, None becomes empty.
        figures: final figures, written as `final/<name>`; undefined ones are left out.

    Example:
        >>> write_hparams("run/logs", {"net": "plain", "epochs": 3}, {"f1": 0.9})  # doctest: +SKIP
    """
    with _writing(str(folder), step=0):
        api.hparams({name: _flat(value) for name, value in settings.items()})
        for name, value in figures.items():
            if not math.isnan(value):
                tf.summary.scalar(f"final/{name}", value)


def tiles(images: np.ndarray) -> np.ndarray:
    """Images as TensorBoard can show them.

    Args:
        images: `(n, height, width, channels)`.

    Returns:
        The same if there are 1 or 3 channels, else the channels side by side,
        `(n, height, width × channels, 1)`.

    Example:
        >>> tiles(np.zeros((2, 8, 8, 5))).shape
        (2, 8, 40, 1)
    """
    n, height, width, channels = images.shape
    if channels in (1, 3):
        return images
    return np.moveaxis(images, 3, 2).reshape(n, height, channels * width, 1)


def _flat(value: Any) -> str | bool | int | float:
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)
    return value if isinstance(value, str | bool | int | float) else str(value or "")


@contextlib.contextmanager
def _writing(folder: str, step: int) -> Iterator[None]:
    writer = tf.summary.create_file_writer(folder)
    try:
        with writer.as_default(step=step):
            yield
    finally:
        writer.close()
