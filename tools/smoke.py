"""Does training run on this machine, and how long is a step? On TensorFlow or on JAX.

    python tools/smoke.py                       # tiny nets, about a minute on two cores
    python tools/smoke.py --paper --steps=20    # widths, input and batch of paper.flags, for a GPU
    KERAS_BACKEND=jax python tools/smoke.py

Prints versions, the device, and for every edge net the time of a step on made-up maps: in float32
and bfloat16, compiled by XLA or not. On TensorFlow these are steps of `cellscreen train-edges`; on
JAX they are those of Keras' own `fit`, compiled always, as JAX is slow without. The exit status is
1 if a loss is not finite.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from cellscreen.fitting.fit_config import Precision
from cellscreen.models.edge_nets import EDGE_NETS, build_edge_net
from cellscreen.models.net_config import NetConfig

ROUNDS = 3
WAYS: tuple[tuple[Precision, bool], ...] = (
    ("float32", False),
    ("float32", True),
    ("mixed_bfloat16", False),
    ("mixed_bfloat16", True),
)
Trained = Callable[[int], float]


@dataclass(frozen=True)
class Load:
    """How much a step computes: side of the input in px, images a step, width of the nets."""

    size: int = 32
    batch: int = 8
    width: int = 4

    def net(self, name: str) -> keras.Model:
        """A net with fresh weights."""
        config = NetConfig(net=name, stem_width=self.width, growth=max(1, self.width // 2))  # type: ignore[arg-type]
        return build_edge_net(config, self.size, 2)

    def examples(self) -> tuple[np.ndarray, np.ndarray]:
        """Maps `(batch, size, size, 1)` float32 with a tenth of edge pixels, labels `(batch,)`."""
        drawn = np.random.default_rng(0).random((self.batch, self.size, self.size, 1))
        return (drawn < 0.1).astype(np.float32), np.arange(self.batch) % 2


TINY, PAPER = Load(), Load(size=128, batch=64, width=32)


def main(argv: Sequence[str]) -> int:
    """Prints the machine and a line a net."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--paper", action="store_true", help="the size of paper.flags")
    parser.add_argument("--steps", type=int, default=5, help="steps of each of three rounds")
    parser.add_argument("--nets", default=",".join(EDGE_NETS), help="which nets, with commas")
    asked = parser.parse_args(argv)
    load = PAPER if asked.paper else TINY
    for name, value in machine().items():
        print(f"{name}: {value}")
    print(f"step: {load.batch} maps of {load.size} x {load.size} px, width {load.width}")
    ways = [way for way in WAYS if way[1] or keras.backend.backend() != "jax"]
    print("ms a step (s for the first)", *(_word(*way) for way in ways), sep=" | ")
    losses: list[float] = []
    for name in asked.nets.split(","):
        cells = []
        for precision, jit in ways:
            first, step, loss = timed(trained(name, load, precision, jit), asked.steps)
            cells.append(f"{1000 * step:.1f} ({first:.1f})")
            losses.append(loss)
        print(name, *cells, sep=" | ", flush=True)
    if all(map(math.isfinite, losses)):
        return 0
    print("A loss is not finite.", file=sys.stderr)
    return 1


def machine() -> dict[str, str]:
    """Backend, versions and devices."""
    backend = keras.backend.backend()
    names = ("keras", "tensorflow", *(("jax", "jaxlib") if backend == "jax" else ()))
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    if backend == "jax":
        import jax

        devices = ", ".join(f"{device.device_kind} ({device.platform})" for device in jax.devices())
    else:
        from cellscreen.fitting.fit_config import MachineConfig
        from cellscreen.fitting.machine import Machine

        said = Machine(MachineConfig(strategy="none")).describe()
        devices = f"{said['devices']} ({said['machine']})"
    return {"backend": backend, "versions": versions, "devices": devices}


def timed(train: Trained, steps: int) -> tuple[float, float, float]:
    """Seconds of the first step, seconds of a later one (median of rounds), and the last loss."""
    seconds, loss = [], 0.0
    for count in (1, *itertools.repeat(steps, ROUNDS)):
        started = time.perf_counter()
        loss = train(count)
        seconds.append((time.perf_counter() - started) / count)
    return seconds[0], statistics.median(seconds[1:]), loss


def trained(name: str, load: Load, precision: Precision, jit: bool) -> Trained:
    """A function that takes some steps and returns the last loss, once all are computed."""
    make = _by_keras if keras.backend.backend() == "jax" else _by_fitter
    keras.utils.set_random_seed(0)
    return make(name, load, precision, jit)


def _by_fitter(name: str, load: Load, precision: Precision, jit: bool) -> Trained:
    import tensorflow as tf

    from cellscreen.fitting.fit_config import (
        FitConfig,
        LossConfig,
        MachineConfig,
        OptimizerConfig,
    )
    from cellscreen.fitting.fitter import Fitter
    from cellscreen.fitting.losses import class_loss, is_right
    from cellscreen.fitting.machine import Machine
    from cellscreen.fitting.task import Task

    task = Task(lambda: load.net(name), class_loss(LossConfig(), 2), is_right)
    machine = Machine(MachineConfig(strategy="none", precision=precision))
    fitter = Fitter(task, FitConfig(batch_size=load.batch), OptimizerConfig(), machine, jit)
    images, labels = load.examples()
    weights, rows = np.ones(load.batch, np.float32), np.arange(load.batch)
    batch = tuple(map(tf.constant, (images, labels, weights, rows)))

    def train(count: int) -> float:
        for _ in range(count):
            sums = fitter.train_step(batch)
        return float(sums["loss"] / sums["n"])

    return train


def _by_keras(name: str, load: Load, precision: Precision, jit: bool) -> Trained:
    keras.config.set_dtype_policy(precision)
    model = load.net(name)
    keras.config.set_dtype_policy("float32")
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", jit_compile=jit)
    images, labels = load.examples()

    def train(count: int) -> float:
        many, called = np.tile(images, (count, 1, 1, 1)), np.tile(labels, count)
        return model.fit(many, called, batch_size=load.batch, verbose=0).history["loss"][-1]

    return train


def _word(precision: Precision, jit: bool) -> str:
    return f"{precision.removeprefix('mixed_')}{', XLA' if jit else ''}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
