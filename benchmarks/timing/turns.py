"""Ways of doing the same, timed in turns."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

TURN_S = 0.03


def best_of(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of the best call of each way.

    They take turns, after one round that warms up; a turn is one call, or as many as fit in 30 ms,
    so that no way finds its memory cold because another one was called before it.
    """
    best = dict.fromkeys(ways, math.inf)
    for number in range(rounds + 1):
        for name, way in ways.items():
            spent = 0.0
            while spent < TURN_S:
                start = time.perf_counter()
                way()
                seconds = time.perf_counter() - start
                spent += seconds
                if number > 0:
                    best[name] = min(best[name], seconds)
    return best
