"""Fits a small net with batch normalisation, dropout and augmentation; a program of the tests.

python tests/fitting/small_fit.py '{"folder": "...", "strategy": "mirrored", …}' writes the final
weights to <folder>/weights_<worker>.npz. tools/support_table.py runs it too.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from cellscreen.fitting.fit import fit
from cellscreen.fitting.fit_config import (
    FitConfig,
    LossConfig,
    MachineConfig,
    OptimizerConfig,
    Watch,
)
from cellscreen.fitting.fitter import Fitter
from cellscreen.fitting.losses import class_loss, is_right
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.task import Examples, Questions, Task, Validation
from cellscreen.pipelines.order import Share, Start, epochs_in_order

SIZE, ROWS = 12, 44
DEFAULTS = {
    "strategy": "none",
    "jit": False,
    "precision": "float32",
    "accumulation": 1,
    "ema": 0.9,
    "dropout": 0.3,
    "normalise": True,
    "epochs": 3,
    "batch_size": 8,
    "seconds": 1e9,
    "seed": 1,
    "validate": False,
    "nan_row": -1,
    "on_nonfinite": "stop",
    "clip_norm": 1.0,
}


def images() -> tuple[np.ndarray, np.ndarray]:
    """Noise; of class 1 where the left half is brighter."""
    generator = np.random.default_rng(0)
    labels = np.arange(ROWS) % 2
    pixels = generator.normal(size=(ROWS, SIZE, SIZE, 1)).astype(np.float32)
    pixels[labels == 1, :, : SIZE // 2] += 1
    return pixels, labels


def net(dropout: float, normalise: bool) -> keras.Model:
    """A net of some hundred weights."""
    inputs = keras.Input((SIZE, SIZE, 1))
    x = keras.layers.Conv2D(4, 3, strides=2)(inputs)
    if normalise:
        x = keras.layers.BatchNormalization(momentum=0.8)(x)
    x = keras.layers.Flatten()(keras.layers.ReLU()(x))
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    return keras.Model(
        inputs, keras.layers.Dense(2, activation="softmax", dtype="float32")(x), name="small"
    )


def task(options: dict) -> Task:
    """Two classes."""
    return Task(
        lambda: net(options["dropout"], options["normalise"]), class_loss(LossConfig(), 2), is_right
    )


def examples(options: dict) -> Examples:
    """All images, with noise added that follows from each example's number."""
    pixels, labels = images()
    if options["nan_row"] >= 0:
        pixels[options["nan_row"]] = np.nan
    rows = tf.data.Dataset.from_tensor_slices((np.arange(ROWS), pixels, labels)).cache()

    def augmented(number: tf.Tensor, example: tuple) -> tuple:
        row, image, label = example
        noise = tf.random.stateless_normal(image.shape, tf.stack([options["seed"], number]))
        return image + 0.1 * noise, label, tf.constant(1.0), row

    def batches(start: Start, share: Share) -> tf.data.Dataset:
        order = epochs_in_order(rows, ROWS, options["seed"], start, share)
        return order.map(augmented).batch(share.batch, drop_remainder=True).prefetch(2)

    return Examples(batches, ROWS, lambda chosen: [f"image {row}" for row in chosen])


def validation() -> Validation:
    """The first eleven images once more: no multiple of any batch."""
    pixels, labels = images()
    questions = tf.data.Dataset.from_tensor_slices((pixels[:11], np.arange(11)))

    def figures(rows: np.ndarray, answers: np.ndarray) -> dict[str, float]:
        assert sorted(rows) == list(range(11))
        return {"loss": float(-np.log(answers[np.arange(11), labels[rows]]).mean())}

    return Validation(Questions(questions, 11), figures)


def fitter(options: dict, machine: Machine) -> Fitter:
    """The net with its optimizer on an opened machine."""
    wanted = FitConfig(
        batch_size=options["batch_size"],
        accumulation=options["accumulation"],
        epochs=options["epochs"],
        seed=options["seed"],
        keep="best" if options["validate"] else "last",
        on_nonfinite=options["on_nonfinite"],
    )
    optimizer = OptimizerConfig(
        optimizer="adamw",
        learning_rate=0.01,
        schedule="cosine",
        warmup_epochs=0.5,
        clip_norm=options["clip_norm"],
        ema=options["ema"],
    )
    return Fitter(task(options), wanted, optimizer, machine, options["jit"])


def run(
    options: dict, machine: Machine, callbacks: Sequence[keras.callbacks.Callback] = ()
) -> tuple[Fitter, list[dict[str, float]]]:
    """One fit as told; returns the fitter and the figures of its epochs."""
    made = fitter(options, machine)
    made.reset(options["seed"])
    history = fit(
        made,
        examples(options),
        Path(options["folder"]),
        validation() if options["validate"] else None,
        callbacks,
        Watch(checkpoint_seconds=options["seconds"]),
    )
    return made, history


def replicas_agree(made: Fitter, machine: Machine) -> bool:
    """Whether every replica of this worker holds the same bits."""
    for variable in made.model.variables:
        first, *others = machine.strategy.experimental_local_results(variable.value)
        if any(not np.array_equal(first.numpy(), other.numpy()) for other in others):
            return False
    return True


def main() -> None:
    """Fits as the JSON in the first argument says."""
    options = DEFAULTS | json.loads(sys.argv[1])
    if options["strategy"] == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * 2
        )
    machine = Machine(MachineConfig(strategy=options["strategy"], precision=options["precision"]))
    made, _ = run(options, machine)
    path = Path(options["folder"]) / f"weights_{machine.worker}.npz"
    np.savez(path, *[variable.numpy() for variable in made.model.variables])
    print("replicas agree:", replicas_agree(made, machine))


if __name__ == "__main__":
    main()
