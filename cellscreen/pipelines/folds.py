"""The fold manifest: which images each fit trains on, validates on and holds out, by group.

A row an image: `key, group, fold, inner, label, trained, checksum` and the `Metadata_*` columns.
`fold` is the fold that holds the image out, -1 where none does (the training part of a holdout);
`inner` is the validation part of its group, -1 where it has none. An image whose `trained` is
False has no label or was left out: it is scored only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cellscreen.atomic import replacing
from cellscreen.errors import ConfigError, DataError
from cellscreen.pipelines.fold_checks import (
    check_groups,
    check_labels,
    check_leaks,
    check_parts,
    class_name,
    classes_left_out,
    warn_of_shared_groups,
)
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.pipelines.fold_csv import predefined_folds
from cellscreen.pipelines.labels import UNLABELLED
from cellscreen.pipelines.splits import TRAINING, each_alone, holdout, kfold, validation_parts
from cellscreen.plates.groups import LEAKY as LEAKY
from cellscreen.plates.groups import row_groups

LEFT_OUT = "left_out_classes"
_DECISIVE = ["key", "group", "fold", "inner", "label", "trained", "checksum"]


def assign_folds(
    frame: pd.DataFrame,
    labels: pd.Series,
    trained: pd.Series,
    config: FoldConfig,
    seed: int,
    classes: Sequence[str] = (),
) -> pd.DataFrame:
    """The fold manifest of a training, stratified by class over groups.

    Classes with fewer groups than the folds need are left out, if two or more remain: they are
    logged and listed in `manifest.attrs["left_out_classes"]` as name to number of groups.

    Groups without an image to train on are held out, too, dealt over the folds in order: every
    image is scored by one net that saw none of its group. A group of a holdout's training part
    stays whole, with the images that are not trained on.

    Args:
        frame: the records' metadata, `key` and `sha256` among the columns.
        labels: class numbers, -1 where there is none.
        trained: rows that may be trained on; those without a label never are.
        config: how images are kept apart.
        seed: of all choices among groups.
        classes: class names in the order of the numbers, for checks and messages.

    Returns:
        The manifest, on the index of `frame`.

    Raises:
        ConfigError: no such column to fold by, or the fold CSV is missing or lacks a column.
        DataError: a label is no class, a row has no group, a class is missing from a part of a
            fold, groups are fewer than folds, the fold CSV does not fit the rows, or a leak.

    Example:
        >>> manifest = assign_folds(frame, labels, labels >= 0, FoldConfig(), 0)  # doctest: +SKIP
        >>> manifest[training_rows(manifest, 0)]["label"].value_counts()  # doctest: +SKIP
    """
    check_labels(frame, labels, classes)
    groups = row_groups(frame, config.fold_by)
    check_groups(frame, groups, config.fold_by)
    trained = trained & (labels != UNLABELLED)
    left_out = classes_left_out(groups[trained], labels[trained], config, classes)
    trained &= ~labels.isin(list(left_out))
    counts = pd.crosstab(groups[trained], labels[trained])
    if config.fold_mode == "predefined":
        folds = predefined_folds(frame, config.fold_csv)
    else:
        folds = groups.map(_fold_of_groups(groups, counts, config, seed)).astype(int)
    manifest = pd.DataFrame(
        {
            "key": frame["key"],
            "group": groups,
            "fold": folds,
            "inner": TRAINING,
            "label": labels.astype(int),
            "trained": trained,
            "checksum": frame["sha256"],
        }
    ).join(frame.filter(like="Metadata_"))
    check_leaks(manifest, "fold")
    if config.validation_parts:
        fold_of = manifest.groupby("group")["fold"].first()[counts.index]
        parts = validation_parts(counts, fold_of, config.validation_parts, seed)
        manifest["inner"] = groups.map(parts).fillna(TRAINING).astype(int)
    check_manifest(manifest, config)
    warn_of_shared_groups(manifest)
    manifest.attrs[LEFT_OUT] = {class_name(c, classes): n for c, n in left_out.items()}
    return manifest


def held_out_folds(manifest: pd.DataFrame) -> list[int]:
    """The numbers of the folds that are held out, each by one fit, ascending."""
    return sorted(int(fold) for fold in manifest["fold"].unique() if fold != TRAINING)


def held_out_rows(manifest: pd.DataFrame, fold: int) -> pd.Series:
    """Which rows the net of `fold` never saw, nor any of their groups; all of them are scored."""
    return manifest["fold"] == _known(manifest, fold)


def validation_rows(manifest: pd.DataFrame, fold: int) -> pd.Series:
    """Which rows the fit of `fold` sets apart from training, for stopping and calibration."""
    n_parts = int(manifest["inner"].max()) + 1
    rows = manifest["trained"] & ~held_out_rows(manifest, fold)
    if not n_parts:
        return rows & False
    return rows & (manifest["inner"] == held_out_folds(manifest).index(fold) % n_parts)


def training_rows(manifest: pd.DataFrame, fold: int) -> pd.Series:
    """Which rows the fit of `fold` takes its steps on: neither held out nor for validation.

    Example:
        >>> manifest = pd.DataFrame({"fold": [0, 1], "inner": -1, "trained": True})
        >>> training_rows(manifest, 0).tolist()
        [False, True]
    """
    rows = manifest["trained"] & ~held_out_rows(manifest, fold)
    return rows & ~validation_rows(manifest, fold)


def check_manifest(manifest: pd.DataFrame, config: FoldConfig) -> None:
    """Checks that folds leak nothing and can be trained.

    Raises:
        DataError: a key twice; a group, or one file (by checksum), in two folds or two validation
            parts; a training, validation or held-out part that lacks a class. Where every group
            is held out alone, its lack of a class is only warned of.
    """
    check_leaks(manifest, "fold")
    check_leaks(manifest[manifest["trained"]], "inner")
    if not (folds := held_out_folds(manifest)):
        raise DataError("Expected a fold that is held out; got images for training only.")
    parts = {"training": training_rows, "validation": validation_rows, "held-out": held_out_rows}
    if not config.validation_parts:
        del parts["validation"]
    chosen = ((name, k, rows(manifest, k)) for name, rows in parts.items() for k in folds)
    labels = manifest.loc[manifest["trained"], "label"]
    check_parts(labels, chosen, alone=config.fold_mode == "leave_one_out")


def claim_manifest(manifest: pd.DataFrame, path: Path) -> None:
    """Writes the manifest, or checks that an earlier one says the same.

    Folds that moved under a half-finished run would let a net score images it was trained on.

    Raises:
        ConfigError: the file holds other images, folds or labels.
    """
    if path.is_file():
        if not read_manifest(path)[_DECISIVE].equals(manifest[_DECISIVE].reset_index(drop=True)):
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
    """Reads a manifest; keys, groups and metadata stay text where they were text.

    Raises:
        ConfigError: a column is missing.
    """
    text = {"key": str, "group": str, "checksum": str}
    names = pd.read_csv(path, nrows=0).columns
    missing = [name for name in _DECISIVE if name not in names]
    if missing:
        raise ConfigError(
            f"Expected a fold manifest; it has no column {', '.join(missing)}.",
            file=path,
            fix="It is of another version: give another --workdir.",
        )
    text |= {name: str for name in names if name.startswith("Metadata_")}
    frame = pd.read_csv(path, dtype=text, keep_default_na=False)
    return frame.astype({"fold": np.int64, "inner": np.int64, "label": np.int64})


def _known(manifest: pd.DataFrame, fold: int) -> int:
    if fold not in (folds := held_out_folds(manifest)):
        raise ConfigError(f"Expected one of the folds {', '.join(map(str, folds))}; got {fold}.")
    return fold


def _fold_of_groups(
    groups: pd.Series, counts: pd.DataFrame, config: FoldConfig, seed: int
) -> dict[str, int]:
    if config.fold_mode == "kfold":
        dealt = kfold(counts, config.folds, seed)
    elif config.fold_mode == "leave_one_out":
        dealt = each_alone(counts)
    else:
        keep = 2 if config.validation_parts else 1
        dealt = holdout(counts, config.holdout_share, keep, seed)
    n_folds = max(int(dealt.max()) + 1, 1)
    others = sorted(set(groups) - set(dealt.index))
    return dealt.to_dict() | {group: number % n_folds for number, group in enumerate(others)}
