"""Embeddings as profiles: of a bag by the set encoder, of a cell by the crop encoder.

Each is by the net of the fold that held the bag out (MID, Results, "The MID embeddings can
represent the cell phenotypes"; the paper embeds wells its net was trained on, too).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.explain.attention_table import attended_bag
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.explain.fold_net import FoldNet
from cellscreen.explain.spaces import FOLD, OWN, PLATE, WELL
from cellscreen.pipelines.bag_draws import draw_sets
from cellscreen.plates.columns import PREFIX, SIMULATED

LOGGER = logging.getLogger(__name__)
MID = "Nuclei_MID"
KEY, CELLS, RUN = PREFIX + "key", PREFIX + "cells", PREFIX + "run"
OBJECT_NUMBER = PREFIX + "ObjectNumber"
ATTENTION, RANK = PREFIX + "attention", PREFIX + "attention_rank"


class EmbeddedBag(NamedTuple):
    """A bag as one net sees it.

    Attributes:
        row: of `index.bags`.
        fold: whose net it is.
        own: whether that fold is the one the bag was dealt to.
        cells: `(cells, units)` float32, the crop encoder's.
        whole: `(units,)` float32, the mean over drawn sets of what the last classifier takes in.
    """

    row: int
    fold: int
    own: bool
    cells: np.ndarray
    whole: np.ndarray


def feature_names(units: int, prefix: str = MID) -> list[str]:
    """Names of an embedding's columns; pycytominer's `infer` finds those of nuclei.

    Example:
        >>> feature_names(2)
        ['Nuclei_MID_0000', 'Nuclei_MID_0001']
    """
    return [f"{prefix}_{number:04d}" for number in range(units)]


def set_embedding(net: FoldNet, cells: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The mean embedding of a bag over drawn sets (MID, Methods: 50 sets for a prediction).

    Args:
        net: that held the bag out.
        cells: embeddings of all its cells, `(cells, units)` float32.
        at: `(sets, crops)` int, the cells of each set.

    Returns:
        `(units,)` float32.
    """
    each = net.ask_sets(cells, at)["embedding"]
    return each.mean(axis=0, dtype=np.float64).astype(np.float32)


def embedded_bags(asked: ExplainInput, every_net: bool = False) -> Iterator[EmbeddedBag]:
    """Embeds every bag with cells by the net of the fold that held it out.

    Args:
        asked: what is explained; its config says how many sets are drawn.
        every_net: whether bags of groups that no net was trained on (vehicle wells without a
            label) are embedded by each net as well, so that each net's space has its controls.

    Yields:
        The bags in order, one in memory at a time.

    Raises:
        DataError: a net gives NaN or infinite embeddings; names plate and well.
    """
    folds = sorted({asked.fold_of(row) for row in asked.held_out})
    unseen = unseen_rows(asked.manifest) if every_net else np.zeros(len(asked.manifest), bool)
    _tell_left_out(asked)
    for row in map(int, asked.held_out):
        own = asked.fold_of(row)
        yield _embedded(asked, row, own, asked.embed(row))
        if unseen[row]:
            crops = asked.index.read_crops(row)
            for fold in folds:
                if fold != own:
                    yield _embedded(asked, row, fold, asked.net(fold).embed(crops))


def unseen_rows(manifest: pd.DataFrame) -> np.ndarray:
    """Which bags are of groups that no net was trained on, `(bags,)` bool.

    A bag that was left out itself does not count where others of its group were trained on.
    """
    seen = set(manifest.loc[manifest["trained"], "group"])
    return (~manifest["group"].isin(seen)).to_numpy()


def bag_profile(asked: ExplainInput, bag: EmbeddedBag, pooled: bool = False) -> pd.DataFrame:
    """One bag as one row.

    Args:
        asked: what is explained.
        bag: of `embedded_bags`.
        pooled: the mean of its cells' embeddings, in place of the sets'.

    Returns:
        `Metadata_*` of the bag with `Metadata_key`, `Metadata_cells`, `Metadata_fold`,
        `Metadata_own_fold`, `Metadata_run`, `Metadata_simulated`, then `Nuclei_MID_0000`…
        float32.
    """
    values = bag.cells.mean(axis=0, dtype=np.float64) if pooled else bag.whole
    return _with_features(_bag_metadata(asked, bag), values[None])


