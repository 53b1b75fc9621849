"""Whether compounds of one target find each other among compounds of others: mAP, by copairs.

What its documentation calls phenotypic consistency (Kalinin et al., Nature Communications 2025).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cellscreen.explain.copairs_scores import FIGURES, OF_COPAIRS, scores_among_others, with_q
from cellscreen.explain.label_exchange import DRAWS, exchange_p
from cellscreen.explain.neighbours import cosines
from cellscreen.explain.spaces import (
    COMPOUND,
    FOLD,
    centred,
    defined_values,
    feature_columns,
    spaces,
    treated,
)
from cellscreen.plates.columns import PREFIX

TARGET = PREFIX + "target"
SEPARATOR = "|"
_ONE, _ALL = "one compound", "no compound of another target"
_ZERO = "a profile is zero or undefined"
_SHARED = "one of its compounds shares a target with every other"


def target_map(
    profiles: pd.DataFrame, column: str = TARGET, *, draws: int = DRAWS, seed: int = 0
) -> pd.DataFrame:
    """How well compounds of one target find each other among compounds of other targets.

    Over the median profile of each compound, centred by plate on its negative controls. A compound
    without a target is left out, one with several (`A|B`) counts for each. The documentation keeps
    active compounds only: give the wells of those for that.

    Args:
        profiles: of wells.
        column: of the target; `Metadata_` may be left out.
        draws: exchanges of compounds for `p`, and rankings for copairs' own `p_copairs`.
        seed: of both.

    Returns:
        A row a net and target, in order: `Metadata_fold, <column>, n_compounds, n_others, map,
        normalized_map` (0 is chance, 1 perfect), `p` (all compounds of no such target are the
        others), `q` (Benjamini-Hochberg over all rows with a p), `p_copairs`, `reason`. NaN and a
        reason where undefined; no row where the column is missing or empty.

    Raises:
        DataError: the table is empty.

    Example:
        >>> target_map(wells)[["Metadata_target", "map", "q"]]  # doctest: +SKIP
    """
    column = column if column.startswith(PREFIX) else PREFIX + column
    columns = [FOLD, column, "n_compounds", "n_others", *FIGURES, "reason"]
    parts = []
    for fold, part in spaces(profiles):
        if column in part:
            found = _of_space(_consensus(centred(part)[0], column), draws, seed)
            parts.append(found.rename(columns={"target": column}).assign(**{FOLD: fold}))
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=columns)
    return with_q(pd.concat(parts, ignore_index=True))[columns]


def _consensus(profiles: pd.DataFrame, column: str) -> pd.DataFrame:
    """The median profile of each compound that has a target, `targets` a list of texts."""
    own = profiles[treated(profiles)]
    texts = own.groupby(COMPOUND, sort=True)[column].first().fillna("").astype(str)
    targets = texts.map(lambda text: sorted({t.strip() for t in text.split(SEPARATOR)} - {""}))
    medians = own.groupby(COMPOUND, sort=True)[feature_columns(own)].median()
    return medians.assign(targets=targets)[targets.map(len) > 0].reset_index(drop=True)


def _of_space(compounds: pd.DataFrame, draws: int, seed: int) -> pd.DataFrame:
    targets = compounds["targets"]
    values = defined_values(compounds.drop(columns="targets"))
    known = ~np.isnan(np.diag(cosines(values)))
    crowded = known & ~_apart(targets, known)
    table = _targets(targets, known, crowded)
    defined = table.loc[table["reason"] == "", "target"] if len(table) else pd.Series(dtype=str)
    if defined.empty:
        return table
    # Those of targets that are undefined themselves are still others to the rest.
    kept = known & ~crowded
    labels, values = targets[kept].reset_index(drop=True), values[kept]
    theirs = scores_among_others(labels, values, draws, seed)
    for row, target in defined.items():
        _, p = exchange_p(values, _having(labels, target), draws=draws, seed=seed)
        table.loc[row, OF_COPAIRS] = theirs.loc[target, OF_COPAIRS].to_numpy()
        table.loc[row, "p"] = p
    return table


def _targets(targets: pd.Series, known: np.ndarray, crowded: np.ndarray) -> pd.DataFrame:
    """A row a target, no figure known yet, and why some never will be."""
    rows = []
    for target in sorted({target for several in targets for target in several}):
        members = _having(targets, target)
        reasons = {
            _ONE: members.sum() < 2,
            _ALL: members.all(),
            _ZERO: (members & ~known).any(),
            _SHARED: (members & crowded).any(),
        }
        reason = next((reason for reason, holds in reasons.items() if holds), "")
        counts = {"n_compounds": int(members.sum()), "n_others": int((~members).sum())}
        figures = dict.fromkeys(FIGURES, np.nan)
        rows.append({"target": target, **counts, **figures, "reason": reason})
    return pd.DataFrame(rows)


def _apart(targets: pd.Series, known: np.ndarray) -> np.ndarray:
    """Which compounds have another of known profile that shares no target, `(compounds,)` bool.

    Without one copairs has nothing to rank them against, and takes the figures of another.
    """
    sets = [set(several) for several in targets]
    others = [one for one, is_known in zip(sets, known, strict=True) if is_known]
    return np.array([any(not one & other for other in others) for one in sets], bool)


def _having(targets: pd.Series, target: str) -> np.ndarray:
    return targets.map(lambda several: target in several).to_numpy(bool)
