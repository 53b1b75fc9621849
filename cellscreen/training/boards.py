"""What TensorBoard shows of a fit beside its curves: example inputs and the confusion matrix."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf


class EdgeBoard(keras.callbacks.Callback):
    """Writes example inputs at the start and the held-out confusion matrix at the end.

    Args:
        folder: TensorBoard log folder of the fit.
        images: `(n, size, size, 1)` float32, a few augmented training inputs.
        held_out: batches of `(images, rows)`.
        labels: class number of each row; -1 rows are left out of the matrix.
        classes: class names.
    """

    def __init__(
        self,
        folder: Path,
        images: np.ndarray,
        held_out: tf.data.Dataset,
        labels: np.ndarray,
        classes: tuple[str, ...],
    ) -> None:
        super().__init__()
        self._writer = tf.summary.create_file_writer(str(folder))
        self._images, self._held_out = images, held_out
        self._labels, self._classes = labels, classes

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Writes the example inputs."""
        with self._writer.as_default(step=0):
            tf.summary.image("inputs/augmented", self._images, max_outputs=len(self._images))

    def on_train_end(self, logs: dict | None = None) -> None:
        """Writes the confusion matrix."""
        calls, rows = [], []
        for images, row in self._held_out:
            calls.append(np.argmax(self.model(images, training=False), axis=-1))
            rows.append(row.numpy())
        if not rows:
            return
        labels = self._labels[np.concatenate(rows)]
        matrix = confusion_matrix(labels, np.concatenate(calls), len(self._classes))
        with self._writer.as_default(step=self.params.get("epochs", 0)):
            tf.summary.image("confusion_matrix", draw_matrix(matrix, self._classes)[None])
        self._writer.close()


def confusion_matrix(labels: np.ndarray, calls: np.ndarray, n_classes: int) -> np.ndarray:
    """Counts, `(classes, classes)` int: row the true class, column the called one."""
    known = labels >= 0
    matrix = np.zeros((n_classes, n_classes), int)
    np.add.at(matrix, (labels[known], calls[known]), 1)
    return matrix


def draw_matrix(matrix: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """A confusion matrix as `(height, width, 3)` uint8."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 4), dpi=80, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot(xlabel="called", ylabel="true")
    axes.imshow(matrix, cmap="Blues")
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), classes)
    for (true, called), count in np.ndenumerate(matrix):
        dark = count > matrix.max() / 2
        axes.text(called, true, count, ha="center", va="center", color="w" if dark else "k")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]
