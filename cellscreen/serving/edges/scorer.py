"""What scores images by edge nets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Protocol

from cellscreen.records.fields import Row
from cellscreen.serving.common.scored import Scored

BATCH = 32


class Scorer(Protocol):
    """What scores images: the nets of a run folder, or an exported model.

    Attributes:
        kind: `edges`.
        model_id: a name for the nets.
        columns: score columns, in the order of the answers.
        channel: the channel that it reads; empty where it has no name.
        simulated: whether it was trained on simulated images.
    """

    kind: ClassVar[str]
    model_id: str
    columns: list[str]
    channel: str
    simulated: bool

    def score(self, rows: Sequence[Row]) -> Iterator[Scored]:
        """Yields the answer to each row of a plate table."""


def batches(items: Iterator[Any]) -> Iterator[list[Any]]:
    """Lists of `BATCH` items in order, the last one shorter."""
    while batch := list(itertools.islice(items, BATCH)):
        yield batch
