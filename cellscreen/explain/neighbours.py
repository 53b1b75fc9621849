"""Which compounds look alike: cosine of their mean profiles, in the space of one net."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.explain.spaces import (
    COMPOUND,
    FOLD,
    WELL,
    Centre,
    centred,
    feature_columns,
    spaces,
    treated,
)

COLUMNS = (
    COMPOUND,
    "rank",
    "neighbour",
    "cosine",
    "n_wells",
    "neighbour_wells",
    "among",
    FOLD,
    "centred_on",
    "reason",
)


def nearest_compounds(profiles: pd.DataFrame, k: int = 5, on: Centre = "negcon") -> pd.DataFrame:
    """The compounds whose mean profiles point the same way (MID, Results: similar phenotypes).

    Profiles are centred by plate on their negative controls and averaged over all wells of a
    compound. A net's compounds are compared with others that it held out, never with those it was
    trained on: with k folds that is one in k of a library. Profiles that no net made (CellProfiler
    features) are compared over the whole library, by fold only if cut to folds.

    Args:
        profiles: of wells.
        k: how many neighbours of each, at least 1.
        on: what plates are centred on.

    Returns:
        A row a compound and neighbour, the nearest first; equal cosines by name: `Metadata_
        pert_iname, rank` (from 1), `neighbour, cosine, n_wells, neighbour_wells, among` (how many
        it was chosen from), `Metadata_fold, centred_on, reason`. A compound whose profile is
        undefined or nothing but zeros, or that has no other beside it, has one row without a
        neighbour, NaN and the reason.

    Raises:
        ConfigError: k is below 1.
        DataError: the table is empty.

    Example:
        >>> nearest_compounds(wells, k=1)[["Metadata_pert_iname", "neighbour"]]  # doctest: +SKIP
    """
    if k < 1:
        raise ConfigError(f"Expected k of 1 or more; got {k}.")
    found = []
    for fold, part in spaces(profiles):
        moved, used = centred(part, on)
        rows = _of_space(compound_means(moved), k)
        found.append(rows.assign(**{FOLD: fold, "centred_on": used}))
    return pd.concat(found, ignore_index=True)[list(COLUMNS)]


def alike_and_apart(nearest: pd.DataFrame, alike: int = 3) -> list[str]:
    """A few compounds that look alike and the one farthest from them (MID, Fig. 5: three and one).

    Args:
        nearest: of `nearest_compounds` with every neighbour (a large k).
        alike: how many look alike.

    Returns:
        The compound with the highest mean cosine to its `alike - 1` nearest, these, and its last
        neighbour; none where no net held out more than `alike` compounds.
    """
    known = nearest[nearest["neighbour"].notna() & (nearest["among"] >= alike)]
    if known.empty:
        return []
    close = known[known["rank"] < alike].groupby([FOLD, COMPOUND])["cosine"].mean()
    fold, name = close.sort_values(ascending=False, kind="stable").index[0]
    own = known[(known[FOLD] == fold) & (known[COMPOUND] == name)].sort_values("rank")
    near, last = own["neighbour"].iloc[: alike - 1], own["neighbour"].iloc[-1]
    return [str(name), *map(str, near), str(last)]


def compound_means(profiles: pd.DataFrame) -> pd.DataFrame:
    """The mean profile of each compound over its wells.

    Args:
        profiles: of one space, centred.

    Returns:
        `Metadata_pert_iname`, `n_wells`, and the features that are defined in all wells of
        compounds, by name of the compound.
    """
    own = profiles[treated(profiles)]
    features = feature_columns(own)
    values = own[features].replace([np.inf, -np.inf], np.nan).dropna(axis="columns")
    groups = values.groupby(own[COMPOUND].astype(str), sort=True)
    wells = own.groupby(own[COMPOUND].astype(str), sort=True)[WELL].size()
    return groups.mean().assign(n_wells=wells).rename_axis(COMPOUND).reset_index()


def cosines(values: np.ndarray) -> np.ndarray:
    """Cosine of every row with every other.

    Args:
        values: `(n, features)` float.

    Returns:
        `(n, n)` float64; NaN where a row is all zeros.

    Example:
        >>> cosines(np.array([[1.0, 0.0], [0.0, 2.0]])).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    length = np.linalg.norm(values, axis=1, keepdims=True)
    unit = np.divide(values, length, out=np.full(values.shape, np.nan), where=length > 0)
    return np.clip(unit @ unit.T, -1, 1)


def _of_space(means: pd.DataFrame, k: int) -> pd.DataFrame:
    names, wells = means[COMPOUND].to_numpy(), means["n_wells"].to_numpy()
    values = means.drop(columns=[COMPOUND, "n_wells"]).to_numpy(np.float64)
    alike = cosines(values)
    rows = []
    for one, name in enumerate(names):
        others = [o for o in range(len(names)) if o != one and not np.isnan(alike[one, o])]
        nearest = sorted(others, key=lambda other: (-alike[one, other], names[other]))[:k]
        known = {COMPOUND: name, "n_wells": wells[one], "among": len(others)}
        if not nearest:
            zeros = np.isnan(alike[one, one])
            reason = "its profile is zero or undefined" if zeros else "no other compound"
            rows.append(known | {"neighbour": None, "cosine": np.nan, "reason": reason})
        for rank, other in enumerate(nearest, start=1):
            said = {"rank": rank, "neighbour": names[other], "cosine": alike[one, other]}
            rows.append(known | said | {"neighbour_wells": wells[other], "reason": ""})
    table = pd.DataFrame(
        rows, columns=[name for name in COLUMNS if name not in (FOLD, "centred_on")]
    )
    return table.astype({"rank": "Int64", "neighbour_wells": "Int64"})
