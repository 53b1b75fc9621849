"""Bags to answers, streaming: wells are read ahead, asked, and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from cellscreen.images.threads import read_in_order
from cellscreen.pipelines.bag_index import BagIndex
from cellscreen.records.failures import REASON_EMPTY
from cellscreen.training.bags.cached_sets import CachedSets, SetAnswer, answer_of

READERS = 2  # the crops of a well may take tens of MB, and four a reader wait


class _Drawn(NamedTuple):
    """A bag whose drawn crops are to be read; no crops where it has no cells."""

    row: int
    key: str
    crops: np.ndarray  # indices into the bag's cells, each once
    sets: np.ndarray  # `(sets, set_crops)` indices into `crops`


def answers_of_bags(
    nets_of: Callable[[int], Sequence[CachedSets]], index: BagIndex, rows: Sequence[int]
) -> Iterator[SetAnswer]:
    """Answers bags one after the other, each by the mean over its nets.

    Only crops that are drawn are read, and each net encodes each of them once. All nets of a bag
    are asked with the same sets, so that the spread is that over sets.

    Args:
        nets_of: from the place of a bag in `rows` to the nets that answer it, at least one; all
            draw alike.
        index: of the bags.
        rows: of `index.bags`.

    Yields:
        The answer; not scored where a bag has no cells.

    Raises:
        DataError: a net answers NaN or infinity.
        RecordError: a record is damaged.
    """

    def drawn() -> Iterator[_Drawn]:
        for place, row in enumerate(rows):
            key, cells = index.bags["key"].iloc[row], int(index.bags["cells"].iloc[row])
            nothing = np.zeros(0, np.int64)
            if not cells:
                yield _Drawn(row, key, nothing, nothing)
                continue
            sets = nets_of(place)[0].draws(cells, key)
            crops, places = np.unique(sets, return_inverse=True)
            yield _Drawn(row, key, crops, places.reshape(sets.shape))

    def read(bag: _Drawn) -> tuple[_Drawn, np.ndarray]:
        return bag, index.read_crops(bag.row, bag.crops)

    for place, (bag, crops) in enumerate(read_in_order(read, drawn(), READERS)):
        nets = nets_of(place)
        if not len(crops):
            yield nets[0].unscored(REASON_EMPTY)
            continue
        each = [net.answer_sets(net.embed(crops), bag.sets, bag.key).each for net in nets]
        yield answer_of(np.stack(each).mean(axis=0, dtype=np.float64), len(crops))
