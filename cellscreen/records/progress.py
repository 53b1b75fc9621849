"""How far a long conversion is, told in the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

LOGGER = logging.getLogger(__name__)
EVERY_S = 10.0
Item = TypeVar("Item")


def told(
    items: Iterable[Item],
    total: int,
    what: str,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Item]:
    """Hands on items, and says every ten seconds how many fields are done and what is left.

    Args:
        items: an item a field.
        total: how many there will be.
        what: what they belong to.
        clock: seconds.

    Example:
        >>> list(told("ab", 2, "Plate P1"))
        ['a', 'b']
    """
    start = said = clock()
    for done, item in enumerate(items, 1):
        yield item
        now = clock()
        if now - said >= EVERY_S:
            said, rate = now, done / (now - start)
            text = "%s: %d of %d fields (%d %%), %.1f a second, about %s left."
            left = _duration((total - done) / rate)
            LOGGER.info(text, what, done, total, 100 * done // total, rate, left)


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
