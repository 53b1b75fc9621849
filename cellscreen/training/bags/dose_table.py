"""Figures of bags at each concentration, those that were not trained on among them.

A label belongs to the compound, and low doses mostly look like the vehicle: what a net is worth
must be told dose by dose.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from cellscreen.judging.levels import COMPOUND, DOSE, has_text
from cellscreen.pipelines.selection import select
from cellscreen.training.bags.data import BagData
from cellscreen.training.bags.figures import figures_table, target_columns


def with_metadata(data: BagData, frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """Answers with the metadata of their bags.

    Args:
        data: what was trained on.
        frame: `key, group, …`.
        by: `compound`, which then takes the group's place where there is one, or `group`.
    """
    manifest = data.manifest
    metadata = ["key", *(str(n) for n in manifest if str(n).startswith("Metadata_"))]
    joined = frame.merge(manifest[metadata], on="key", how="left", validate="one_to_one")
    if by == "group":
        return joined
    there = has_text(joined[COMPOUND])
    return joined.assign(group=joined[COMPOUND].where(there, joined["group"]))


def doses_table(
    data: BagData, frames: Mapping[str, pd.DataFrame], answers: pd.DataFrame, by: str = "compound"
) -> pd.DataFrame:
    """Pooled figures of every model at each dose.

    Args:
        data: what was trained on.
        frames: by model its answers of trained bags, with metadata; the net's first.
        answers: the net's, of all held-out bags.
        by: as `with_metadata`.

    Returns:
        `concentration_um, trained, n_bags, model, metric, value, low, high`, doses ascending; bags
        without a dose stand last, under NaN.
    """
    net = next(iter(frames))
    low = with_metadata(data, _low_doses(data, answers), by)
    parts = _of_doses(data, {net: low}, False) + _of_doses(data, frames, True)
    return pd.concat(parts, ignore_index=True).sort_values("concentration_um", kind="stable")


def _of_doses(
    data: BagData, frames: Mapping[str, pd.DataFrame], trained: bool
) -> list[pd.DataFrame]:
    parts = []
    first = next(iter(frames.values()))
    for dose in sorted(first[DOSE].astype(float).unique(), key=lambda d: (math.isnan(d), d)):
        chosen = {
            name: frame[(frame[DOSE] == dose) | (frame[DOSE].isna() & math.isnan(dose))]
            for name, frame in frames.items()
        }
        table = figures_table(data.targets, chosen)
        pooled = table[table["fold"] == "pooled"].drop(columns="fold")
        said = {
            "concentration_um": dose,
            "trained": trained,
            "n_bags": len(next(iter(chosen.values()))),
        }
        parts.append(pooled.assign(**said)[[*said, *pooled.columns]])
    return parts


def _low_doses(data: BagData, answers: pd.DataFrame) -> pd.DataFrame:
    """The net's answers of labelled bags that only their dose kept from training."""
    manifest, wanted = data.manifest, data.config.data
    doses = pd.to_numeric(manifest.get(DOSE, pd.Series(math.nan, manifest.index)), errors="coerce")
    low = (doses > 0) & (doses < wanted.min_dose_um) & (data.index.bags["cells"] > 0)
    low &= (manifest["label"] >= 0) & (manifest["fold"] >= 0) & select(manifest, wanted.train_where)
    rows = manifest.index[low & ~manifest["trained"]].to_numpy()
    known = manifest.loc[rows, ["key", "group", "fold", "label"]]
    known = known.assign(**target_columns(data.targets, rows))
    given = answers.drop(columns=[name for name in known if name != "key"], errors="ignore")
    return known.merge(given, on="key", how="left")
