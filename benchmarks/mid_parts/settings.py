"""What both nets of the benchmark are made of, and how they are timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Spent(NamedTuple):
    """Seconds on the clock, and of all threads' CPU time."""

    clock: float
    cpu: float


def seconds_of(call: Callable[[], object]) -> Spent:
    """What one call takes."""
    clock, cpu = time.perf_counter(), time.process_time()
    call()
    return Spent(time.perf_counter() - clock, time.process_time() - cpu)


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
