"""What a net of bags is asked to answer: classes, several binary tasks at once, or the dose."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.fitting.labelled import LabelsOf, class_labels
from cellscreen.pipelines.labels import UNLABELLED
from cellscreen.plates.columns import metadata_column
from cellscreen.training.bags.config import BagDataConfig, Target

LOGGER = logging.getLogger(__name__)
DOSE = "Metadata_concentration_um"
LOG_DOSE = "log10_um"
NO_TASK, ANY_TASK = "no_task_positive", "a_task_positive"
LOW_HALF, HIGH_HALF = "lower_doses", "higher_doses"


@dataclass(frozen=True)
class BagTargets:
    """The targets of bags.

    Attributes:
        kind: what is asked.
        names: of the net's outputs: classes, tasks, or `log10_um`.
        values: what is learned: class numbers `(bags,)` int64; 0, 1 or -1 (missing) `(bags, tasks)`
            int64; or log10 of µM `(bags, 1)` float32, NaN where there is no dose.
        labels: class numbers by which folds are stratified and classes are balanced, -1 where
            nothing is to be learned.
        classes: names of these numbers: the classes; for tasks whether any is positive; for doses
            whether above the median.
    """

    kind: Target
    names: tuple[str, ...]
    values: np.ndarray
    labels: pd.Series
    classes: tuple[str, ...]


def bag_targets(frame: pd.DataFrame, wanted: BagDataConfig) -> BagTargets:
    """The targets that a config asks for.

    Args:
        frame: metadata of bags.
        wanted: says where labels are from.

    Raises:
        ConfigError: no such column or file.
        DataError: no bag has a label, a class has no bag, or doses are all alike.
        PlateTableError: a label table cannot be read, or has no compound in common with the bags.

    Example:
        >>> bag_targets(frame, config.data).names  # doctest: +SKIP
        ('nontoxic', 'toxic')
    """
    if wanted.target == "tasks":
        return _tasks(frame, wanted)
    if wanted.target == "log_dose":
        return _log_dose(frame)
    labels = class_labels(frame, wanted)
    return BagTargets(
        "classes", wanted.classes, labels.to_numpy(np.int64), labels, tuple(wanted.classes)
    )


def with_classes(frame: pd.DataFrame, wanted: BagDataConfig) -> BagDataConfig:
    """The config with empty classes filled by all values of its column, sorted.

    Raises:
        ConfigError: no such column.
    """
    if wanted.classes or wanted.target != "classes":
        return wanted
    values = frame[metadata_column(frame, wanted.label_column)]
    known = sorted(set(values[values.notna()].astype(str)) - {""})
    LOGGER.info("%d classes: the values of %s.", len(known), wanted.label_column)
    return dataclasses.replace(wanted, classes=tuple(known))


def _tasks(frame: pd.DataFrame, wanted: BagDataConfig) -> BagTargets:
    sources = (wanted.labels or wanted.label_column).split(",")
    values = np.empty((len(frame), len(wanted.tasks)), np.int64)
    for number, source in enumerate(sources):
        pair = wanted.classes if len(wanted.classes) == 2 else wanted.classes[2 * number :][:2]
        one = LabelsOf(
            label_column="" if wanted.labels else source,
            labels=source if wanted.labels else "",
            labels_by=wanted.labels_by,
            classes=pair,
        )
        values[:, number] = class_labels(frame, one)
    known = (values != UNLABELLED).any(axis=1)
    labels = np.where(known, (values == 1).any(axis=1).astype(int), UNLABELLED)
    return BagTargets(
        "tasks", wanted.tasks, values, pd.Series(labels, frame.index), (NO_TASK, ANY_TASK)
    )


def _log_dose(frame: pd.DataFrame) -> BagTargets:
    doses = pd.to_numeric(frame.get(DOSE, pd.Series(np.nan, frame.index)), errors="coerce")
    logs = np.log10(doses.where(doses > 0)).astype(np.float32)
    if logs.nunique() < 2:
        raise DataError(
            f"Expected two doses or more to learn from; got {logs.nunique()} above 0.",
            fix="Give concentration_um in the plate map, or look at --where.",
        )
    middle = logs.median()
    high = logs > middle if (logs > middle).any() else logs >= middle
    labels = high.astype(int).where(logs.notna(), UNLABELLED)
    values = logs.to_numpy(np.float32)[:, None]
    return BagTargets("log_dose", (LOG_DOSE,), values, labels, (LOW_HALF, HIGH_HALF))
