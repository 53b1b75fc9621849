"""What all sections of an explanation are made from: bags, folds, nets, scores, images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from cellscreen.explain.explain_config import ExplainConfig
from cellscreen.explain.fold_net import FoldNet
from cellscreen.pipelines.bag_index import BagIndex

KEPT_BYTES = 2**30
Made = TypeVar("Made")


@dataclass(frozen=True)
class ExplainInput:
    """What all sections of an explanation are made from.

    Attributes:
        run: the run's name, for titles.
        task: name of the question, as in `Score_<task>_<class>`.
        classes: names of the net's outputs, in their order.
        index: all bags.
        manifest: row for row as `index.bags`: `key, group, fold, label, trained` and `Metadata_*`;
            `label` is -1 and `trained` False where none is known.
        fields: row for row as `index.fields`: `key`, `Metadata_*`, `centres` `(cells, 2)` x, y in
            px, `object_ids` `(cells,)`, `height`, `width`.
        net: from a fold to the net that did not see it; the same object for the same fold.
        scores: out-of-fold score table, a row a scored bag, with `key` as in `manifest`.
        set_crops: crops of a set.
        output: folder for tables and pictures.
        config: what is shown.
        seed: of all draws.
        images: plate table of the images the bags were cut from; None if they are not at hand.
        truth: folder of a simulation with the truth of every cell; None without.
        data_dir: root folder of the prepared plates, for their other kinds of record.
        dataset: the dataset they were prepared as.
        leaky: whether the run's folds share wells.
        others: further profiles by name, to be compared with the net's.
    """

    run: str
    task: str
    classes: tuple[str, ...]
    index: BagIndex
    manifest: pd.DataFrame
    fields: pd.DataFrame
    net: Callable[[int], FoldNet]
    scores: pd.DataFrame
    set_crops: int
    output: Path
    config: ExplainConfig = field(default_factory=ExplainConfig)
    seed: int = 0
    images: pd.DataFrame | None = None
    truth: Path | None = None
    data_dir: Path | None = None
    dataset: str = "hcs"
    leaky: bool = False
    others: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    _kept: dict[int, np.ndarray] = field(default_factory=dict, repr=False, compare=False)
    _made: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def held_out(self) -> np.ndarray:
        """Rows of `index.bags` that a net held out and that have cells, `(n,)` int64, ascending."""
        explained = (self.manifest["fold"] >= 0) & (self.manifest["cells"] > 0)
        return np.flatnonzero(explained.to_numpy())

    @property
    def simulated(self) -> bool:
        """Whether any bag comes from simulated images."""
        named = self.index.bags.get("Metadata_simulated")
        return named is not None and bool(named.fillna(False).astype(bool).any())

    @property
    def positive(self) -> str:
        """The class whose score is shown: the last one, the positive of two."""
        return self.classes[-1]

    def fold_of(self, row: int) -> int:
        """The fold whose net explains a bag."""
        return int(self.manifest["fold"].iloc[row])

    def embed(self, row: int) -> np.ndarray:
        """Embeddings of a bag's cells by the net that did not see it, `(cells, units)` float32.

        They are kept up to `KEPT_BYTES` together, so that sections do not encode a crop twice.
        """
        if row in self._kept:
            return self._kept[row]
        found = self.net(self.fold_of(row)).embed(self.index.read_crops(row))
        if sum(kept.nbytes for kept in self._kept.values()) + found.nbytes <= KEPT_BYTES:
            self._kept[row] = found
        return found

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What `make` returns, made when it is first asked for by that name, for all sections.

        Example:
            >>> cells = asked.once("attention", lambda: attention_table(asked))  # doctest: +SKIP
        """
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]
