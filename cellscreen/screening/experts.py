"""What one expert measures for each treatment: means of wells, interval and p-value."""

from __future__ import annotations

import collections
from typing import Any, cast

import numpy as np
import pandas as pd

from cellscreen.screening import statistics
from cellscreen.screening.config import VoteConfig
from cellscreen.screening.wells import COMPOUND, CONTROL, TREATED

MEASURES = ("score", "control", "difference", "low", "high", "p")
COUNTS = ("n_wells", "n_images", "n_controls")


def expert_table(wells: pd.DataFrame, config: VoteConfig) -> pd.DataFrame:
    """Returns what each expert measured for each treatment, before any vote.

    Args:
        wells: as `screen_wells` makes it.
        config: draws and seed.

    Returns:
        A row a cell line and treatment: cell_line, pert_iname, concentration_um, score, control,
        difference, low, high, p, n_wells, n_images, n_controls, smallest_p (the least p that so
        many wells can give), simulated.
    """
    treated = wells[wells["role"] == TREATED]
    by = ["cell_line", *COMPOUND]
    groups = treated.groupby(by, dropna=False, sort=True)
    experts = groups.agg(
        n_wells=("score", "size"), n_images=("n_images", "sum"), simulated=("simulated", "any")
    ).reset_index()
    strata = _strata(wells, groups.ngroup())
    of_shape = collections.defaultdict(list)
    for treatment, pairs in strata.items():
        of_shape[tuple((len(own), len(control)) for own, control in pairs)].append(treatment)
    measured = pd.DataFrame(index=experts.index, columns=[*MEASURES, "n_controls", "smallest_p"])
    for shape, members in of_shape.items():
        batches = zip(*(strata[treatment] for treatment in members), strict=True)
        stacked = [
            (np.stack([own for own, _ in batch]), np.stack([control for _, control in batch]))
            for batch in batches
        ]
        least = statistics.smallest_p(shape, permutations=config.permutations)
        measured.loc[members, list(MEASURES)] = _measure(stacked, config)
        measured.loc[members, ["n_controls", "smallest_p"]] = [sum(m for _, m in shape), least]
    measured = measured.astype({c: "int64" if c == "n_controls" else float for c in measured})
    return experts.join(measured)


def _strata(
    wells: pd.DataFrame, treatments: pd.Series
) -> dict[Any, list[tuple[np.ndarray, np.ndarray]]]:
    """Returns for each treatment (treated scores, control scores) of each of its batches."""
    treated, control = (wells[wells["role"] == role] for role in (TREATED, CONTROL))
    place = ["cell_line", "batch"]
    controls = {key: part.to_numpy() for key, part in control.groupby(place)["score"]}
    strata: dict[Any, list] = collections.defaultdict(list)
    for key, part in treated.groupby([treatments, *place])["score"]:
        treatment, *where = cast(tuple, key)
        strata[treatment].append((part.to_numpy(), controls[tuple(where)]))
    return strata


def _measure(strata: statistics.Strata, config: VoteConfig) -> np.ndarray:
    """Returns `(treatments, 6)` float: the columns of `MEASURES`."""
    score, control = statistics.treated_means(strata), statistics.control_means(strata)
    low, high = statistics.bootstrap_interval(strata, seed=config.seed, draws=config.bootstraps)
    p = statistics.permutation_p(strata, seed=config.seed, permutations=config.permutations)
    return np.column_stack([score, control, score - control, low, high, p])
