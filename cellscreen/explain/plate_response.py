"""Whether the intensity of a channel depends on the concentration (MID, Fig. 5b-c).

Well means are less their plate's mean, as the paper's ROS and MMP ("ROS and MMP Measurement"), or
less its negative controls; Kruskal-Wallis over the concentrations of each compound (the paper: p
below 0.05), and over all tests together Holm and Benjamini-Hochberg, which the paper leaves out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import kruskal
from statsmodels.stats.multitest import multipletests

from cellscreen.errors import DataError
from cellscreen.explain.spaces import COMPOUND, PLATE, WELL, Centre, centred, treated
from cellscreen.pipelines.bag_index import BagIndex
from cellscreen.plates.columns import CONCENTRATION, PREFIX

INTENSITY = "Intensity_"
_CELL_MEAN = "_Intensity_MeanIntensity_"
_FEWEST_WELLS = 2
_KEPT = (PLATE, WELL, COMPOUND, CONCENTRATION, PREFIX + "control_type", PREFIX + "simulated")


def intensities_of_cells(cells: pd.DataFrame, channels: Sequence[str]) -> pd.DataFrame:
    """Mean intensity of each channel by well, from the table of cell features.

    Args:
        cells: of `pipelines.cell_table`, with `…_Intensity_MeanIntensity_<channel>`; of several
            objects (nuclei, cells) the last in the alphabet counts.
        channels: such as ROS and MMP.

    Returns:
        A row a well: its `Metadata_*`, `n_cells`, and `Intensity_<channel>` in raw units.

    Raises:
        DataError: a channel was not measured.
    """
    found = {}
    for channel in channels:
        named = sorted(str(c) for c in cells if str(c).endswith(_CELL_MEAN + channel))
        if not named:
            raise DataError(
                f"Expected the mean intensity of channel {channel!r} among the cell features.",
                fix="Name channels that were measured, or build with --feature_groups intensity.",
            )
        found[INTENSITY + channel] = cells[named[0]].astype(np.float64)
    metadata = cells[[name for name in _KEPT if name in cells]]
    table = metadata.assign(**found, n_cells=1)
    rest = [name for name in metadata if name not in (PLATE, WELL)]
    rules = dict.fromkeys(rest, "first") | dict.fromkeys(found, "mean") | {"n_cells": "sum"}
    return table.groupby([PLATE, WELL], sort=False, as_index=False).agg(rules)


def intensities_of_crops(index: BagIndex, channels: Sequence[str] = ()) -> pd.DataFrame:
    """Mean intensity of each channel by bag, from its crops: cells with what surrounds them.

    Args:
        index: all bags; those without cells have no row.
        channels: all of the crops' by default.

    Returns:
        As `intensities_of_cells`; what the plate's scale cut off above or below is lost.

    Raises:
        DataError: the crops have no such channel.
    """
    channels = tuple(channels) or index.channels
    absent = [name for name in channels if name not in index.channels]
    if absent:
        raise DataError(
            f"Expected channels of the crops ({', '.join(index.channels)}); got {absent[0]!r}."
        )
    at = [index.channels.index(name) for name in channels]
    rows = []
    for row in np.flatnonzero(index.bags["cells"].to_numpy() > 0):
        field = index.fields.iloc[index.of_bag[row][0]]
        low, high = (np.asarray(field[name], np.float64)[at] for name in ("low", "high"))
        mean = index.read_crops(int(row))[..., at].mean(axis=(0, 1, 2), dtype=np.float64)
        rows.append(low + mean / 255 * (high - low))
    bags = index.bags[index.bags["cells"] > 0].reset_index(drop=True)
    metadata = bags[[name for name in _KEPT if name in bags]]
    values = pd.DataFrame(rows, columns=[INTENSITY + name for name in channels])
    return metadata.join(values).assign(n_cells=bags["cells"])


def response_wells(intensities: pd.DataFrame, on: Centre = "plate") -> tuple[pd.DataFrame, Centre]:
    """Intensities of wells less their plate's mean, or less that of its negative controls.

    Args:
        intensities: of `intensities_of_cells` or `intensities_of_crops`.
        on: as `spaces.centred`; the paper takes the plate.

    Returns:
        The same table, and what it was centred on.
    """
    counts = intensities["n_cells"]
    moved, used = centred(intensities.drop(columns="n_cells"), on)
    return moved.assign(n_cells=counts), used


def response_tests(wells: pd.DataFrame) -> pd.DataFrame:
    """Kruskal-Wallis of each channel over the concentrations of each compound.

    The p-value rests on the chi-square distribution: with two or three wells a concentration it is
    rough.

    Args:
        wells: of `response_wells`.

    Returns:
        A row a compound and channel, in order: `Metadata_pert_iname, channel, n_wells,
        n_concentrations, statistic, p, p_holm, p_bh, lowest, highest` (centred means at the
        lowest and highest concentration), `reason`. Both corrections are over all rows with a p.
        NaN and a reason where undefined: fewer than two concentrations of two wells, or all
        values alike.

    Example:
        >>> response_tests(wells).query("p_holm < 0.05")["Metadata_pert_iname"]  # doctest: +SKIP
    """
    channels = [str(name) for name in wells if str(name).startswith(INTENSITY)]
    if CONCENTRATION not in wells or not channels:
        raise DataError("Expected wells with a concentration and intensities to test.")
    own = wells[treated(wells) & wells[CONCENTRATION].notna()]
    rows = [
        {COMPOUND: name, "channel": channel.removeprefix(INTENSITY), **_test(part, channel)}
        for name, part in own.groupby(own[COMPOUND].astype(str), sort=True)
        for channel in channels
    ]
    columns = [COMPOUND, "channel", *_test(own.head(0), channels[0])]
    return _corrected(pd.DataFrame(rows, columns=columns))


def _test(wells: pd.DataFrame, channel: str) -> dict[str, object]:
    """One compound in one channel."""
    known = wells[np.isfinite(wells[channel])]
    groups = [part.to_numpy(float) for _, part in known.groupby(CONCENTRATION, sort=True)[channel]]
    repeated = sum(len(group) >= _FEWEST_WELLS for group in groups)
    statistic, p, reason = np.nan, np.nan, ""
    if repeated < 2:
        reason = f"{repeated} concentration{'s' * (repeated != 1)} with two wells, two are needed"
    elif known[channel].nunique() < 2:
        reason = "all wells are alike"
    else:
        statistic, p = map(float, kruskal(*groups))
    return {
        "n_wells": len(known),
        "n_concentrations": len(groups),
        "statistic": statistic,
        "p": p,
        "p_holm": np.nan,
        "p_bh": np.nan,
        "lowest": groups[0].mean() if groups else np.nan,
        "highest": groups[-1].mean() if groups else np.nan,
        "reason": reason,
    }


def _corrected(table: pd.DataFrame) -> pd.DataFrame:
    known = table["p"].notna()
    if known.any():
        for column, method in (("p_holm", "holm"), ("p_bh", "fdr_bh")):
            p = table.loc[known, "p"].to_numpy(float)
            table.loc[known, column] = multipletests(p, method=method)[1]
    return table
