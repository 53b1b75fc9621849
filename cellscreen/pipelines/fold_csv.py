"""Predefined folds from a CSV, such as the split that others published."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen.errors import DataError
from cellscreen.pipelines.joined_csv import join_csv
from cellscreen.pipelines.splits import TRAINING

TRAIN = "train"


def predefined_folds(frame: pd.DataFrame, path: str | Path) -> pd.Series:
    """The fold of every row by a CSV with a column `fold` and one or more join columns.

    Args:
        frame: the records' metadata, `key` among the columns.
        path: the CSV; `fold` is a number (the fold that holds the row out) or `train` (in the
            training part of every fold). Join columns are `key` or metadata columns.

    Returns:
        int64 on the index of `frame`; -1 for `train`.

    Raises:
        ConfigError: the file is missing, or lacks `fold` or a join column.
        DataError: a fold is neither a number nor `train`, two lines contradict each other, a line
            joins no row, or a row has no line.

    Example:
        >>> predefined_folds(frame, "split.csv").value_counts()  # doctest: +SKIP
    """
    joined = join_csv(frame, path, "fold")
    for text, line in joined.lines.items():
        if text != TRAIN and not (text.isascii() and text.isdigit()):
            raise DataError(
                f"Expected a fold to be a whole number of 0 or more, or {TRAIN}; got {text!r}.",
                file=path,
                line=line,
            )
    without = frame[joined.values.isna()]
    if len(without):
        row = without.iloc[0]
        raise DataError(
            f"Expected a fold for every image; {len(without)} of {len(frame)} have no line, the "
            f"first is {row['key']}.",
            file=path,
            plate=row["Metadata_Plate"],
            well=row["Metadata_Well"],
            fix="Add their lines, or leave those images out with --where.",
        )
    numbers = {text: TRAINING if text == TRAIN else int(text) for text in joined.lines}
    return joined.values.map(numbers).astype("int64")
