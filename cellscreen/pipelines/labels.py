"""Labels at training time, from a metadata column or a small CSV; records never carry them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen.errors import ConfigError, DataError
from cellscreen.pipelines.joined_csv import join_csv
from cellscreen.plates.columns import metadata_column

UNLABELLED = -1


def labels_from_column(frame: pd.DataFrame, column: str, classes: tuple[str, ...]) -> pd.Series:
    """The class number of every row; -1 where the column holds none of `classes`.

    Args:
        frame: the records' metadata.
        column: a metadata column, with or without `Metadata_`.
        classes: class names in order; class 0 is the negative one.

    Raises:
        ConfigError: no such column, fewer than two classes, or one named twice.
        DataError: a class that no row has.
    """
    _check_classes(classes)
    values = frame[metadata_column(frame, column)].astype(str)
    missing = [name for name in classes if name not in set(values)]
    if missing:
        seen = ", ".join(sorted(set(values))[:12])
        raise DataError(f"No image has {column}={', '.join(missing)}; the column holds {seen}.")
    return values.map({name: number for number, name in enumerate(classes)}).fillna(-1).astype(int)


def labels_from_csv(frame: pd.DataFrame, path: str | Path, classes: tuple[str, ...]) -> pd.Series:
    """The class number of every row by a CSV with a `label` column and one or more join columns.

    The join columns are `key` or metadata columns (`plate,well,label`, `pert_iname,label` …).

    Raises:
        ConfigError: the file is missing, or lacks `label` or a join column.
        DataError: two labels for one thing, a label outside `classes`, or a row that joins nothing.
    """
    _check_classes(classes)
    joined = join_csv(frame, path, "label")
    outside = sorted(set(joined.lines) - set(classes))
    if outside:
        raise DataError(
            f"Expected labels {', '.join(classes)}; got {', '.join(map(repr, outside))}.",
            file=path,
            line=joined.lines[outside[0]],
            fix="Name every class in --classes.",
        )
    numbers = {name: number for number, name in enumerate(classes)}
    return joined.values.map(numbers).fillna(UNLABELLED).astype(int)


def _check_classes(classes: tuple[str, ...]) -> None:
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise ConfigError(f"Expected two or more different classes; got {list(classes)}.")
