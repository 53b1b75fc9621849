"""The class of every example, from where a trainer's config says: a column, a CSV, compounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from cellscreen.errors import DataError
from cellscreen.pipelines.labels import (
    UNLABELLED,
    labels_from_column,
    labels_from_compounds,
    labels_from_csv,
)

CONDITION = "condition"


class LabelSource(Protocol):
    """The part of a config that says where labels are from."""

    @property
    def label_column(self) -> str:
        """Metadata column with the class; `condition` if neither it nor labels."""

    @property
    def labels(self) -> str:
        """CSV with a column label and join columns, or a table of compounds."""

    @property
    def labels_by(self) -> str:
        """The compounds' key, where labels are a table of compounds."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names."""


@dataclass(frozen=True)
class LabelsOf:
    """A source of labels; the fields as in `LabelSource`."""

    label_column: str
    labels: str
    labels_by: str
    classes: tuple[str, ...]


def class_labels(frame: pd.DataFrame, source: LabelSource) -> pd.Series:
    """The class number of every row, -1 where there is none.

    Args:
        frame: metadata of records.
        source: where labels are from.

    Raises:
        ConfigError: no such column or file.
        DataError: no row has a label, a class has no row, or two labels for one thing.
        PlateTableError: the table cannot be read, or has no compound in common with the rows.

    Example:
        >>> class_labels(frame, config.data).value_counts()  # doctest: +SKIP
    """
    if source.labels and source.labels_by:
        labels = labels_from_compounds(frame, source.labels, source.classes, source.labels_by)
    elif source.labels:
        labels = labels_from_csv(frame, source.labels, source.classes)
    else:
        labels = labels_from_column(frame, source.label_column or CONDITION, source.classes)
    if (labels == UNLABELLED).all():
        raise DataError(
            f"Expected labels for some of {len(frame)} rows; none has one after joining.",
            file=source.labels or None,
            fix="Look at the join columns of the table, and at --where.",
        )
    return labels
