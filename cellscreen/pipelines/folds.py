"""Folds by group: assigned over the metadata, written as a manifest, checked for leaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from cellscreen.atomic import replacing
from cellscreen.errors import ConfigError, DataError
from cellscreen.pipelines.labels import UNLABELLED
from cellscreen.plates.columns import metadata_column
from cellscreen.plates.key import well_position

LEAKY = "site"


def fold_groups(frame: pd.DataFrame, fold_by: str) -> pd.Series:
    """The group of every row: rows of one group are never in two folds.

    Args:
        frame: the records' metadata.
        fold_by: `well` (plate + well, which is also a dish), `plate`, `position` (the same well
            across plates), `compound` (`pert_iname`), `site` (one image: leaky) or any column.

    Raises:
        ConfigError: no such column.
        DataError: a row has no value in the column.
    """
    plates, wells = frame["Metadata_Plate"].astype(str), frame["Metadata_Well"].astype(str)
    if fold_by == "well":
        return plates + "/" + wells
    if fold_by == LEAKY:
        return frame["key"].astype(str)
    if fold_by == "position":
        groups = wells.map(well_position)
    else:
        named = {"compound": "pert_iname", "plate": "Plate"}.get(fold_by, fold_by)
        groups = frame[metadata_column(frame, named)]
    empty = groups.isna() | (groups.astype(str) == "")
    if empty.any():
        row = frame[empty].iloc[0]
        raise DataError(
            f"Expected a value of {fold_by} for every image; {int(empty.sum())} have none.",
            plate=row["Metadata_Plate"],
            well=row["Metadata_Well"],
            fix="Fill the column, leave those images out with --where, or fold by well.",
        )
    return groups.astype(str)


def assign_folds(
    frame: pd.DataFrame,
    labels: pd.Series,
    trained: pd.Series,
    fold_by: str,
    n_folds: int,
    seed: int,
) -> pd.DataFrame:
    """The fold manifest: a row a record, stratified by label over groups.

    Groups without a trained row are dealt out over the folds in order, so that every image of the
    data is scored by one model only.

    Args:
        frame: the records' metadata, `key` and `sha256` among the columns.
        labels: class numbers, -1 where there is none.
        trained: rows that may be trained on; those without a label never are.
        fold_by: see `fold_groups`.
        n_folds: two or more.
        seed: of the shuffle of groups.

    Returns:
        Columns `key, group, fold, label, trained, checksum` and the frame's `Metadata_*`.

    Raises:
        DataError: fewer groups than folds, or a fold whose training part lacks a class.
    """
    trained = trained & (labels != UNLABELLED)
    groups = fold_groups(frame, fold_by)
    fold_of = _stratified(groups[trained], labels[trained], fold_by, n_folds, seed)
    others = sorted(set(groups) - set(fold_of))
    fold_of |= {group: number % n_folds for number, group in enumerate(others)}
    manifest = pd.DataFrame(
        {
            "key": frame["key"],
            "group": groups,
            "fold": groups.map(fold_of).astype(int),
            "label": labels,
            "trained": trained,
            "checksum": frame["sha256"],
        }
    ).join(frame.filter(like="Metadata_"))
    check_manifest(manifest, n_folds)
    return manifest


def _stratified(
    groups: pd.Series, labels: pd.Series, fold_by: str, n_folds: int, seed: int
) -> dict[str, int]:
    for label in sorted(set(labels)):
        available = groups[labels == label].nunique()
        if available < n_folds:
            raise DataError(
                f"Class number {label} has {available} groups by {fold_by}, fewer than "
                f"{n_folds} folds.",
                fix="Ask for fewer --folds, add wells or dishes, fold by another column, or (for "
                "leaky figures, marked so) by site.",
            )
    if groups.nunique() == n_folds:
        return {group: number for number, group in enumerate(sorted(set(groups)))}
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    fold_of: dict[str, int] = {}
    for number, (_, held_out) in enumerate(splitter.split(groups, labels, groups)):
        fold_of |= dict.fromkeys(groups.iloc[held_out], number)
    return fold_of


def check_manifest(manifest: pd.DataFrame, n_folds: int) -> None:
    """Checks that folds leak nothing and can be trained.

    Raises:
        DataError: a key twice, a group in two folds, one file (by checksum) in two folds, or a
            fold whose training or held-out part lacks a class.
    """
    twice = manifest[manifest["key"].duplicated()]
    if len(twice):
        raise DataError(
            f"The key {twice['key'].iloc[0]} stands twice in the data.",
            fix="Choose one channel with --channel.",
        )
    for column in ("group", "checksum"):
        folds = manifest.groupby(column)["fold"].nunique()
        if (folds > 1).any():
            value = folds[folds > 1].index[0]
            keys = ", ".join(manifest.loc[manifest[column] == value, "key"].head(3))
            raise DataError(
                f"Leak: the {column} {value} is in {folds[value]} folds (images {keys}).",
                fix="One group, and one image, must be in one fold: mend the data or the folds.",
            )
    rows = manifest[manifest["trained"]]
    classes = set(rows["label"])
    if len(classes) < 2:
        raise DataError("Expected images of two classes or more to train on; got one class.")
    for fold in range(n_folds):
        for part, chosen in (
            ("training", rows["fold"] != fold),
            ("held-out", rows["fold"] == fold),
        ):
            missing = sorted(classes - set(rows.loc[chosen, "label"]))
            if missing:
                raise DataError(f"The {part} part of fold {fold} has no image of class {missing}.")


def claim_manifest(manifest: pd.DataFrame, path: Path) -> None:
    """Writes the manifest, or checks that an earlier one says the same.

    Folds that moved under a half-finished run would let a net score images it was trained on.

    Raises:
        ConfigError: the file holds other images, folds or labels.
    """
    if path.is_file():
        decisive = ["key", "fold", "label", "trained", "checksum"]
        if not read_manifest(path)[decisive].equals(manifest[decisive].reset_index(drop=True)):
            raise ConfigError(
                "The data or labels changed since this run began: images, folds or labels differ.",
                file=path,
                fix="Give another --workdir.",
            )
        return
    write_manifest(manifest, path)


def write_manifest(manifest: pd.DataFrame, path: Path) -> None:
    """Writes the manifest as CSV."""
    with replacing(path) as temporary:
        manifest.to_csv(temporary, index=False)


def read_manifest(path: Path) -> pd.DataFrame:
    """Reads a manifest; keys, groups and metadata stay text where they were text."""
    text = {"key": str, "group": str, "checksum": str}
    names = pd.read_csv(path, nrows=0).columns
    text |= {name: str for name in names if name.startswith("Metadata_")}
    frame = pd.read_csv(path, dtype=text, keep_default_na=False)
    return frame.astype({"fold": np.int64, "label": np.int64})
