"""Many images in threads: a damaged one is told and the others go on; with progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from cellscreen.errors import ImageError
from cellscreen.images.threads import read_in_order

Result = TypeVar("Result")
Row = dict[Any, Any]
Watch = Callable[[Iterable[Any], int], Iterable[Any]]
# More than cores: headers wait for the disk or a network share.
THREADS = max(8, len(os.sched_getaffinity(0)))


def unwatched(items: Iterable[Any], total: int) -> Iterable[Any]:
    """The `Watch` that shows no progress."""
    del total
    return items


def in_threads(
    read: Callable[[Row], Result], rows: Iterable[Row]
) -> Iterator[tuple[Row, Result | ImageError]]:
    """Yields every row with what `read` returned for it, or with the ImageError it raised.

    Example:
        >>> [width for _, width in in_threads(lambda row: row["width"], [{"width": 8}])]
        [8]
    """

    def attempt(row: Row) -> tuple[Row, Result | ImageError]:
        try:
            return row, read(row)
        except ImageError as error:
            return row, error

    return read_in_order(attempt, rows, THREADS)
