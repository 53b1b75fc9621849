"""What a reader of a vote must know before trusting it, a sentence each."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from cellscreen.screening.config import VoteConfig
from cellscreen.screening.scores import one_level
from cellscreen.screening.wells import COMPOUND, DRUG, HYPOXIA

_NAMES_SHOWN = 10


def left_out(scores: pd.DataFrame) -> list[str]:
    """Returns a line for each kind of treated or unnamed images that cannot vote."""
    control_type = scores["Metadata_control_type"].replace("", np.nan)
    condition = scores["Metadata_condition"].replace("", np.nan)
    lines = []
    elsewhere = (control_type == DRUG) & (condition != HYPOXIA)
    for name, count in condition[elsewhere].fillna("not stated").value_counts().items():
        lines.append(
            f"{count} {one_level(scores)}s of compounds do not vote: their condition is {name}, "
            "and the vote is on cells in hypoxia."
        )
    if unnamed := int(control_type.isna().sum()):
        lines.append(f"{unnamed} {one_level(scores)}s do not vote: no control_type is stated.")
    return lines


def few_controls(controls: pd.DataFrame, config: VoteConfig) -> list[str]:
    """Returns a line for each batch whose controls are few: their error is shared by all."""
    few = controls[controls["n_wells"] < config.control_wells]
    return [
        f"{row.cell_line} in batch {row.batch} has {row.n_wells} control wells, fewer than "
        f"{config.control_wells}: its control mean is uncertain for every compound alike."
        for row in few.itertuples()
    ]


def other_image_counts(experts: pd.DataFrame, config: VoteConfig) -> list[str]:
    """Returns a line for each cell line and number of images that is not the expected one."""
    other = experts[experts["n_images"] != config.images_per_line]
    return [
        f"{line}: {count} images instead of {config.images_per_line} (hypoxia paper, II.D) for "
        f"{_names(part)}."
        for (line, count), part in other.groupby(["cell_line", "n_images"])
    ]


def single_wells(experts: pd.DataFrame) -> list[str]:
    """Returns a line for each cell line with treatments in a single well."""
    single = experts[experts["n_wells"] == 1]
    return [
        f"{line}: one well only for {_names(part)}; no interval can be given."
        for line, part in single.groupby("cell_line")
    ]


def coarse_p(experts: pd.DataFrame, config: VoteConfig) -> list[str]:
    """Returns a line if even a perfect compound could not be significant on its own."""
    both = experts.groupby(COMPOUND, dropna=False)["smallest_p"]
    larger = both.max()[both.size() == experts["cell_line"].nunique()]
    least = float(larger.min())
    needed = math.ceil(round(least * len(larger) / config.fdr, 9))
    if needed <= 1:
        return []
    return [
        f"With so few wells no p is below {least:.2g}: of {len(larger)} treatments at least "
        f"{needed} must reach it before any is active at {config.fdr:.0%}. More wells of each "
        "compound help, or more permutations where they were drawn and not counted."
    ]


def _names(treatments: pd.DataFrame) -> str:
    """Returns the treatments by name, as many as one reads."""
    shown = [
        name if np.isnan(dose) else f"{name} ({dose:g} µM)"
        for name, dose in treatments[COMPOUND].head(_NAMES_SHOWN).itertuples(index=False)
    ]
    more = len(treatments) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
