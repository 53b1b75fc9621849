"""What both nets of the benchmark are made of."""

from __future__ import annotations

from dataclasses import dataclass

TABLE = 12  # features, as paper 002's
PLANES = 4  # of a crop of mask or flow


@dataclass(frozen=True)
class Settings:
    """One net, one batch, one machine: paper 002's with the sizes of `hybrids.MASK_FLOW_HYBRID`."""

    threads: int
    cells: int = 16
    size: int = 224
    classes: int = 303
    table_units: int = 32
    table_dropout: float = 0.3
    fusion_units: int = 256
    projection_units: int = 256
    label_smoothing: float = 0.1
    learning_rate: float = 1e-4
    weight_decay: float = 1e-4
