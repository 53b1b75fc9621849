"""What scores images, its answers, and its refusal of what it was trained on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from cellscreen.errors import ScoreError
from cellscreen.records.fields import Row

BATCH = 32


class Scored(NamedTuple):
    """The answer to one image.

    Attributes:
        mean: `(classes,)` probabilities, the mean where several nets answer.
        deviation: `(classes,)` their SD over nets, of bags over sets; NaN where one answers or it
            is not known.
        fold: the fold whose net answers, None where it is the mean.
        saw_group: whether nets that answer were trained on others of the image's group.
        reason: why there is no answer, where `mean` is NaN; else empty.
    """

    mean: np.ndarray
    deviation: np.ndarray
    fold: int | None
    saw_group: bool
    reason: str = ""


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


def would_flatter(what: str, row: Row, fix: str) -> ScoreError:
    """The error for an image that nets have seen, or others of its group."""
    return ScoreError(
        f"{what}: its score would flatter.",
        file=row.get("path"),
        plate=row["Metadata_Plate"],
        well=row["Metadata_Well"],
        fix=fix,
    )


def batches(items: Iterator[Any]) -> Iterator[list[Any]]:
    """Lists of `BATCH` items in order, the last one shorter."""
    while batch := list(itertools.islice(items, BATCH)):
        yield batch
