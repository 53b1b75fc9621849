"""What a net of cells learns to tell: the classes of fields, and what was done about odd values.

Labels are of fields, since a plate map knows wells. Three things are ours, as the papers do not say
them. A negative control whose column is empty, as DMSO has no target, gets a class of its name.
Values `A|B` are a class as they stand, or the first of them, or are not trained on. Several samples
(`broad_sample`) of one compound are one class.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cellscreen.errors import DataError
from cellscreen.pipelines.labels import UNLABELLED, labels_from_column
from cellscreen.plates.columns import CONTROL_TYPE, metadata_column
from cellscreen.plates.controls import NAME, SAMPLE
from cellscreen.training.cells.config import CellDataConfig

LOGGER = logging.getLogger(__name__)
NEGCON, SEPARATOR = "negcon", "|"
_MISSING = ("", "nan", "NaN", "None", "<NA>")


@dataclass(frozen=True)
class CellLabels:
    """The labels of fields.

    Attributes:
        labels: class numbers, -1 where nothing is to be learned, on the fields' index.
        classes: their names.
        counts: fields without a label, of several values and of controls that were named, and
            compounds of several samples.
    """

    labels: pd.Series
    classes: tuple[str, ...]
    counts: dict[str, Any]


def cell_labels(fields: pd.DataFrame, wanted: CellDataConfig) -> CellLabels:
    """The labels that a config asks for, and what was done about odd values, told and counted.

    Args:
        fields: metadata, a row a field.
        wanted: label_column, classes, negcon_class and multi_label count.

    Raises:
        ConfigError: no such column.
        DataError: no field of a class, or fewer than two classes.

    Example:
        >>> cell_labels(index.fields, CellDataConfig("records")).classes  # doctest: +SKIP
        ('DMSO', 'FK-866', …)
    """
    column = metadata_column(fields, wanted.label_column)
    raw = fields[column].map(_text)
    values = _of_controls(fields, raw, wanted.negcon_class)
    named = (values != raw).sum()
    several = values.str.contains(SEPARATOR, regex=False)
    if wanted.multi_label == "first":
        values = values.str.split(SEPARATOR, regex=False).str[0].str.strip()
    elif wanted.multi_label == "drop":
        values = values.where(~several, "")
    classes = wanted.classes or tuple(sorted(set(values) - {""}))
    if len(classes) < 2:
        raise DataError(
            f"Expected two classes or more in {wanted.label_column}; got {list(classes)}.",
            fix="Choose another --label_column, or look at --where.",
        )
    labels = labels_from_column(fields.assign(**{column: values}), column, classes)
    counts = {
        "images_unlabelled": int((labels == UNLABELLED).sum()),
        "images_of_several_values": int(several.sum()),
        "images_of_named_controls": int(named),
        "compounds_of_several_samples": _several_samples(fields),
    }
    _tell(counts, len(fields), wanted)
    return CellLabels(labels, classes, counts)


def _text(value: Any) -> str:
    text = str(value).strip()
    return "" if text in _MISSING else text


def _of_controls(fields: pd.DataFrame, values: pd.Series, name: str) -> pd.Series:
    """Gives negative controls without a value the name that the config has for them."""
    if not name or CONTROL_TYPE not in fields:
        return values
    return values.mask((values == "") & (fields[CONTROL_TYPE] == NEGCON), name)


def _several_samples(fields: pd.DataFrame) -> int:
    """How many compounds have several samples: they are one class each."""
    if SAMPLE not in fields or NAME not in fields:
        return 0
    samples = fields[SAMPLE].map(_text)
    known = fields[samples != ""]
    return int((samples[samples != ""].groupby(known[NAME]).nunique() > 1).sum())


def _tell(counts: dict[str, Any], fields: int, wanted: CellDataConfig) -> None:
    column, missing = wanted.label_column, counts["images_unlabelled"]
    if missing:
        LOGGER.warning(
            "%d of %d images have no class in %s: they are scored and not trained on.",
            *(missing, fields, column),
        )
    if counts["images_of_several_values"]:
        done = {
            "joined": "each such value is a class",
            "first": "their first value is the class",
            "drop": "they are not trained on",
        }
        LOGGER.warning(
            "%d images have several values in %s (A|B): %s.",
            *(counts["images_of_several_values"], column, done[wanted.multi_label]),
        )
    if counts["images_of_named_controls"]:
        LOGGER.info(
            "%d images of negative controls have no %s: their class is %s.",
            *(counts["images_of_named_controls"], column, wanted.negcon_class),
        )
    if counts["compounds_of_several_samples"]:
        LOGGER.info(
            "%d compounds have several broad_samples: one class each.",
            counts["compounds_of_several_samples"],
        )
