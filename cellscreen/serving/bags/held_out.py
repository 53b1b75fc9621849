"""Which net of a run may answer for each bag, also where bags are not those of its training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cellscreen.pipelines.bag_checks import bag_checksums
from cellscreen.pipelines.bag_index import BagIndex
from cellscreen.records.table_fingerprint import rows_of
from cellscreen.serving.common.held_out import HeldFold, HeldOut, folds_of_rows, together


def folds_of_bags(
    held_out: HeldOut, index: BagIndex, rows: Sequence[int], examples: BagIndex
) -> list[HeldFold]:
    """Finds the net that never saw a bag, nor its group.

    A field is judged by the well that was trained on, where bags were wells, and the other way
    round: the mean over nets answers, flagged, where fields of a well were in several folds.

    Args:
        held_out: of the run.
        index: of the bags to be scored.
        rows: of `index.bags`.
        examples: of the same plates, in the bags of the run.

    Raises:
        ScoreError: every net was trained on a bag or its group, or the run knows a key as another.
    """
    example_of = np.empty(len(examples.fields), np.int64)
    for number, fields in enumerate(examples.of_bag):
        example_of[fields] = number
    within = [np.unique(example_of[index.of_bag[row]]) for row in rows]
    needed = np.unique(np.concatenate(within)) if within else np.zeros(0, np.int64)
    found = dict(zip(needed.tolist(), _folds(held_out, examples, needed), strict=True))
    return [together([found[int(number)] for number in numbers]) for numbers in within]


def _folds(held_out: HeldOut, examples: BagIndex, needed: np.ndarray) -> list[HeldFold]:
    if not len(needed):
        return []
    checksums = bag_checksums(examples)
    rows = rows_of(examples.bags.iloc[needed])
    return folds_of_rows(held_out, rows, [checksums[number] for number in needed])
