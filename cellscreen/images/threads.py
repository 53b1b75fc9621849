"""Images in threads, results in order, few of them in memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import cv2

In = TypeVar("In")
Out = TypeVar("Out")


def read_in_order(
    function: Callable[[In], Out], items: Iterable[In], workers: int | None = None
) -> Iterator[Out]:
    """Applies `function` in threads and yields the results in the order of `items`.

    At most four results a worker wait in memory, so that a plate is never held whole. OpenCV runs
    one thread an image meanwhile: a pool over images is the faster split of the same cores.

    Raises:
        Exception: whatever `function` raised first, in the order of `items`.

    Example:
        >>> list(read_in_order(len, ["a", "bcd"]))
        [1, 3]
    """
    workers = workers or len(os.sched_getaffinity(0))
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    waiting: deque[Future[Out]] = deque()
    try:
        with ThreadPoolExecutor(workers) as pool:
            try:
                for item in items:
                    waiting.append(pool.submit(function, item))
                    if len(waiting) >= 4 * workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()
    finally:
        cv2.setNumThreads(threads)
