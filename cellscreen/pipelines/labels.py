"""Labels at training time, from a metadata column or a small CSV; records never carry them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen.errors import ConfigError, DataError
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
    table = _read_label_csv(Path(path))
    joined = [str(name) for name in table if name != "label"]
    columns = [name if name == "key" else metadata_column(frame, name) for name in joined]
    if not columns:
        raise ConfigError("Expected a join column (key, or plate and well, …).", file=path)
    outside = sorted(set(table["label"]) - set(classes))
    if outside:
        raise DataError(
            f"Expected labels {', '.join(classes)}; got {', '.join(outside)}.",
            file=path,
            fix="Name every class in --classes.",
        )
    twice = table[table.duplicated(joined, keep=False)]
    if len(twice):
        raise DataError(f"Two labels for {tuple(twice[joined].iloc[0])}.", file=path)
    known = {tuple(row[:-1]): row[-1] for row in table[[*joined, "label"]].itertuples(index=False)}
    keys = [tuple(map(str, row)) for row in frame[columns].itertuples(index=False)]
    unused = sorted(set(known) - set(keys))
    if unused:
        raise DataError(
            f"{len(unused)} rows of the label table match no image; the first is {unused[0]}.",
            file=path,
        )
    numbers = [classes.index(known[key]) if key in known else UNLABELLED for key in keys]
    return pd.Series(numbers, index=frame.index)


def _read_label_csv(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise ConfigError("Expected a CSV of labels; there is no such file.", file=path)
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    if "label" not in table:
        raise ConfigError(f"Expected a column label; got {', '.join(map(str, table))}.", file=path)
    return table


def _check_classes(classes: tuple[str, ...]) -> None:
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise ConfigError(f"Expected two or more different classes; got {list(classes)}.")
