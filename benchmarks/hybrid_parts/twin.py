"""A PyTorch twin of paper 002's net: two EfficientNet-B0, a table, a gate; imported where torch is.

EfficientNet-B0 is that of Keras (Tan & Le 2019, Table 1), whose layers' names the modules have, so
that weights are copied by name. What ours does beside (a mask in the statistics) it does without.
"""

from __future__ import annotations

from multiprocessing.connection import Connection

import numpy as np
import torch
from hybrid_parts.settings import PLANES, TABLE, Settings
from timing import torch_side
from timing.torch_side import (
    EPSILON,
    Convolution,
    Weights,
    serve_twin,
    set_values,
    take_norm,
)
from torch import nn
from torch.nn import functional

BRANCHES = ("mask", "flow")
# Of each stage: kernel, blocks, channels, how much wider within, stride.
STAGES = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)
STEM, TOP = 32, 1280
DROP = 0.2  # share of cells whose last blocks are left out, rising from 0


class Block(nn.Module):
    """An inverted bottleneck with squeeze and excitation."""

    def __init__(
        self, before: int, after: int, kernel: int, wider: int, stride: int, drop: float
    ) -> None:
        super().__init__()
        inside, squeezed = before * wider, max(1, before // 4)
        self.expand = Convolution(before, inside, 1) if wider > 1 else None
        self.depthwise = Convolution(inside, inside, kernel, stride, groups=inside)
        self.se_reduce = nn.Conv2d(inside, squeezed, 1)
        self.se_expand = nn.Conv2d(squeezed, inside, 1)
        self.project = Convolution(inside, after, 1)
        self.is_residual = stride == 1 and before == after
        self.drop = nn.Dropout(drop)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps `(n, before, size, size)` to `(n, after, …)`."""
        new = x if self.expand is None else functional.silu(self.expand(x), inplace=True)
        new = functional.silu(self.depthwise(new), inplace=True)
        squeezed = functional.silu(self.se_reduce(new.mean((2, 3), keepdim=True)))
        new = self.project(new * torch.sigmoid(self.se_expand(squeezed)))
        if not self.is_residual:
            return new
        if self.drop.p and self.training:
            new = new * self.drop(new.new_ones(len(new), 1, 1, 1))
        return new + x

    def take(self, weights: Weights, name: str) -> None:
        """Copies the weights of a block of Keras."""
        for part, convolution, norm in (
            (self.expand, "expand_conv", "expand_bn"),
            (self.depthwise, "dwconv", "bn"),
            (self.project, "project_conv", "project_bn"),
        ):
            if part is not None:
                part.take(weights[f"{name}_{convolution}"][0], *weights[f"{name}_{norm}"])
        for part, called in ((self.se_reduce, "se_reduce"), (self.se_expand, "se_expand")):
            kernel, bias = weights[f"{name}_{called}"]
            set_values(part.weight, kernel.transpose(3, 2, 0, 1))
            set_values(part.bias, bias)


class EfficientNet(nn.Module):
    """Crops `(n, 4, size, size)` from -1 to 1 to features `(n, 1280)`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(PLANES, STEM, 3, 2)
        made, before = {}, STEM
        count, total = 0, sum(blocks for _, blocks, *_ in STAGES)
        for stage, (kernel, blocks, after, wider, stride) in enumerate(STAGES, 1):
            for block in range(blocks):
                step = stride if block == 0 else 1
                name = f"block{stage}{'abcd'[block]}"
                made[name] = Block(before, after, kernel, wider, step, DROP * count / total)
                before, count = after, count + 1
        self.blocks = nn.ModuleDict(made)
        self.top = Convolution(before, TOP, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features."""
        x = functional.silu(self.stem(x), inplace=True)
        for block in self.blocks.values():
            x = block(x)
        return functional.silu(self.top(x), inplace=True).mean((2, 3))

    def take(self, weights: Weights) -> None:
        """Copies the weights of a branch."""
        self.stem.take(weights["stem_conv"][0], *weights["stem_bn"])
        self.top.take(weights["top_conv"][0], *weights["top_bn"])
        for name, block in self.blocks.items():
            block.take(weights, name)


class Twin(nn.Module):
    """Crops of mask and flow `(n, 4, size, size)` and a table `(n, features)` to logits."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        width = 2 * TOP + settings.table_units
        self.branches = nn.ModuleDict({name: EfficientNet() for name in BRANCHES})
        self.table_1 = nn.Linear(TABLE, settings.table_units)
        self.table_norm_1 = nn.BatchNorm1d(settings.table_units, EPSILON, momentum=0.1)
        self.drop = nn.Dropout(settings.table_dropout)
        self.gate_hidden = nn.Linear(width, settings.fusion_units)
        self.gate = nn.Linear(settings.fusion_units, width)
        self.projection_1 = nn.Linear(width, settings.projection_units)
        # Named as our layer; its softmax is the loss's.
        self.probabilities = nn.Linear(settings.projection_units, settings.classes)

    def forward(self, mask: torch.Tensor, flow: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        """Logits `(n, classes)`."""
        crops = {"mask": mask, "flow": flow}
        features = [branch(2 * crops[name] - 1) for name, branch in self.branches.items()]
        known = torch.nan_to_num(table)  # means are 0 here, variances 1
        row = self.drop(self.table_norm_1(functional.relu(self.table_1(known))))
        x = torch.cat([*features, row], 1)
        x = x * torch.sigmoid(self.gate(functional.relu(self.gate_hidden(x))))
        return self.probabilities(functional.relu(self.projection_1(x)))

    def take(self, weights: Weights) -> None:
        """Copies the weights of our net."""
        for name, branch in self.branches.items():
            start = f"{name}/"
            own = {k.removeprefix(start): v for k, v in weights.items() if k.startswith(start)}
            branch.take(own)
        for name in ("table_1", "gate_hidden", "gate", "projection_1", "probabilities"):
            kernel, bias = weights[name]
            set_values(getattr(self, name).weight, kernel.T)
            set_values(getattr(self, name).bias, bias)
        take_norm(self.table_norm_1, *weights["table_norm_1"])


def serve(connection: Connection, settings: Settings) -> None:
    """Answers as `timing.torch_side.serve_twin` says."""

    def make(weights: Weights) -> nn.Module:
        net = Twin(settings)
        net.take(weights)
        return net

    def lay_out(given: tuple, last: bool) -> tuple:
        *crops, table, labels = given
        pixels = [torch.from_numpy(np.ascontiguousarray(np.moveaxis(one, -1, 1))) for one in crops]
        if last:
            pixels = [one.contiguous(memory_format=torch.channels_last) for one in pixels]
        return (*pixels, torch.from_numpy(table), torch.from_numpy(labels))

    def optimizer(net: nn.Module) -> torch.optim.Optimizer:
        decayed = [p for p in net.parameters() if p.ndim > 1]
        others = [p for p in net.parameters() if p.ndim <= 1]
        groups = [
            {"params": decayed, "weight_decay": settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, settings.learning_rate, eps=1e-7, fused=True)

    twin = torch_side.Twin(make, lay_out, optimizer, settings.label_smoothing)
    serve_twin(connection, twin, settings.threads)