def bag_profiles(asked: ExplainInput, every_net: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Profiles of all bags after the set encoder and before it, as two tables row for row alike.

    Returns:
        The sets' embeddings and the means of the cells' embeddings, as `bag_profile`.

    Raises:
        DataError: no bag has a cell, or a net gives NaN.
    """
    both = [
        (bag_profile(asked, bag), bag_profile(asked, bag, pooled=True))
        for bag in embedded_bags(asked, every_net)
    ]
    if not both:
        raise DataError("Expected held-out bags with cells to embed; there are none.")
    after, before = (pd.concat(parts, ignore_index=True) for parts in zip(*both, strict=True))
    return after, before


def profiles_of(asked: ExplainInput) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`bag_profiles` with `every_net`, made once for all sections."""
    return asked.once("profiles", lambda: bag_profiles(asked, every_net=True))


def cell_profiles(asked: ExplainInput, row: int) -> pd.DataFrame:
    """The cells of one bag, by the net that held it out.

    Returns:
        A row a cell: the bag's `Metadata_*`, `Metadata_key` of its field and
        `Metadata_ObjectNumber` (as in the table of cell features), `Metadata_attention` (1 is what
        each would get if all were alike) and `Metadata_attention_rank` in its bag (0 to 1), then
        `Nuclei_MID_0000`… float32, of the crop encoder.
    """
    found = attended_bag(asked, row)
    cells = _finite(asked, row, asked.embed(row))
    bag = EmbeddedBag(row, asked.fold_of(row), True, cells, cells[0])
    whole = _bag_metadata(asked, bag)
    metadata = whole.loc[np.repeat(whole.index, len(cells))].reset_index(drop=True)
    metadata[KEY] = found["field_key"].astype(str).to_numpy()
    metadata[OBJECT_NUMBER] = found["object_id"].to_numpy(np.int64)
    metadata[ATTENTION] = found["attention"].to_numpy(np.float64)
    metadata[RANK] = found["rank"].to_numpy(np.float64)
    return _with_features(metadata, cells)


def _embedded(asked: ExplainInput, row: int, fold: int, cells: np.ndarray) -> EmbeddedBag:
    own = int.from_bytes(hashlib.sha256(_key(asked, row).encode()).digest()[:8], "big")
    # The draws follow from seed and key alone, as a score's do.
    at = draw_sets(len(cells), asked.set_crops, asked.config.attention_sets, (asked.seed, own))
    cells = _finite(asked, row, cells)
    whole = _finite(asked, row, set_embedding(asked.net(fold), cells, at)[None])[0]
    return EmbeddedBag(row, fold, fold == asked.fold_of(row), cells, whole)


def _key(asked: ExplainInput, row: int) -> str:
    return str(asked.index.bags["key"].iloc[row])


def _bag_metadata(asked: ExplainInput, bag: EmbeddedBag) -> pd.DataFrame:
    """The metadata of one bag as one row, no text missing, types the same for all bags."""
    bags = asked.index.bags
    said = bags[[name for name in bags if str(name).startswith(PREFIX)]].iloc[[bag.row]].copy()
    for name in said.columns:
        if not pd.api.types.is_numeric_dtype(bags[name].dtype):
            said[name] = said[name].astype("string").fillna("").astype(str)
    simulated = SIMULATED in bags and bags[SIMULATED].fillna(False).astype(bool).iloc[bag.row]
    more: dict[str, Any] = {
        KEY: _key(asked, bag.row),
        CELLS: len(bag.cells),
        FOLD: bag.fold,
        OWN: bag.own,
        RUN: asked.run,
        SIMULATED: bool(simulated),
    }
    return said.assign(**more).reset_index(drop=True)


def _with_features(metadata: pd.DataFrame, values: np.ndarray) -> pd.DataFrame:
    names = feature_names(values.shape[1])
    return metadata.join(pd.DataFrame(values.astype(np.float32), columns=names))


def _finite(asked: ExplainInput, row: int, values: np.ndarray) -> np.ndarray:
    bad = int((~np.isfinite(values).all(axis=1)).sum())
    if bad:
        bag = asked.index.bags.iloc[row]
        raise DataError(
            f"Expected finite embeddings; {bad} of {len(values)} are NaN or infinite.",
            plate=str(bag[PLATE]),
            well=str(bag[WELL]),
            fix="The net's weights are not finite or overflow: train it again.",
        )
    return values


def _tell_left_out(asked: ExplainInput) -> None:
    empty = asked.index.bags["cells"].to_numpy() == 0
    trained_only = int((asked.manifest["fold"] < 0).sum())
    if empty.any():
        keys = asked.index.bags["key"][empty]
        LOGGER.warning("%d bags have no cells and no profile: %s…", len(keys), keys.iloc[0])
    if trained_only:
        LOGGER.warning("%d bags were held out by no net: they have no profile.", trained_only)
