"""What both nets of the benchmark are made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """One net, one batch, one machine."""

    threads: int
    bags: int = 8
    crops: int = 12
    size: int = 96
    channels: int = 3
    width: int = 64  # of the ResNet-18's first stage
    classes: int = 2
    units: int = 128
    heads: int = 4
    depth: int = 2
    mlp_units: int = 256
    dropout: float = 0.1
    label_smoothing: float = 0.1
    learning_rate: float = 1e-4
