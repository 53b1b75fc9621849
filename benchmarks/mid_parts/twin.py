"""A PyTorch twin of the MID net, and the ways in which it is run; imported where torch is.

The net of `build_bag_net` with encoder=resnet18, set_head=transformer, norm=batch, norm_first:
the same layers, weights and loss. What ours does beside the answer (attention, roll-out, a mask in
the statistics) the twin does without.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import torch
from mid_parts.settings import Settings, Spent, seconds_of
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
    costs nothing and computes as many products: the twin is timed that way, in its favour.
    """

    def __init__(self, before: int, after: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.stride, self.kernel, self.exact = stride, kernel, False
        self.weight = nn.Parameter(torch.empty(after, before, kernel, kernel))
        self.norm = nn.BatchNorm2d(after, EPSILON, momentum=0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps `(n, before, size, size)` to `(n, after, …)`, normalised."""
        padding = self.kernel // 2
        if self.exact and self.stride > 1:
            x, padding = _same(x, self.kernel, 0.0), 0
        return self.norm(functional.conv2d(x, self.weight, None, self.stride, padding))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and what they are added to."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first = Convolution(before, after, 3, stride)
        self.second = Convolution(after, after, 3)
        changes = stride > 1 or before != after
        self.shortcut = Convolution(before, after, 1, stride) if changes else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps `(n, before, size, size)` to `(n, after, …)`."""
        return functional.relu(
            self.second(functional.relu(self.first(x))) + self.shortcut(x), inplace=True
        )


class TransformerBlock(nn.Module):
    """Pre-norm attention and perceptron; the last one follows the class token alone."""

    def __init__(self, settings: Settings, last: bool) -> None:
        super().__init__()
        units, self.heads, self.last = settings.units, settings.heads, last
        self.attention_norm = nn.LayerNorm(units, EPSILON)
        self.query, self.key, self.value, self.attended = (nn.Linear(units, units) for _ in "qkva")
        self.mlp_norm = nn.LayerNorm(units, EPSILON)
        self.hidden, self.mlp = (
            nn.Linear(units, settings.mlp_units),
            nn.Linear(settings.mlp_units, units),
        )
        self.drop = nn.Dropout(settings.dropout)

    def forward(self, tokens: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        """Tokens `(batch, 1 + crops, units)` and which may be attended to, to new tokens."""
        seen = self.attention_norm(tokens)
        rows, asked = (tokens[:, :1], seen[:, :1]) if self.last else (tokens, seen)
        query, key, value = (
            part(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part, x in ((self.query, asked), (self.key, seen), (self.value, seen))
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, keys[:, None, None])
        rows = rows + self.drop(self.attended(mixed.transpose(1, 2).flatten(2)))
        hidden = self.drop(functional.gelu(self.hidden(self.mlp_norm(rows))))
        return rows + self.drop(self.mlp(hidden))


class Twin(nn.Module):
    """Crops `(batch, crops, channels, size, size)` and a mask to logits `(batch, classes)`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        widths = [settings.width * 2**stage for stage in range(4)]
        self.stem = Convolution(settings.channels, widths[0], 7, 2)
        blocks = []
        for stage, width in enumerate(widths):
            before = widths[max(stage - 1, 0)]
            blocks += [BasicBlock(before, width, 2 if stage else 1), BasicBlock(width, width, 1)]
        self.blocks = nn.Sequential(*blocks)
        self.projection = nn.Linear(widths[-1], settings.units)
        self.token = nn.Parameter(torch.empty(1, 1, settings.units))
        depth = settings.depth
        self.set_blocks = nn.ModuleList(
            TransformerBlock(settings, n + 1 == depth) for n in range(depth)
        )
        self.set_norm = nn.LayerNorm(settings.units, EPSILON)
        self.answer = nn.Linear(settings.units, settings.classes)

    def forward(self, crops: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits `(batch, classes)`."""
        bags, count = mask.shape
        x = functional.relu(self.stem(crops.flatten(0, 1)), inplace=True)
        if self.stem.exact:
            x = functional.max_pool2d(_same(x, 3, -torch.inf), 3, 2)
        else:
            x = functional.max_pool2d(x, 3, 2, 1)
        embeddings = self.projection(self.blocks(x).mean((2, 3))).view(bags, count, -1)
        tokens = torch.cat([self.token.expand(bags, -1, -1), embeddings], 1)
        keys = functional.pad(mask, (1, 0), value=True)
        for block in self.set_blocks:
            tokens = block(tokens, keys)
        return self.answer(self.set_norm(tokens)[:, 0])

    def take(self, weights: Weights) -> None:
        """Copies the weights of our net, named as `mid_parts.ours` names them."""
        modules = {
            name: module
            for name, module in self.named_modules()
            if isinstance(module, nn.Linear | nn.LayerNorm)
        }
        for name, module in modules.items():
            kernel, bias = weights[name.replace("set_blocks.", "block_").replace(".", "_")]
            if isinstance(module, nn.Linear):
                kernel = kernel.reshape(module.in_features, module.out_features).T
            _set(module.weight, kernel)
            _set(module.bias, bias.ravel())
        _set(self.token, weights["token"][0])
        ours = [module for module in self.modules() if isinstance(module, Convolution)]
        for number, module in enumerate(ours):
            kernel, gamma, beta, mean, variance = weights[f"convolution_{number}"]
            norm = module.norm
            _set(module.weight, kernel.transpose(3, 2, 0, 1))
            for into, values in (
                (norm.weight, gamma),
                (norm.bias, beta),
                (norm.running_mean, mean),
                (norm.running_var, variance),
            ):
                _set(into, values)


class Runner:
    """One mode: a net with its optimizer, a training step and an inference call."""

    def __init__(self, mode: str, settings: Settings, weights: Weights) -> None:
        self._last, compiled = MODES[mode]
        torch.manual_seed(0)
        net = Twin(settings)
        net.take(weights)
        if self._last:
            net = net.to(memory_format=torch.channels_last)
        self.net = net
        self._call = torch.compile(net, mode="default") if compiled else net
        self._optimizer = torch.optim.Adam(net.parameters(), 1e-4, eps=1e-7, fused=True)
        self._loss = functools.partial(
            functional.cross_entropy, label_smoothing=settings.label_smoothing
        )

    def batch(self, crops: np.ndarray, mask: np.ndarray, labels: np.ndarray) -> tuple:
        """Our batch, as this mode wants it in memory."""
        pixels = torch.from_numpy(np.ascontiguousarray(np.moveaxis(crops, -1, 2)))
        if self._last:
            flat = pixels.flatten(0, 1).contiguous(memory_format=torch.channels_last)
            pixels = flat.unflatten(0, crops.shape[:2])
        return pixels, torch.from_numpy(mask), torch.from_numpy(labels)

    def train(self, pixels: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor) -> float:
        """One step; returns its loss, as our loop reads it."""
        self.net.train()
        self._optimizer.zero_grad(set_to_none=True)
        loss = self._loss(self._call(pixels, mask), labels)
        loss.backward()
        self._optimizer.step()
        return loss.item()

    def infer(self, pixels: torch.Tensor, mask: torch.Tensor, _: torch.Tensor) -> np.ndarray:
        """Probabilities `(batch, classes)`."""
        self.net.eval()
        with torch.inference_mode():
            return self._call(pixels, mask).softmax(-1).numpy()

    def check(self, pixels: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor) -> dict:
        """Answer, and loss and gradients' norm of a step, padded exactly and without dropout."""
        for module in self.net.modules():
            if isinstance(module, Convolution):
                module.exact = True
            elif isinstance(module, nn.Dropout):
                module.p = 0.0
        self.net.eval()
        with torch.no_grad():
            answer = self.net(pixels, mask).softmax(-1).numpy()
        self.net.train()
        loss = self._loss(self.net(pixels, mask), labels)
        loss.backward()
        norm = nn.utils.get_total_norm([parameter.grad for parameter in self.net.parameters()])
        return {"answer": answer, "loss": loss.item(), "norm": norm.item()}


def serve(connection: Connection, settings: Settings) -> None:
    """Answers `start`, `check` and `run`; runs in a process of its own."""
    torch.set_num_threads(settings.threads)
    calls: dict[tuple[str, str], Callable[[], Any]] = {}
    weights, given = connection.recv()
    while (asked := connection.recv()) is not None:
        verb, mode = asked
        if verb == "check":
            runner = Runner("eager", settings, weights)
            connection.send(runner.check(*runner.batch(*given)))
            continue
        try:
            connection.send(
                _timed(verb, mode, calls, functools.partial(Runner, mode, settings, weights), given)
            )
        except RuntimeError as error:  # what torch.compile raises without a C++ compiler, too
            connection.send(f"{type(error).__name__}: {str(error).strip().splitlines()[0]}")


def _timed(verb: str, mode: str, calls: dict, make: Callable[[], Runner], given: tuple) -> Spent:
    """Seconds of one call; the first makes the runner."""
    if (verb, mode) not in calls:
        runner = make()
        batch = runner.batch(*given)
        calls["train", mode] = functools.partial(runner.train, *batch)
        calls["infer", mode] = functools.partial(runner.infer, *batch)
    return seconds_of(calls[verb, mode])


def _same(x: torch.Tensor, kernel: int, value: float) -> torch.Tensor:
    """Pads as TensorFlow does for stride 2."""
    pads = []
    for size in (x.shape[-1], x.shape[-2]):
        more = max(((size + 1) // 2 - 1) * 2 + kernel - size, 0)
        pads += [more // 2, more - more // 2]
    return functional.pad(x, pads, value=value)


def _set(into: torch.Tensor, values: np.ndarray) -> None:
    with torch.no_grad():
        into.copy_(torch.from_numpy(np.array(values, np.float32)))
