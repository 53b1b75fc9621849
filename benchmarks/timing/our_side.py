"""Our side of a comparison of nets: the fitter's training step, the prediction step, the input."""

from __future__ import annotations

import collections
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from timing.spent import Spent, seconds_of

from cellscreen.fitting.fit_config import FitConfig, MachineConfig, OptimizerConfig
from cellscreen.fitting.fitter import Fitter
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.step import prediction_step
from cellscreen.fitting.task import Task
from cellscreen.pipelines.order import Share, Start

MODES = {"graph": False, "XLA": True}
# What a trace calls the same work: of oneDNN's kernels, of XLA's, and what holds others.
_HOLDS = re.compile(r"Executor|Process|step|TFE_|Eager|Run$|Execut|BlockUntil|FunctionRun|^call$")


class OurSide:
    """Our net, its steps with and without XLA, and one batch.

    Args:
        data: has `batches` of a start and a share.
        size: examples in a batch.
        task: the task, of a net without chance (dropout) or with it.
        optimizer: of the training step.
    """

    def __init__(
        self, data: Any, size: int, task: Callable[[bool], Task], optimizer: OptimizerConfig
    ) -> None:
        self._machine = Machine(MachineConfig(strategy="none"))
        keras.utils.set_random_seed(0)
        self.data, self._size, self._task, self._optimizer = data, size, task, optimizer
        self.batch = next(iter(data.batches(Start(), Share(size))))
        self._made: dict[tuple[str, bool], tuple[Fitter, Any]] = {}
        self._start = task(False).build().get_weights()

    @property
    def model(self) -> keras.Model:
        """A net with the weights that those of all modes begin with."""
        return self._steps("graph")[0].model

    def train(self, mode: str) -> Spent:
        """Seconds of one training step, its loss read as the loop reads it."""
        fitter, _ = self._steps(mode)
        return seconds_of(lambda: fitter.train_step(self.batch)["loss"].numpy())

    def infer(self, mode: str) -> Spent:
        """Seconds of the whole net's answer."""
        _, ask = self._steps(mode)
        return seconds_of(lambda: ask((self.batch[0], self.batch[3]))[1].numpy())

    def check(self, mode: str) -> dict[str, Any]:
        """Answer, and loss and gradients' norm of a step without chance."""
        fitter, ask = self._steps(mode, exact=True)
        answer = ask((self.batch[0], self.batch[3]))[1].numpy()
        figures = fitter.train_step(self.batch)
        norm, loss = figures["grad_norm"], figures["loss"] / figures["n"]
        del self._made[mode, True]
        return {"answer": answer, "loss": float(loss), "norm": float(norm)}

    def loop(self, mode: str, steps: int) -> tuple[float, float]:
        """Median seconds of a step of the loop, input included, and of its `next()`."""
        fitter, _ = self._steps(mode)
        batches = self.data.batches(Start(), Share(self._size)).__iter__()
        waited, whole = [], []
        for _ in range(steps + 1):
            began = time.perf_counter()
            batch = next(batches)
            waited.append(time.perf_counter() - began)
            fitter.train_step(batch)["loss"].numpy()
            whole.append(time.perf_counter() - began)
        return float(np.median(whole[1:])), float(np.median(waited[1:]))

    def input_alone(self, batches: int) -> float:
        """CPU seconds that making one batch takes, with no net beside."""
        made = self.data.batches(Start(), Share(self._size)).take(batches)
        began = time.process_time()
        for _ in made:
            pass
        return (time.process_time() - began) / batches

    def profile(self, mode: str) -> list[tuple[str, float, int]]:
        """The kinds of operation of one training step: name, ms over all threads, how many."""
        fitter, _ = self._steps(mode)
        with tempfile.TemporaryDirectory() as folder:
            with tf.profiler.experimental.Profile(folder):
                fitter.train_step(self.batch)["loss"].numpy()
            return _kinds(next(Path(folder).rglob("*.xplane.pb")))

    def _steps(self, mode: str, exact: bool = False) -> tuple[Fitter, Any]:
        if (mode, exact) not in self._made:
            task, config = self._task(exact), FitConfig(batch_size=self._size)
            fitter = Fitter(task, config, self._optimizer, self._machine, MODES[mode])
            fitter.model.set_weights(self._start)
            ask = prediction_step(task, fitter.model, self._machine, MODES[mode])
            self._made[mode, exact] = fitter, ask
        return self._made[mode, exact]


def use_threads(count: int) -> None:
    """Bounds TensorFlow's threads; called before anything else."""
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


def _kinds(trace: Path) -> list[tuple[str, float, int]]:
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace.FromString(trace.read_bytes())
    spent: Mapping[str, list[float]] = collections.defaultdict(list)
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                kind = re.sub(r"[.\d]+$|^_MklNative|^wrapped_", "", name.rpartition(":")[2])
                if not _HOLDS.search(kind):
                    spent[kind].append(event.duration_ps / 1e9)
    rows = [(kind, sum(times), len(times)) for kind, times in spent.items()]
    return sorted(rows, key=lambda row: -row[1])
