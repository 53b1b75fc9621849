"""All kinds of profiles of one run, by name, over the same wells and the same cells."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError, DataError, RecordError
from cellscreen.explain.embeddings import OBJECT_NUMBER, profiles_of
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.explain.profile_files import read_profiles
from cellscreen.explain.sampled_cells import ANY, RELEVANCE, sampled_cells, with_cell_features
from cellscreen.explain.spaces import FOLD, PLATE, WELL, feature_columns, into_spaces
from cellscreen.pipelines.cell_table import read_cell_table
from cellscreen.pipelines.records import prepared_plates
from cellscreen.plates.columns import PREFIX

LOGGER = logging.getLogger(__name__)
SETS, POOLED, CELLS = "MID, set encoder", "MID, mean of cells", "MID, single cells"
FEATURES_POOLED, FEATURES_CELLS = "Cell features, mean of cells", "Cell features, single cells"


@dataclass(frozen=True)
class NamedProfiles:
    """Profiles of several kinds, each over the same wells, or over the same cells.

    Attributes:
        wells: by name: MID's before the set encoder and after it, pooled cell features, others.
        cells: by name, of a few cells of a few compounds.
        sample: MID's cells with their relevance, of `sampled_cells`.
        notes: what is not there and why.
    """

    wells: dict[str, pd.DataFrame]
    cells: dict[str, pd.DataFrame]
    sample: pd.DataFrame
    notes: list[str]


def named_profiles(
    asked: ExplainInput, others: Mapping[str, pd.DataFrame] | None = None
) -> NamedProfiles:
    """Gathers MID's profiles and, where there are some, those it is compared with.

    Args:
        asked: what is explained; the records of cell features are looked for beside its bags.
        others: further profiles by name, of wells, or of cells if they have
            `Metadata_ObjectNumber`; `Metadata_fold` where nets of the run's folds made them. None
            for those of `asked`.

    Raises:
        DataError: no bag has a cell, or a net gives NaN.
    """
    after, before = profiles_of(asked)
    sample = sampled_cells(asked)
    drawn = sample[sample[RELEVANCE] == ANY]
    found = NamedProfiles({POOLED: before, SETS: after}, {CELLS: drawn}, sample, [])
    table = cell_features(asked, found.notes)
    if table is not None:
        _add(found, FEATURES_POOLED, with_unit_spread(pooled_cells(table)), after)
        found.cells[FEATURES_CELLS] = with_cell_features(drawn, table)
    for name, other in (asked.others if others is None else others).items():
        if OBJECT_NUMBER in other:
            found.cells[name] = with_cell_features(drawn, other)
        else:
            _add(found, name, other, after)
    return found


def cell_features(asked: ExplainInput, notes: list[str]) -> pd.DataFrame | None:
    """The features of all cells, read once; None with a note where they were not measured."""
    root = asked.data_dir
    if root is None:
        return None

    def read() -> pd.DataFrame | None:
        try:
            return read_cell_table(prepared_plates(root, asked.dataset, "cells"))
        except RecordError as error:
            LOGGER.warning("No cell features to compare with: %s", error)
            return None

    table = asked.once("cell_features", read)
    if table is None:
        notes.append("No cell features: prepare them with `cellscreen build --kind=cells`.")
    return table


def pooled_cells(table: pd.DataFrame) -> pd.DataFrame:
    """The mean of each well's cells, as the paper pools CellProfiler's features.

    Args:
        table: a row a cell, of `pipelines.cell_table`.

    Returns:
        A row a well: the first cell's `Metadata_*`, then the means of defined values.
    """
    table = table.drop(columns=OBJECT_NUMBER, errors="ignore")
    metadata = [str(name) for name in table if str(name).startswith(PREFIX)]
    rest = [name for name in metadata if name not in (PLATE, WELL)]
    rules = dict.fromkeys(rest, "first") | dict.fromkeys(feature_columns(table), "mean")
    found = table.groupby([PLATE, WELL], sort=False, as_index=False).agg(rules)
    return found[[*metadata, *feature_columns(table)]]


def with_unit_spread(table: pd.DataFrame) -> pd.DataFrame:
    """Features of different units over their SD, so that none rules a cosine; constant ones go.

    Args:
        table: a row a well.

    Example:
        >>> table = pd.DataFrame({"area": [100.0, 300.0], "same": [1.0, 1.0]})
        >>> with_unit_spread(table)["area"].tolist()
        [1.0, 3.0]
    """
    features = table[feature_columns(table)].astype(np.float64)
    spread = features.std(ddof=0)
    varied = spread.index[spread > 1e-9 * features.abs().max().clip(lower=1)]
    scaled = features[varied] / spread[varied]
    return pd.concat([table.drop(columns=feature_columns(table)), scaled], axis=1)


def read_others(named: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Reads profiles given as `name=path`: a parquet, or a folder of `read_fold_profiles`.

    Raises:
        ConfigError: a text is not of that form.
        DataError: profiles cannot be read.
    """
    found = {}
    for text in named:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise ConfigError(f"Expected profiles as name=path; got {text!r}.")
        found[name] = read_fold_profiles(path) if Path(path).is_dir() else read_profiles(path)
    return found


def read_fold_profiles(folder: str | Path) -> pd.DataFrame:
    """Profiles by the nets of several folds, such as a baseline's: `fold_<k>/profiles.parquet`.

    Raises:
        DataError: there is none, or one cannot be read.
    """
    paths = sorted(Path(folder).glob("fold_*/profiles.parquet"))
    if not paths:
        raise DataError("Expected profiles in fold_<k>/profiles.parquet, got none.", file=folder)
    parts = []
    for path in paths:
        fold = int(path.parent.name.removeprefix("fold_"))
        table = read_profiles(path).reset_index(drop=True)
        defined = table[feature_columns(table)].notna().all(axis=1)
        parts.append(table[defined].assign(**{FOLD: fold}))
    return pd.concat(parts, ignore_index=True)


def _add(found: NamedProfiles, name: str, table: pd.DataFrame, wells: pd.DataFrame) -> None:
    cut = into_spaces(table, wells)
    if cut.empty:
        found.notes.append(f"{name}: none of its wells was held out by a net of this run.")
        return
    found.wells[name] = cut
    lacking = len(wells) - len(cut.drop_duplicates([PLATE, WELL, FOLD]))
    if lacking > 0:
        found.notes.append(f"{name}: {lacking} of {len(wells)} profiles of wells are missing.")
