"""A few real steps on a copy of the state: whether XLA pays, and what a training will take."""

from __future__ import annotations

import logging
import math
import resource
import time
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from cellscreen.errors import ConfigError
from cellscreen.fitting.fitter import Fitter
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.task import Examples
from cellscreen.pipelines.order import Start

LOGGER = logging.getLogger(__name__)
STEPS = 3
WORTH_TRYING_S = 30.0


@dataclass(frozen=True)
class Trial:
    """What some steps took.

    Attributes:
        first_s: the first step, reading, tracing and compiling included, s.
        step_s: the median of the others, waiting for data included, s.
        memory_mb: the process' largest memory so far (of the GPU, where there is one), MB.
    """

    first_s: float
    step_s: float
    memory_mb: float

    def whole(self, steps: int) -> float:
        """Time of a training of so many steps, s."""
        return self.first_s + steps * self.step_s


def time_steps(fitter: Fitter, examples: Examples) -> Trial:
    """Times real steps, and leaves the fitter as it was."""
    state, batches, seconds = fitter.capture(), fitter.batches(examples, Start()), []
    for _ in range(1 + STEPS):
        started = time.monotonic()
        fitter.train_step(next(batches))["loss"].numpy()
        seconds.append(time.monotonic() - started)
    fitter.restore(state)
    return Trial(seconds[0], float(np.median(seconds[1:])), _memory_mb())


def choose_jit(fitter: Fitter, examples: Examples, steps: int, machine: Machine) -> bool:
    """Whether the training is done sooner with XLA, its compiling counted; sets the fitter so.

    XLA halves the time of some nets on CPUs and multiplies that of others. It is not tried where
    all steps take less than half a minute without it. Several workers decide on their mean.

    Args:
        fitter: not compiled yet.
        examples: of any fold.
        steps: of the whole training.
        machine: of the fitter.
    """
    plain = machine.agreed(time_steps(fitter, examples).whole(steps))
    if plain < WORTH_TRYING_S:
        LOGGER.info("XLA is off: all steps take about %.0f s without it.", plain)
        return False
    fitter.use_jit(True)
    compiled = machine.agreed(_compiled_time(fitter, examples, steps))
    jit = compiled < plain
    LOGGER.info(
        "XLA is %s: all steps would take about %.0f s with it and %.0f s without.",
        "on" if jit else "off",
        compiled,
        plain,
    )
    if not jit:
        fitter.use_jit(False)
    return jit


def require_jit(fitter: Fitter, examples: Examples) -> None:
    """Takes one compiled step on a copy of the state, so that what cannot work says so at once.

    Raises:
        ConfigError: XLA cannot compile the net.
    """
    state = fitter.capture()
    try:
        fitter.train_step(next(fitter.batches(examples, Start())))
    except tf.errors.OpError as error:
        raise ConfigError(
            f"XLA cannot compile this net here: {error.message.partition(chr(10))[0]}",
            fix="Give --jit=off, or --jit=auto, which takes it where it works and pays.",
        ) from error
    fitter.restore(state)


def _compiled_time(fitter: Fitter, examples: Examples, steps: int) -> float:
    try:
        return time_steps(fitter, examples).whole(steps)
    except tf.errors.OpError as error:
        LOGGER.warning("XLA cannot compile this net: %s", error.message.partition("\n")[0])
        return math.inf


def _memory_mb() -> float:
    gpus = tf.config.list_logical_devices("GPU")
    if gpus:
        names = [gpu.name.removeprefix("/device:") for gpu in gpus]
        return max(tf.config.experimental.get_memory_info(name)["peak"] for name in names) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
