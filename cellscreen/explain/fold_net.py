"""The net of one fold in its two parts: crops are encoded once, sets are asked often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Outputs = dict[str, np.ndarray]
_PAIRS = 2**22  # (crops + 1)² × sets at once: bounds what attention holds


@dataclass(frozen=True)
class FoldNet:
    """A net of bags, as explanations ask it.

    Attributes:
        embed: from crops `(n, size, size, channels)` uint8 to `(n, units)` float32.
        ask: from embeddings `(sets, crops, units)` float32 and a mask `(sets, crops)` bool, True
            where a crop is there, to `answer` `(sets, outputs)`, `attention` and `rollout`
            `(sets, crops)`, `layers` `(sets, depth, heads, crops)` and `embedding`
            `(sets, units)`, all float32.
    """

    embed: Callable[[np.ndarray], np.ndarray]
    ask: Callable[[np.ndarray, np.ndarray], Outputs]

    def ask_masked(self, embeddings: np.ndarray, masks: np.ndarray) -> Outputs:
        """Asks one bag with some of its cells, several ways, few enough at once for memory.

        A masked crop enters nothing, so this is the answer to the bag without it.

        Args:
            embeddings: of all its cells, `(cells, units)` float32.
            masks: `(ways, cells)` bool, True where a cell is left in.

        Returns:
            As `ask`, a row a way.
        """
        cells = len(embeddings)
        many = max(1, _PAIRS // (cells + 1) ** 2)
        parts = []
        for begin in range(0, len(masks), many):
            mask = masks[begin : begin + many]
            whole = np.broadcast_to(embeddings, (len(mask), *embeddings.shape))
            parts.append(self.ask(np.ascontiguousarray(whole), mask))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def ask_sets(self, embeddings: np.ndarray, at: np.ndarray) -> Outputs:
        """Asks sets of a bag's cells.

        Args:
            embeddings: of all its cells, `(cells, units)` float32.
            at: `(sets, crops)` int, indices into `embeddings`.

        Returns:
            As `ask`, a row a set.
        """
        return self.ask(embeddings[at], np.ones(at.shape, bool))
