"""What stops a training before it begins: labels, groups, leaks, and parts that lack a class."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import pandas as pd

from cellscreen.errors import DataError
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.pipelines.labels import UNLABELLED

LOGGER = logging.getLogger(__name__)
_MEND = (
    "Ask for fewer --folds, add wells or dishes, fold by another column, or (for leaky figures, "
    "marked so) by site."
)


def check_labels(frame: pd.DataFrame, labels: pd.Series, classes: Sequence[str]) -> None:
    """Checks that every label is a class number, or -1.

    Args:
        frame: the records' metadata, `key` among the columns.
        labels: class numbers, on its index.
        classes: class names; none where their number is not known.

    Raises:
        DataError: a label is something else; the message names the first image.
    """
    known = labels.isin(range(UNLABELLED, len(classes))) if classes else labels >= UNLABELLED
    if not known.all():
        row, label = frame[~known].iloc[0], labels[~known].iloc[0]
        upper = f"{len(classes) - 1}" if classes else "the number of classes"
        raise DataError(
            f"Expected labels from 0 to {upper}, or {UNLABELLED} for none; {int((~known).sum())} "
            f"are not, the first is {label} ({row['key']}).",
            plate=row["Metadata_Plate"],
            well=row["Metadata_Well"],
        )


def check_groups(frame: pd.DataFrame, groups: pd.Series, fold_by: str) -> None:
    """Checks that every row has a group.

    Raises:
        DataError: a row has none; the message names the first.
    """
    empty = groups.isna()
    if empty.any():
        row = frame[empty].iloc[0]
        raise DataError(
            f"Expected a value of {fold_by} for every image; {int(empty.sum())} have none.",
            plate=row["Metadata_Plate"],
            well=row["Metadata_Well"],
            fix="Fill the column, leave those images out with --where, or fold by well.",
        )


def classes_left_out(
    groups: pd.Series, labels: pd.Series, config: FoldConfig, classes: Sequence[str]
) -> dict[int, int]:
    """Classes with too few groups to be in every part, and how many they have; logged.

    Args:
        groups: of the rows that may be trained on.
        labels: their class numbers.
        config: says how many groups a class takes.
        classes: class names; none where they are not known.

    Raises:
        DataError: fewer than two classes would remain.
    """
    needed = groups_needed(config)
    numbers = range(len(classes)) if classes else sorted(set(labels))
    available = groups.groupby(labels).nunique().reindex(numbers, fill_value=0)
    few = {label: int(n) for label, n in zip(numbers, available, strict=True) if n < needed}
    limit = f"{needed} folds" if config.fold_mode == "kfold" else f"the {needed} it takes"
    told = [
        f"Class {class_name(label, classes)} has {n} groups by {config.fold_by}, fewer than {limit}"
        for label, n in few.items()
    ]
    if few and len(available) - len(few) < 2:
        raise DataError(f"{'; '.join(told)}.", fix=_MEND)
    if len(available) < 2:
        raise DataError("Expected images of two classes or more to train on; got one class.")
    for line in told:
        LOGGER.warning("%s: it is left out, its images are scored only.", line)
    return few


def groups_needed(config: FoldConfig) -> int:
    """Groups that a class must have to be in every part of every fold."""
    if config.fold_mode == "predefined":
        return 1
    held_out = config.folds if config.fold_mode == "kfold" else 2
    if not config.validation_parts:
        return held_out
    return max(held_out, 4 if config.fold_mode == "kfold" and held_out == 2 else 3)


def class_name(label: int, classes: Sequence[str]) -> str:
    """The name of a class, or `number 1` where names are not known."""
    return classes[label] if classes else f"number {label}"


def check_leaks(manifest: pd.DataFrame, part: str) -> None:
    """Checks that a group, and a file by its checksum, is in one part only.

    Args:
        manifest: of `folds.assign_folds`.
        part: `fold` or `inner`.

    Raises:
        DataError: a key stands twice, or a group or checksum is in two parts.
    """
    twice = manifest[manifest["key"].duplicated()]
    if len(twice):
        raise DataError(
            f"The key {twice['key'].iloc[0]} stands twice in the data.",
            fix="Choose one channel with --channel.",
        )
    word = "fold" if part == "fold" else "validation part"
    for column in ("group", "checksum"):
        parts = manifest.groupby(column)[part].nunique()
        if (parts > 1).any():
            value = parts[parts > 1].index[0]
            keys = ", ".join(manifest.loc[manifest[column] == value, "key"].head(3))
            raise DataError(
                f"Leak: the {column} {value} is in {parts[value]} {word}s (images {keys}).",
                fix=f"One group, and one image, must be in one {word}: mend the data or the folds.",
            )


def check_parts(
    labels: pd.Series, parts: Iterable[tuple[str, int, pd.Series]], alone: bool
) -> None:
    """Checks that every part of every fold has every class that is trained on.

    Args:
        labels: class numbers of the rows that are trained on.
        parts: name, fold and rows of each part, on the same index.
        alone: whether each group is held out alone, which may well have one class only; that is
            warned of.

    Raises:
        DataError: one class in all, or a part lacks a class.
    """
    classes = set(labels)
    if len(classes) < 2:
        raise DataError("Expected images of two classes or more to train on; got one class.")
    lacking = []
    for name, fold, rows in parts:
        missing = sorted(classes - set(labels[rows[labels.index]]))
        if missing and name == "held-out" and alone:
            lacking.append(fold)
        elif missing:
            raise DataError(
                f"The {name} part of fold {fold} has no image of class {missing}.",
                fix="Ask for fewer folds, add groups, or choose another --fold_by or --seed.",
            )
    if lacking:
        LOGGER.warning(
            "%d groups that are held out alone lack a class: figures of their folds alone are "
            "undefined, only those of all folds together count.",
            len(lacking),
        )


def warn_of_shared_groups(manifest: pd.DataFrame) -> None:
    """Warns of images that are not trained on, in groups that every net is trained on."""
    shared = (manifest["fold"] < 0) & ~manifest["trained"]
    if shared.any():
        LOGGER.warning(
            "%d images without training share a group with training images of every net (such as "
            "%s): their scores are not from a net that never saw the group.",
            int(shared.sum()),
            manifest.loc[shared, "key"].iloc[0],
        )
