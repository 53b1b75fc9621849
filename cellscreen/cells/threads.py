"""Compiled loops over objects or rows, cut into one part a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from types import TracebackType
from typing import Any

import numpy as np


class Threads:
    """Runs kernels that release the interpreter's lock; the caller's thread is one of them.

    Numba's own `prange` is not used: one of its thread layers ends the process when two threads
    measure fields at once, the other when a process forks after it, and it compiles all twice.

    Args:
        count: number of threads.

    Example:
        >>> with Threads(2) as threads:
        ...     threads.run(lambda begin, end: None, threads.cut([0, 5, 9]))
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count - 1) if count > 1 else None

    def __enter__(self) -> Threads:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def cut(self, first: Sequence[int] | np.ndarray) -> list[tuple[int, int]]:
        """Ranges of items with about equal work; `first` counts the work before each, and all."""
        total = first[-1]
        shares = [total * part // self._count for part in range(1, self._count)]
        inner = np.searchsorted(first, shares)
        bounds = [0, *(int(bound) for bound in inner), len(first) - 1]
        return list(pairwise(bounds))

    def run(self, kernel: Callable[..., Any], ranges: list[tuple[int, int]], *given: Any) -> None:
        """Calls `kernel(begin, end, *given)` for all ranges at once.

        Raises:
            Exception: whatever a kernel raised.
        """
        others = [
            self._pool.submit(kernel, begin, end, *given)
            for begin, end in (ranges[1:] if self._pool is not None else [])
            if self._pool is not None and begin < end
        ]
        if ranges[0][0] < ranges[0][1]:
            kernel(*ranges[0], *given)
        for other in others:
            other.result()
