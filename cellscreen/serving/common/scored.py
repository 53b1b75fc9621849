"""The answer to one image or bag, and the refusal of what a net was trained on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cellscreen.errors import ScoreError
from cellscreen.records.fields import Row


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


def would_flatter(what: str, row: Row, fix: str) -> ScoreError:
    """The error for an image that nets have seen, or others of its group."""
    return ScoreError(
        f"{what}: its score would flatter.",
        file=row.get("path"),
        plate=row["Metadata_Plate"],
        well=row["Metadata_Well"],
        fix=fix,
    )
