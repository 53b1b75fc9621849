"""What PyTorch twins of our nets share: layers padded as ours, and the ways in which they are run.

Imported where torch is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import torch
from timing.spent import Spent, seconds_of
from torch import nn
from torch.nn import functional

Weights = Mapping[str, list[np.ndarray]]
EPSILON = 1e-3  # Keras' of both normalisations
MODES = {  # by name: channels last, compiled
    "eager": (False, False),
    "eager, channels last": (True, False),
    "compiled": (False, True),
    "compiled, channels last": (True, True),
}


class Convolution(nn.Module):
    """A convolution padded as TensorFlow's `same`, and its normalisation.

    With even sizes and stride 2, `same` pads more behind than before, which PyTorch's own padding
    cannot. `exact` does so by an operation of its own; otherwise both sides get as much, which
    costs nothing and computes as many products: twins are timed that way, in their favour.
    """

    def __init__(
        self, before: int, after: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.stride, self.kernel, self.groups, self.exact = stride, kernel, groups, False
        self.weight = nn.Parameter(torch.empty(after, before // groups, kernel, kernel))
        self.norm = nn.BatchNorm2d(after, EPSILON, momentum=0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps `(n, before, size, size)` to `(n, after, …)`, normalised."""
        padding = self.kernel // 2
        if self.exact and self.stride > 1:
            x, padding = same_padding(x, self.kernel, 0.0), 0
        found = functional.conv2d(x, self.weight, None, self.stride, padding, groups=self.groups)
        return self.norm(found)

    def take(self, kernel: np.ndarray, *norm: np.ndarray) -> None:
        """Copies a kernel of Keras and gamma, beta, mean and variance."""
        axes = (2, 3, 0, 1) if self.groups > 1 else (3, 2, 0, 1)
        set_values(self.weight, kernel.transpose(axes))
        take_norm(self.norm, *norm)


def take_norm(norm: nn.Module, *values: np.ndarray) -> None:
    """Copies gamma, beta, mean and variance."""
    into = norm.weight, norm.bias, norm.running_mean, norm.running_var
    for parameter, value in zip(into, values, strict=True):
        set_values(parameter, value)


def same_padding(x: torch.Tensor, kernel: int, value: float) -> torch.Tensor:
    """Pads as TensorFlow does for stride 2."""
    pads = []
    for size in (x.shape[-1], x.shape[-2]):
        more = max(((size + 1) // 2 - 1) * 2 + kernel - size, 0)
        pads += [more // 2, more - more // 2]
    return functional.pad(x, pads, value=value)


def set_values(into: torch.Tensor, values: np.ndarray) -> None:
    """Copies values."""
    with torch.no_grad():
        into.copy_(torch.from_numpy(np.array(values, np.float32)))


@dataclass(frozen=True)
class Twin:
    """A net and how it is trained.

    Attributes:
        make: the net with our weights.
        lay_out: our batch as a mode wants it in memory: what is given, and whether channels are
            last; inputs, and labels behind them.
        optimizer: of a net.
        label_smoothing: of the loss.
    """

    make: Callable[[Weights], nn.Module]
    lay_out: Callable[[tuple, bool], tuple]
    optimizer: Callable[[nn.Module], torch.optim.Optimizer]
    label_smoothing: float


class Runner:
    """One mode: a net with its optimizer, a training step and an inference call."""

    def __init__(self, mode: str, twin: Twin, weights: Weights) -> None:
        self._last, compiled = MODES[mode]
        torch.manual_seed(0)
        self._twin, self.net = twin, twin.make(weights)
        if self._last:
            self.net = self.net.to(memory_format=torch.channels_last)
        self._call = torch.compile(self.net, mode="default") if compiled else self.net
        self._optimizer = twin.optimizer(self.net)
        self._loss = functools.partial(
            functional.cross_entropy, label_smoothing=twin.label_smoothing
        )

    def batch(self, given: tuple) -> tuple:
        """Our batch, as this mode wants it in memory."""
        return self._twin.lay_out(given, self._last)

    def train(self, *batch: torch.Tensor) -> float:
        """One step; returns its loss, as our loop reads it."""
        *inputs, labels = batch
        self.net.train()
        self._optimizer.zero_grad(set_to_none=True)
        loss = self._loss(self._call(*inputs), labels)
        loss.backward()
        self._optimizer.step()
        return loss.item()

    def infer(self, *batch: torch.Tensor) -> np.ndarray:
        """Probabilities `(batch, classes)`."""
        self.net.eval()
        with torch.inference_mode():
            return self._call(*batch[:-1]).softmax(-1).numpy()

    def check(self, *batch: torch.Tensor) -> dict:
        """Answer, and loss and gradients' norm of a step, padded exactly and without dropout."""
        *inputs, labels = batch
        for module in self.net.modules():
            if isinstance(module, Convolution):
                module.exact = True
            elif isinstance(module, nn.Dropout):
                module.p = 0.0
        self.net.eval()
        with torch.no_grad():
            answer = self.net(*inputs).softmax(-1).numpy()
        self.net.train()
        loss = self._loss(self.net(*inputs), labels)
        loss.backward()
        norm = nn.utils.get_total_norm([parameter.grad for parameter in self.net.parameters()])
        return {"answer": answer, "loss": loss.item(), "norm": norm.item()}


def serve_twin(connection: Connection, twin: Twin, threads: int) -> None:
    """Answers `check`, `train` and `infer`; runs in a process of its own."""
    torch.set_num_threads(threads)
    calls: dict[tuple[str, str], Callable[[], Any]] = {}
    weights, given = connection.recv()
    while (asked := connection.recv()) is not None:
        verb, mode = asked
        if verb == "check":
            runner = Runner("eager", twin, weights)
            connection.send(runner.check(*runner.batch(given)))
            continue
        try:
            make = functools.partial(Runner, mode, twin, weights)
            connection.send(_timed(verb, mode, calls, make, given))
        except RuntimeError as error:  # what torch.compile raises without a C++ compiler, too
            connection.send(f"{type(error).__name__}: {str(error).strip().splitlines()[0]}")


def _timed(verb: str, mode: str, calls: dict, make: Callable[[], Runner], given: tuple) -> Spent:
    """Seconds of one call; the first makes the runner."""
    if (verb, mode) not in calls:
        runner = make()
        batch = runner.batch(given)
        calls["train", mode] = functools.partial(runner.train, *batch)
        calls["infer", mode] = functools.partial(runner.infer, *batch)
    return seconds_of(calls[verb, mode])
