"""A PyTorch twin of the MID net, and the ways in which it is run; imported where torch is.

The net of `build_bag_net` with encoder=resnet18, set_head=transformer, norm=batch, norm_first:
the same layers, weights and loss. What ours does beside the answer (attention, roll-out, a mask in
the statistics) the twin does without.
"""

from __future__ import annotations

from multiprocessing.connection import Connection

import numpy as np
import torch
from mid_parts.settings import Settings
from timing import torch_side
from timing.torch_side import EPSILON, Convolution, Weights, same_padding, serve_twin, set_values
from torch import nn
from torch.nn import functional


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
            x = functional.max_pool2d(same_padding(x, 3, -torch.inf), 3, 2)
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
            set_values(module.weight, kernel)
            set_values(module.bias, bias.ravel())
        set_values(self.token, weights["token"][0])
        ours = [module for module in self.modules() if isinstance(module, Convolution)]
        for number, module in enumerate(ours):
            module.take(*weights[f"convolution_{number}"])


def serve(connection: Connection, settings: Settings) -> None:
    """Answers as `timing.torch_side.serve_twin` says."""

    def make(weights: Weights) -> nn.Module:
        net = Twin(settings)
        net.take(weights)
        return net

    def lay_out(given: tuple, last: bool) -> tuple:
        crops, mask, labels = given
        pixels = torch.from_numpy(np.ascontiguousarray(np.moveaxis(crops, -1, 2)))
        if last:
            flat = pixels.flatten(0, 1).contiguous(memory_format=torch.channels_last)
            pixels = flat.unflatten(0, crops.shape[:2])
        return pixels, torch.from_numpy(mask), torch.from_numpy(labels)

    def optimizer(net: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(net.parameters(), settings.learning_rate, eps=1e-7, fused=True)

    twin = torch_side.Twin(make, lay_out, optimizer, settings.label_smoothing)
    serve_twin(connection, twin, settings.threads)
