"""A few cells of a few compounds, relevant and irrelevant by attention, for maps of cells.

MID's Fig. 3c-e and 4a, c, e draw 50 cells a compound, of 5 and of 10 compounds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cellscreen.explain.embeddings import KEY, OBJECT_NUMBER, RANK, cell_profiles
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.explain.spaces import COMPOUND, treated
from cellscreen.plates.columns import PREFIX

RELEVANCE = PREFIX + "relevance"
ANY, RELEVANT, IRRELEVANT = "any", "relevant", "irrelevant"
SHARE = 0.1
CELLS, COMPOUNDS, BAGS = 50, 10, 6


def sampled_cells(
    asked: ExplainInput, cells: int = CELLS, compounds: int = COMPOUNDS, bags: int = BAGS
) -> pd.DataFrame:
    """Draws cells of compounds that one net held out, the net with the most of them.

    Args:
        asked: what is explained.
        cells: of each compound and kind, at most.
        compounds: how many, drawn at random.
        bags: of each compound, drawn at random; what bounds the work.

    Returns:
        As `embeddings.cell_profiles`, with `Metadata_relevance`: `relevant` for cells of the
        tenth of their bag that the net attends to most, `irrelevant` for the least attended tenth
        (a bag with fewer than eleven cells gives one of each), `any` for cells drawn whatever
        their attention, so that a cell may be there twice. No `relevant` rows where the net gives
        all cells alike. Empty where no compound was held out.
    """
    rng = np.random.default_rng(asked.seed)
    rows = _rows_by_compound(asked)
    names = sorted(rows)
    chosen = [names[at] for at in np.sort(rng.permutation(len(names))[:compounds])]
    parts = []
    for name in chosen:
        of_bags = [
            cell_profiles(asked, int(row)) for row in rng.permutation(sorted(rows[name]))[:bags]
        ]
        pool = pd.concat(of_bags, ignore_index=True)
        rank = pool[RANK]
        for kind, mask in (
            (ANY, np.ones(len(pool), bool)),
            (RELEVANT, (rank >= 1 - SHARE).to_numpy()),
            (IRRELEVANT, (rank <= SHARE).to_numpy()),
        ):
            at = np.flatnonzero(mask)
            at = np.sort(rng.permutation(at)[:cells])
            parts.append(_marked(pool.iloc[at], kind))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[RELEVANCE])


def with_cell_features(sample: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The same cells by the features of a table of cells.

    Args:
        sample: of `sampled_cells`.
        table: with `Metadata_key` (of the field), `Metadata_ObjectNumber` and features.

    Returns:
        The rows of `sample` that the table has, with the table's features for theirs.
    """
    metadata = sample[[name for name in sample if str(name).startswith(PREFIX)]]
    features = [name for name in table if not str(name).startswith(PREFIX)]
    return metadata.merge(table[[KEY, OBJECT_NUMBER, *features]], on=[KEY, OBJECT_NUMBER])


def _rows_by_compound(asked: ExplainInput) -> dict[str, list[int]]:
    """Bags of each compound that the fold with the most compounds held out."""
    bags = asked.index.bags.iloc[asked.held_out]
    if COMPOUND not in bags:
        return {}
    bags = bags.assign(row=asked.held_out, fold=[asked.fold_of(row) for row in asked.held_out])
    bags = bags[treated(bags)]
    if bags.empty:
        return {}
    counts = bags.groupby("fold")[COMPOUND].nunique()
    own = bags[bags["fold"] == counts.idxmax()]
    return {str(name): list(part["row"]) for name, part in own.groupby(COMPOUND)}


def _marked(cells: pd.DataFrame, kind: str) -> pd.DataFrame:
    cells = cells.copy()
    features = [name for name in cells if not str(name).startswith(PREFIX)]
    cells[RELEVANCE] = kind
    return cells[[*(name for name in cells if name not in features), *features]]
