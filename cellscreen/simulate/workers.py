"""Runs jobs in several processes, which never outlive the one that started them."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cv2

_IN_ONE_PROCESS = 48  # jobs below which starting workers takes longer than it saves


@contextlib.contextmanager
def in_order(
    function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], workers: int
) -> Iterator[Iterator[Any]]:
    """Yields the results of `function` for every job in order, made here or in `workers`.

    Args:
        function: a function of a module; its arguments are those of a job.
        jobs: arguments, which can be pickled.
        workers: processes; one works in this process.

    Example:
        >>> with in_order(max, [(1, 2), (4, 3)], workers=1) as results:
        ...     list(results)
        [2, 4]
    """
    if workers <= 1 or len(jobs) < _IN_ONE_PROCESS:
        yield (function(*job) for job in jobs)
        return
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start_worker
    ) as pool:
        try:
            yield pool.map(function, *zip(*jobs, strict=True), chunksize=8)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _start_worker() -> None:
    """Keeps OpenCV to one thread, and the worker from outliving a parent that was killed."""
    cv2.setNumThreads(1)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
