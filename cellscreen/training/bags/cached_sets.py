"""Cached inference of bags: each drawn crop is encoded once, only the set encoder runs per set."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from cellscreen.errors import DataError
from cellscreen.pipelines.bag_draws import draw_sets
from cellscreen.records.failures import REASON_EMPTY
from cellscreen.training.bags.inference_config import InferenceConfig

_SMALLER = (1, 8, 32)  # a bag's last crops go in smaller batches: few shapes, little padding
_PAIRS = 2**22  # crops squared × sets at once: bounds what attention holds


class BagParts(NamedTuple):
    """A net of bags in the parts that inference calls; each may give what NumPy can convert.

    Attributes:
        encode: from `(n, size, size, channels)` uint8 to `(n, units)` float32.
        answer: from `(sets, crops, units)` float32 to `(sets, outputs)` float32.
        ask: from the same to all outputs of the net by name.
        units: of an embedding.
        outputs: of the net.
    """

    encode: Callable[[np.ndarray], Any]
    answer: Callable[[np.ndarray], Any]
    ask: Callable[[np.ndarray], Mapping[str, Any]]
    units: int
    outputs: int


class SetAnswer(NamedTuple):
    """The answer to one bag.

    Attributes:
        mean: `(outputs,)` float64, over sets; NaN where the bag was not scored.
        deviation: `(outputs,)` float64, SD over sets (n - 1); NaN with one set or none.
        sets: how many sets answered, 0 where the bag was not scored.
        drawn: crops that were encoded, each once.
        each: `(sets, outputs)` float, what each set answered.
        reason: why the bag was not scored; empty where it was.
    """

    mean: np.ndarray
    deviation: np.ndarray
    sets: int
    drawn: int
    each: np.ndarray
    reason: str = ""


class CachedSets:
    """Answers bags by the mean over random sets of n crops (MID, Methods: 50 sets).

    The draws follow from seed and key alone, so that a bag has one score whatever is scored beside
    it. Equal to the whole net on each set, to rounding. A bag of fewer crops than n gives sets with
    each crop once and the rest drawn again.

    Args:
        parts: the net.
        set_crops: crops of a set in training.
        config: how many sets, and of how many crops where not as in training.
        seed: of the draws, 0 or more.

    Attributes:
        set_crops: crops of a set.
        sets: how many sets a bag is asked with.
        units: of an embedding.
        outputs: of the net.
    """

    def __init__(
        self, parts: BagParts, set_crops: int, config: InferenceConfig, seed: int = 0
    ) -> None:
        self._net, self._seed = parts, seed
        self.units, self.outputs = parts.units, parts.outputs
        self.set_crops, self.sets = config.set_crops or set_crops, config.sets
        smaller = {max(config.encode_batch // part, 1) for part in _SMALLER}
        self._sizes = sorted(smaller, reverse=True)

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """The crop encoder's answer to each crop, in batches of a few fixed sizes.

        Args:
            crops: `(n, size, size, channels)` uint8.

        Returns:
            `(n, units)` float32.
        """
        found = np.empty((len(crops), self.units), np.float32)
        for begin, count, size in self._parts(len(crops)):
            part = crops[begin : begin + count]
            if count < size:
                part = np.concatenate([part, np.zeros((size - count, *part.shape[1:]), np.uint8)])
            found[begin : begin + count] = np.asarray(self._net.encode(part))[:count]
        return found

    def draws(self, cells: int, key: str, set_crops: int = 0) -> np.ndarray:
        """The sets that a bag is asked with.

        Args:
            cells: how many the bag has, at least 1.
            key: of the bag.
            set_crops: crops of a set; 0 for those of this inference.

        Returns:
            `(sets, set_crops)` int64, indices below `cells`.
        """
        own = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
        return draw_sets(cells, set_crops or self.set_crops, self.sets, (self._seed, own))

    def answer(self, crops: np.ndarray, key: str) -> SetAnswer:
        """Scores one bag.

        Args:
            crops: all of the bag, `(cells, size, size, channels)` uint8; may be none.
            key: of the bag: decides its draws.

        Raises:
            DataError: the net answers NaN or infinity; names plate and well.
        """
        return self.answer_read(len(crops), lambda at: crops[at], key)

    def answer_read(
        self, cells: int, read: Callable[[np.ndarray], np.ndarray], key: str
    ) -> SetAnswer:
        """Scores one bag, of which only the drawn crops are read.

        Args:
            cells: how many the bag has; may be 0.
            read: from indices `(n,)` int64 to crops `(n, size, size, channels)` uint8.
            key: of the bag: decides its draws.

        Raises:
            DataError: as `answer`.
        """
        if not cells:
            return self.unscored(REASON_EMPTY)
        at = self.draws(cells, key)
        drawn, places = np.unique(at, return_inverse=True)
        return self.answer_sets(self.embed(read(drawn)), places.reshape(at.shape), key)

    def answer_sets(self, embeddings: np.ndarray, at: np.ndarray, key: str) -> SetAnswer:
        """Scores one bag from embeddings that are there already.

        Args:
            embeddings: `(cells, units)` float32, of `embed`.
            at: `(sets, set_crops)` int, indices into `embeddings`, of `draws`.
            key: of the bag, for messages.

        Raises:
            DataError: as `answer`.
        """
        _check_finite(embeddings, "embeddings of crops", key)
        many = max(1, _PAIRS // (at.shape[1] + 1) ** 2)
        begins = range(0, len(at), many)
        parts = [self._net.answer(embeddings[at[k : k + many]]) for k in begins]
        each = np.concatenate([np.asarray(part) for part in parts])
        _check_finite(each, "answers", key)
        return answer_of(each, len(np.unique(at)))

    def attend(self, crops: np.ndarray, key: str = "") -> dict[str, np.ndarray]:
        """What the net says of a whole bag at once, each crop taken once.

        Args:
            crops: `(cells, size, size, channels)` uint8, at least one.
            key: of the bag, for messages.

        Returns:
            The net's outputs without their first axis (`answer` `(outputs,)`, `attention` and
            `rollout` `(cells,)`, `layers` `(depth, heads, cells)`, `embedding` `(units,)`), and
            `crop_embeddings` `(cells, units)`; all float32.

        Raises:
            DataError: the bag has no cells, or as `answer`.
        """
        if not len(crops):
            raise DataError("Expected a bag with cells to attend to; got one without.")
        embeddings = self.embed(crops)
        _check_finite(embeddings, "embeddings of crops", key)
        found = {name: np.asarray(v)[0] for name, v in self._net.ask(embeddings[None]).items()}
        return found | {"crop_embeddings": embeddings}

    def unscored(self, reason: str) -> SetAnswer:
        """The answer to a bag that cannot be scored, and why."""
        nothing = np.full(self.outputs, np.nan)
        each = np.zeros((0, self.outputs), np.float32)
        return SetAnswer(nothing, nothing.copy(), 0, 0, each, reason)

    def _parts(self, count: int) -> Iterator[tuple[int, int, int]]:
        """Beginning, crops and batch size of each part of so many crops."""
        begin = 0
        for size in self._sizes:
            while count - begin >= size or (begin < count and size == self._sizes[-1]):
                yield begin, min(size, count - begin), size
                begin += min(size, count - begin)


def answer_of(each: np.ndarray, drawn: int) -> SetAnswer:
    """The answer to a bag from those to its sets.

    Args:
        each: `(sets, outputs)` float, at least one set.
        drawn: crops that were encoded.
    """
    mean = each.mean(axis=0, dtype=np.float64)
    undefined = np.full(each.shape[1], np.nan)
    deviation = each.std(axis=0, ddof=1, dtype=np.float64) if len(each) > 1 else undefined
    return SetAnswer(mean, deviation, len(each), drawn, each)


def _check_finite(values: np.ndarray, what: str, key: str) -> None:
    if np.isfinite(values).all():
        return
    plate, well = (*key.split("/"), "", "")[:2]
    bad = int((~np.isfinite(values).all(axis=1)).sum())
    raise DataError(
        f"Expected finite {what}; {bad} of {len(values)} are NaN or infinite.",
        plate=plate or None,
        well=well or None,
        fix="The net's weights are not finite or overflow: train again with a lower "
        "--learning_rate, or in float32.",
    )
