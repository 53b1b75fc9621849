"""Which profiles may be compared: of one net, of wells it was not trained on, less their plate.

Coordinates of two nets mean nothing to each other, and a net's profiles of wells that it was
trained on look better sorted than they are. So whatever compares profiles does it inside the space
of one net, over the wells that this net did not see, and figures are then averaged over nets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.plates.columns import CONTROL_TYPE, PREFIX

PLATE, WELL, COMPOUND = PREFIX + "Plate", PREFIX + "Well", PREFIX + "pert_iname"
FOLD, OWN = PREFIX + "fold", PREFIX + "own_fold"
NO_NET = -1
Centre = Literal["negcon", "plate"]
_NEGCON, _EMPTY = "negcon", "empty"
_FEWEST_CONTROLS = 2


def feature_columns(profiles: pd.DataFrame) -> list[str]:
    """The columns that are numbers of a profile: all but `Metadata_*`.

    Example:
        >>> feature_columns(pd.DataFrame(columns=["Metadata_Well", "Nuclei_MID_0000"]))
        ['Nuclei_MID_0000']
    """
    return [str(name) for name in profiles.columns if not str(name).startswith(PREFIX)]


def spaces(profiles: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    """The parts of a table that may be compared, by net.

    Args:
        profiles: `Metadata_*` and features; `Metadata_fold` where nets made them.

    Yields:
        The fold whose net made the profiles (-1 where no net did: then all are one space), and
        its rows.

    Raises:
        DataError: the table has no row or no feature.
    """
    if profiles.empty or not feature_columns(profiles):
        raise DataError(
            f"Expected profiles with features; got {len(profiles)} rows and "
            f"{len(feature_columns(profiles))} features."
        )
    if FOLD not in profiles:
        yield NO_NET, profiles
        return
    for fold in sorted(set(profiles[FOLD].astype(int))):
        yield fold, profiles[profiles[FOLD] == fold]


def into_spaces(table: pd.DataFrame, wells: pd.DataFrame) -> pd.DataFrame:
    """Profiles of any other origin, cut to the wells of each net's space.

    A silhouette or mAP depends on how many compounds there are, so tables are compared over the
    same wells only.

    Args:
        table: with `Metadata_Plate` and `Metadata_Well`; of wells or of cells. If it has
            `Metadata_fold` (a baseline's own nets, on the same folds), that is kept to.
        wells: with the same columns, `Metadata_fold` and `Metadata_own_fold`.

    Returns:
        The table's rows that are in a space, once for each space they are in, with what metadata
        of `wells` they lack.
    """
    on = [PLATE, WELL, *([FOLD] if FOLD in table else [])]
    rest = table.drop(columns=[OWN], errors="ignore")
    more = [name for name in wells if str(name).startswith(PREFIX) and name not in rest]
    known = wells[[*on, *more]].drop_duplicates([*on, FOLD])
    joined = rest.merge(known, on=on, how="inner")
    metadata = [name for name in joined if str(name).startswith(PREFIX)]
    return joined[[*metadata, *feature_columns(joined)]]


def treated(profiles: pd.DataFrame) -> pd.Series:
    """Which profiles are of compounds: no negative control, not empty, named, of their own fold."""
    kept = profiles[COMPOUND].fillna("").astype(str) != ""
    if CONTROL_TYPE in profiles:
        kept &= ~profiles[CONTROL_TYPE].isin((_NEGCON, _EMPTY))
    return kept & profiles[OWN] if OWN in profiles else kept


def negative(profiles: pd.DataFrame) -> pd.Series:
    """Which profiles are of negative controls."""
    if CONTROL_TYPE not in profiles:
        return pd.Series(False, profiles.index)
    return profiles[CONTROL_TYPE] == _NEGCON


def centred(profiles: pd.DataFrame, on: Centre = "negcon") -> tuple[pd.DataFrame, Centre]:
    """Profiles less the mean of their plate's negative controls, or less their plate's mean.

    Args:
        profiles: of one space.
        on: `negcon` falls back to `plate`, for all plates alike, where a plate has fewer than two
            negative controls.

    Returns:
        The same table with features float64, and what it was centred on.

    Example:
        >>> table = pd.DataFrame({"Metadata_Plate": ["P"] * 2, "Nuclei_MID_0000": [1.0, 3.0]})
        >>> centred(table, "plate")[0]["Nuclei_MID_0000"].tolist()
        [-1.0, 1.0]
    """
    features, plates = feature_columns(profiles), profiles[PLATE].to_numpy()
    controls = negative(profiles).to_numpy()
    counts = pd.Series(controls).groupby(plates).sum()
    if on == "negcon" and (counts < _FEWEST_CONTROLS).any():
        on = "plate"
    chosen = controls if on == "negcon" else np.ones(len(profiles), bool)
    values = profiles[features].astype(np.float64)
    means = values[chosen].groupby(plates[chosen]).mean()
    less = values.to_numpy() - means.loc[plates].to_numpy()
    metadata = profiles[[name for name in profiles if str(name).startswith(PREFIX)]]
    return metadata.join(pd.DataFrame(less, profiles.index, features)), on


def defined_values(profiles: pd.DataFrame) -> np.ndarray:
    """The features that are finite in all rows, `(profiles, features)` float64."""
    values = profiles[feature_columns(profiles)].to_numpy(np.float64)
    return values[:, np.isfinite(values).all(axis=0)]
