"""What one call takes, on the clock and of the processor."""

from __future__ import annotations

import time
from collections.abc import Callable
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
