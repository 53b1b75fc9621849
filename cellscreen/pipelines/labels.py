"""Labels at training time, from a metadata column or a small CSV; records never carry them."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from cellscreen.errors import ConfigError, DataError
from cellscreen.pipelines.joined_csv import join_csv
from cellscreen.plates.columns import metadata_column
from cellscreen.plates.compound_labels import describe_join, join_labels
from cellscreen.plates.label_table import read_labels

LOGGER = logging.getLogger(__name__)
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


def labels_from_compounds(
    frame: pd.DataFrame, path: str | Path, classes: tuple[str, ...], by: str
) -> pd.Series:
    """The class number of every row by a table of compounds (`plates.compound_labels`).

    What does not join is logged. Labels outside `classes` (Inconclusive …) are no class: they are
    logged too, and their rows get -1.

    Args:
        frame: the records' metadata.
        path: the label table, a row a compound.
        classes: class names in order; class 0 is the negative one.
        by: inchikey, first_block, name or pubchem_cid.

    Raises:
        ConfigError: a side lacks the column of `by`.
        DataError: a class that no row has.
        PlateTableError: two labels for one compound, or no compound in common.

    Example:
        >>> labels_from_compounds(frame, "herg.csv", ("nontoxic", "toxic"), "inchikey")
        ... # doctest: +SKIP
    """
    _check_classes(classes)
    joined = join_labels(frame, read_labels(path), by)
    LOGGER.info("%s, joined by %s: %s", path, by, describe_join(joined))
    found = joined.labels[joined.labels != ""]
    missing = [name for name in classes if name not in set(found)]
    if missing:
        raise DataError(
            f"No image's compound has the label {', '.join(missing)}; theirs are "
            f"{', '.join(sorted(set(found)))}.",
            file=path,
            fix="Name two of the table's labels in --classes.",
        )
    outside = found[~found.isin(classes)].value_counts()
    if len(outside):
        counts = ", ".join(f"{name} {count}" for name, count in outside.items())
        LOGGER.warning("Images whose label is none of the classes are not trained on: %s.", counts)
    numbers = {name: number for number, name in enumerate(classes)}
    return joined.labels.map(numbers).fillna(UNLABELLED).astype(int)


def _check_classes(classes: tuple[str, ...]) -> None:
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise ConfigError(f"Expected two or more different classes; got {list(classes)}.")
