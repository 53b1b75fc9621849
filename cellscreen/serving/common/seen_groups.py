"""Which fold held an image's group out, where the image itself is new to the run."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.plates.groups import LEAKY, row_groups
from cellscreen.records.fields import Row
from cellscreen.records.metadata import NUMBER_METADATA

LOGGER = logging.getLogger(__name__)
ALWAYS_TRAINED, IN_SEVERAL, UNKNOWN = -1, -2, -3
_WELL = "well"


def seen_groups(manifest: pd.DataFrame, seen: pd.Series, fold_by: str) -> list[str]:
    """The groups of the images that nets were trained on; wells where folds are by site.

    Args:
        manifest: of a run.
        seen: the rows that were trained on.
        fold_by: what the run kept together.

    Returns:
        Groups as text, sorted.

    Example:
        >>> seen_groups(manifest, manifest["trained"], "well")  # doctest: +SKIP
        ['P1/A01', 'P1/A02']
    """
    return sorted(set(_groups_of(manifest, fold_by)[seen]))


def groups_of_rows(rows: Sequence[Row], fold_by: str) -> list[str | None]:
    """The group of every row of a plate table, as `seen_groups` names them.

    Args:
        rows: of a plate table.
        fold_by: what a run kept together.

    Returns:
        Groups as text; None where a row has none, and, with one warning, where the table has no
        such column.
    """
    frame = _as_recorded(rows)
    try:
        groups = row_groups(frame, _WELL if fold_by == LEAKY else fold_by)
    except ConfigError:
        LOGGER.warning(
            "The plates have no column %s, by which the model's folds were made: images of groups "
            "it was trained on are not noticed.",
            fold_by,
        )
        return [None] * len(rows)
    return [None if pd.isna(group) else str(group) for group in groups]


class FoldsOfGroups:
    """The fold that held each group of a run out.

    Args:
        manifest: of the run.
        fold_by: what it kept together. Where that is the site, groups are wells.
    """

    def __init__(self, manifest: pd.DataFrame, fold_by: str) -> None:
        self._fold_by = fold_by
        folds = manifest["fold"].groupby(_groups_of(manifest, fold_by))
        self._fold_of = folds.first().where(folds.nunique() == 1, IN_SEVERAL).to_dict()
        never = folds.first().index.difference(seen_groups(manifest, manifest["trained"], fold_by))
        for group in never:
            if self._fold_of[group] < 0:
                self._fold_of[group] = UNKNOWN

    def of_rows(self, rows: Sequence[Row]) -> np.ndarray:
        """The fold whose net never saw the group of each row.

        Args:
            rows: of a plate table.

        Returns:
            `(rows,)` int; else `ALWAYS_TRAINED` where every net was trained on the group,
            `IN_SEVERAL` where each was on a part of it, `UNKNOWN` where no net saw it, or that
            cannot be told.
        """
        groups = groups_of_rows(rows, self._fold_by)
        return np.array([self._fold_of.get(group, UNKNOWN) for group in groups], int)


def _groups_of(manifest: pd.DataFrame, fold_by: str) -> pd.Series:
    return row_groups(manifest, _WELL) if fold_by == LEAKY else manifest["group"]


def _as_recorded(rows: Sequence[Row]) -> pd.DataFrame:
    """The metadata of rows as records hold them: numbers have 32 bits, and so has their text."""
    frame = pd.DataFrame(rows).filter(like="Metadata_")
    for name in {f"Metadata_{number}" for number in NUMBER_METADATA} & set(frame):
        frame[name] = pd.to_numeric(frame[name], errors="coerce").astype(np.float32)
    return frame
