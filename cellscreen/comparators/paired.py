"""Methods beside each other: figures, intervals, and differences over the same resamples.

Whole groups (compounds) are drawn, with replacement, the same for all methods, so that the
interval of a difference leaves out what is equally hard for both (percentile intervals of the
paired cluster bootstrap: Davison and Hinkley 1997, sections 2.4 and 3.8).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cellscreen.comparators.method_figures import WITHIN, MethodFigures
from cellscreen.errors import DataError
from cellscreen.votes.draws import interval

LOGGER = logging.getLogger(__name__)
METRICS = ("auroc", WITHIN, "auprc", "accuracy", "precision", "recall", "f1", "mcc")
DRAWS = 1000
COLUMNS = [
    *("model", "metric", "value", "low", "high"),
    *("difference", "difference_low", "difference_high"),
    *("rows", "groups", "repeats"),
]
Repeats = Sequence[pd.DataFrame]


def compare_methods(
    answers: Mapping[str, Repeats],
    classes: tuple[str, ...],
    reference: str,
    *,
    metrics: Sequence[str] = METRICS,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Figures of every method on the rows that all of them answered.

    Args:
        answers: for each method one frame a repeat (seed), each `key, group, fold, label,
            p_<class>…` of out-of-fold answers, a repeat's folds the same for all methods. Figures
            are means over the repeats. A method that answered nothing has no figures and costs
            the others no row.
        classes: class names.
        reference: the method that differences are taken from.
        metrics: of `judging.metrics.class_metrics`, and `auroc_within_folds`.
        draws: resamples of groups.
        seed: of the resamples.

    Returns:
        A row a method and metric: `model, metric, value, low, high` (95 %), `difference` of the
        reference's figure minus this one's with its own interval, and `rows`, `groups`, `repeats`.

    Raises:
        DataError: the reference is missing, or methods differ in a row's label, group or fold.

    Example:
        >>> compare_methods({"mid": [ours], "lightgbm": [theirs]}, ("a", "b"), "mid")
        ... # doctest: +SKIP
    """
    if reference not in answers:
        raise DataError(f"Expected answers of {reference}; got {', '.join(answers) or 'none'}.")
    methods = {name: [_one(f, classes) for f in frames] for name, frames in answers.items()}
    keys = _common({name: frames for name, frames in methods.items() if _answered(frames)})
    known = _of_rows(methods, keys)
    _check_folds(methods, keys)
    groups = known["group"].to_numpy()
    drawn = {
        name: MethodFigures(frames, known, classes, draws, seed) if _answered(frames) else None
        for name, frames in methods.items()
    }
    ours = drawn[reference]
    rows = []
    for name, theirs in drawn.items():
        size = (len(keys), len(np.unique(groups)), len(methods[name]))
        for metric in metrics:
            rows.append((name, metric, *_row(ours, theirs, metric, name == reference), *size))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(
    ours: MethodFigures | None, theirs: MethodFigures | None, metric: str, same: bool
) -> tuple[float, ...]:
    """`value, low, high, difference, difference_low, difference_high`."""
    nothing = float("nan")
    if theirs is None:
        return (nothing,) * 6
    low, high = interval(theirs.draws[metric]) if metric in theirs.draws else (nothing, nothing)
    figure = (theirs.value[metric], low, high)
    if ours is None or same:
        return (*figure, nothing, nothing, nothing)
    between = (nothing, nothing)
    if metric in ours.draws and metric in theirs.draws:
        between = interval(ours.draws[metric] - theirs.draws[metric])
    return (*figure, ours.value[metric] - theirs.value[metric], *between)


def _one(frame: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """The rows of a repeat that have an answer, by key."""
    if frame["key"].duplicated().any():
        twice = frame.loc[frame["key"].duplicated(), "key"].iloc[0]
        raise DataError(f"Expected one answer a row; {twice} has two.")
    columns = [f"p_{name}" for name in classes]
    return frame.set_index("key").dropna(subset=columns)


def _answered(repeats: Repeats) -> bool:
    return bool(repeats) and all(len(frame) for frame in repeats)


def _common(methods: Mapping[str, Repeats]) -> list[str]:
    parts = [set(frame.index) for frames in methods.values() for frame in frames]
    if not parts:
        return []
    common, every = set.intersection(*parts), set.union(*parts)
    if len(common) < len(every):
        LOGGER.warning(
            "%d of %d rows are not answered by every method: they are left out for all.",
            *(len(every) - len(common), len(every)),
        )
    return sorted(common)


def _of_rows(methods: Mapping[str, Repeats], keys: list[str]) -> pd.DataFrame:
    """`group` and `label` of the common rows, the same for every method.

    Groups and labels must agree; a row of another label would be another row.
    """
    said = [f.loc[keys, ["group", "label"]] for fs in methods.values() for f in fs if len(f)]
    if not keys or not said:
        raise DataError("Expected rows that every method answered; there is none.")
    for other in said[1:]:
        odd = (other != said[0]).any(axis=1)
        if odd.any():
            raise DataError(
                f"Expected one label and group a row; methods differ at {odd.idxmax()}.",
                fix="Compare methods that were trained on the same folds and labels.",
            )
    return said[0]


def _check_folds(methods: Mapping[str, Repeats], keys: list[str]) -> None:
    """A row held out together with other rows is another question."""
    for repeat in range(max(map(len, methods.values()))):
        said = {n: fs[repeat]["fold"] for n, fs in methods.items() if len(fs) > repeat}
        said = {name: folds.loc[keys] for name, folds in said.items() if len(folds)}
        first = next(iter(said), "")
        for name, folds in said.items():
            if not (folds == said[first]).all():
                raise DataError(
                    f"Expected methods on the same folds; {name} and {first} differ.",
                    fix="Train the comparators beside the run that they are compared with.",
                )
