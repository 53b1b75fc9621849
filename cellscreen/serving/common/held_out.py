"""Which net of a run may answer for an image, or a bag: the one that never saw it or its group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from cellscreen.errors import ScoreError
from cellscreen.records.fields import Row
from cellscreen.serving.common.scored import would_flatter
from cellscreen.serving.common.seen_groups import ALWAYS_TRAINED, IN_SEVERAL, FoldsOfGroups


class HeldFold(NamedTuple):
    """Who answers for an example.

    Attributes:
        fold: the fold whose net answers, None for the mean over nets.
        saw_group: whether nets that answer were trained on others of the example's group.
    """

    fold: int | None
    saw_group: bool


class HeldOut:
    """What a run's nets were trained on.

    Args:
        manifest: of the run.
        fold_by: what it kept together.
        noun: what an example is: `image` or `well`.
    """

    def __init__(self, manifest: pd.DataFrame, fold_by: str, noun: str = "image") -> None:
        self._noun = noun
        self._checksum_of = dict(zip(manifest["key"], manifest["checksum"], strict=True))
        self._fold_of = dict(zip(manifest["checksum"], manifest["fold"], strict=True))
        self._groups = FoldsOfGroups(manifest, fold_by)
        always = manifest["trained"] & (manifest["fold"] < 0)
        self._seen = set(manifest.loc[always, "checksum"])

    def of_groups(self, rows: Sequence[Row]) -> np.ndarray:
        """The fold that held the group of each row out; see `FoldsOfGroups.of_rows`."""
        return self._groups.of_rows(rows)

    def fold_of(self, row: Row, key: str, checksum: str, of_group: int) -> int | None:
        """The fold that held an example out, by its checksum, or its group; else None.

        Args:
            row: its metadata.
            key: its key.
            checksum: of its pixels, as in the manifest.
            of_group: of `of_groups`.

        Raises:
            ScoreError: every net was trained on it or on its group, or the run knows the key as
                another example.
        """
        if self._checksum_of.get(key, checksum) != checksum:
            raise ScoreError(
                f"The run's manifest knows {key} as another {self._noun}.",
                file=row.get("path"),
                plate=row["Metadata_Plate"],
                well=row["Metadata_Well"],
                fix="Give the new plate a name of its own: keys must name one image for ever.",
            )
        known = checksum in self._fold_of
        if checksum in self._seen or (not known and of_group == ALWAYS_TRAINED):
            what = f"this {self._noun}" if known else f"others of this {self._noun}'s group"
            raise would_flatter(
                f"Every net of this run was trained on {what}",
                row,
                "Leave it out of what is scored, or train with --fold_mode=kfold.",
            )
        fold = self._fold_of.get(checksum, of_group)
        return int(fold) if fold >= 0 else None


def folds_of_rows(
    held_out: HeldOut, rows: Sequence[Row], checksums: Sequence[str]
) -> list[HeldFold]:
    """Finds the net that never saw an example, nor its group, for each of several.

    Args:
        held_out: of the run.
        rows: their metadata and `key`.
        checksums: of their pixels, as in the manifest.

    Raises:
        ScoreError: every net was trained on one or its group, or the run knows a key as another.
    """
    folds = []
    for row, checksum, of_group in zip(rows, checksums, held_out.of_groups(rows), strict=True):
        fold = held_out.fold_of(row, str(row["key"]), checksum, int(of_group))
        folds.append(HeldFold(fold, saw_group(int(of_group))))
    return folds


def together(parts: Sequence[HeldFold]) -> HeldFold:
    """Who answers for examples that are answered as one: the mean over nets, if folds differ."""
    folds = {part.fold for part in parts}
    if len(folds) == 1:
        return HeldFold(parts[0].fold, any(part.saw_group for part in parts))
    return HeldFold(None, True)


def saw_group(of_group: int) -> bool:
    """Whether nets that answer for a group, of `HeldOut.of_groups`, were trained on it."""
    return of_group in (ALWAYS_TRAINED, IN_SEVERAL)
