"""Folds a plate table to a row a site, as other programs want it; `site_rows.unfold` undoes it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cellscreen.errors import PlateTableError
from cellscreen.plates import columns
from cellscreen.plates.folders import SUFFIXES
from cellscreen.plates.problems import Problems
from cellscreen.plates.usable import usable
from cellscreen.plates.well_list import list_wells

LOGGER = logging.getLogger(__name__)
_NOT_METADATA = (*columns.KEY, "channel", "path", "page", "illumination", "flatfield")
_NOT_METADATA = (*_NOT_METADATA, columns.PROBLEM)


@dataclass(frozen=True)
class FoldedPlate:
    """A plate table, a row a site.

    Attributes:
        sites: the key of each site and what is said of all its channels alike.
        channels: for each channel `path`, and what differs between channels; rows as in `sites`.
    """

    sites: pd.DataFrame
    channels: dict[str, pd.DataFrame]


def fold(table: pd.DataFrame, keys: Sequence[str], problems: Problems) -> FoldedPlate:
    """Returns a plate table as sites by channels, both in the order they first appear in.

    Images with a `problem` are left out, with a warning. Plane and timepoint are left out where
    there are none.

    Args:
        table: a plate table.
        keys: the columns that make a site.
        problems: its source and fix are those of the error.

    Raises:
        PlateTableError: a site lacks a channel, has it twice, or its image is no file that other
            programs know; all of it is told together.
    """
    rows = usable(table)
    if len(rows) < len(table):
        LOGGER.warning("%d images with a problem are left out.", len(table) - len(rows))
    if rows.empty:
        raise PlateTableError("Expected images that can be used; the plate table has none.")
    _check_files(rows, problems)
    blank = [name for name in columns.KEY[3:] if (rows[name] == "").all()]
    order = pd.MultiIndex.from_frame(rows[list(keys)].drop_duplicates())
    of_channels = {}
    for channel in rows["channel"].unique():
        part = rows[rows["channel"] == channel]
        _check_sites(part, order, keys, str(channel), problems)
        of_channels[str(channel)] = part.drop_duplicates(list(keys)).set_index(list(keys))
    problems.raise_any()
    same = _same(rows, keys)
    first = next(iter(of_channels.values())).reindex(order)
    sites = first.reset_index()[[*columns.KEY, *same]].drop(columns=blank)
    own = [
        name
        for name in map(str, rows)
        if name not in (*same, *columns.KEY, "channel", columns.PROBLEM)
    ]
    channels = {name: part.reindex(order).reset_index()[own] for name, part in of_channels.items()}
    return FoldedPlate(sites, channels)


def _same(rows: pd.DataFrame, keys: Sequence[str]) -> list[str]:
    """Returns the columns that say one thing of all channels of every site."""
    named = [name for name in map(str, rows) if name not in _NOT_METADATA]
    counts = rows.groupby(list(keys), sort=False)[named].nunique(dropna=False)
    return [name for name in named if counts[name].max() <= 1]


def _check_sites(
    part: pd.DataFrame,
    order: pd.MultiIndex,
    keys: Sequence[str],
    channel: str,
    problems: Problems,
) -> None:
    """Notes sites that lack a channel, or have it twice, by wells."""
    having = pd.MultiIndex.from_frame(part[list(keys)])
    found = {
        "lack": order[~order.isin(having)],
        "have several images of": having[having.duplicated()],
    }
    for verb, sites in found.items():
        if len(sites):
            wells = list_wells(sites.get_level_values("Metadata_Well").unique())
            text = f"{len(sites)} sites {verb} channel {channel or '(no name)'}. Wells: {wells}."
            problems.add(text, plate=str(sites.get_level_values("Metadata_Plate")[0]))


def _check_files(rows: pd.DataFrame, problems: Problems) -> None:
    odd = rows[~rows["path"].str.lower().str.endswith(SUFFIXES)]
    if len(odd):
        first = odd.iloc[0]
        text = f"Expected files {', '.join(SUFFIXES)}; {len(odd)} are others: {first['path']}."
        problems.add(text, plate=first["Metadata_Plate"], well=first["Metadata_Well"])
