"""Cells' answers as one answer of their image, well or compound.

Paper 002 lets the cells of an image vote and takes the majority; beside it stand two rules that
also hear how sure a cell is.

* `majority`: the share of cells that call a class. A tie goes to the class with the higher mean
  probability over all cells, then to the first in the order of classes.
* `mean`: the mean probability.
* `weighted`: the mean probability weighted by each cell's confidence, `(max p - 1/K) / (1 - 1/K)`
  with K classes: a cell that finds all alike has no say, a certain one counts fully. A unit of
  cells without any confidence takes the mean. Ties go as above.

Shares and means that agree to 12 decimals are a tie, so that the order of the cells, which decides
how sums are rounded, never decides a call.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError, DataError
from cellscreen.votes.answers import Calls, calls_of, check_columns, class_columns

RULES = ("majority", "mean", "weighted")
_DECIMALS = 12
_NO_SAY = 1e-9  # mean weight of a unit below which its cells know nothing


def vote(
    answers: pd.DataFrame, unit: pd.Series, classes: Sequence[str], rule: str = "majority"
) -> pd.DataFrame:
    """One answer for each unit by a vote of its cells (paper 002, Part 3, section 2).

    The cells of a unit should be answered by one net: where folds share a unit, name the fold in
    it too.

    Args:
        answers: a row a cell: `label`, int class number (-1 where it is not known), and
            `p_<class>`, float, from 0 to 1.
        unit: the image, well or compound of every cell, on the index of `answers`.
        classes: class names in the order of their numbers.
        rule: of `RULES`.

    Returns:
        A row a unit, in the order in which units first appear: `unit`, `n_cells` int, `label`
        int, `p_<class>…` float64 (of `majority` the share of votes), `called` int.

    Raises:
        ConfigError: no such rule.
        DataError: a column is missing, a probability undefined, a cell without a unit, a unit of
            several labels, or a unit's index is not that of the answers.

    Example:
        >>> cells = pd.DataFrame({"label": [1] * 3, "p_a": [0.6, 0.6, 0.0], "p_b": [0.4, 0.4, 1.0]})
        >>> image = pd.Series(["x", "x", "x"])
        >>> [int(vote(cells, image, ["a", "b"], rule)["called"].iloc[0]) for rule in RULES]
        [0, 1, 1]
    """
    if rule not in RULES:
        raise ConfigError(f"Expected a rule of {', '.join(RULES)}; got {rule!r}.")
    check_columns(answers, ["label"])
    numbers, names = _numbered(answers, unit)
    labels = _one_label(answers, numbers, names, classes)
    calls = calls_of(answers, classes)
    n_cells = np.bincount(numbers, minlength=len(names))
    mean = _means(answers, numbers, np.ones(len(answers)), classes, len(names))
    if rule == "majority":
        shares = _votes(calls, numbers, len(classes), len(names)) / n_cells[:, None]
    elif rule == "weighted":
        weights = _weights(calls, numbers, n_cells, len(classes))
        shares = _means(answers, numbers, weights, classes, len(names))
    else:
        shares = mean
    told = pd.DataFrame({"unit": names, "n_cells": n_cells, "label": labels})
    probabilities = pd.DataFrame(shares, columns=class_columns(classes), copy=False)
    called = pd.DataFrame({"called": _greatest(shares, mean)})
    return pd.concat([told, probabilities, called], axis=1)


def _numbered(answers: pd.DataFrame, unit: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """The number of each cell's unit, and the units' names."""
    if not unit.index.equals(answers.index):
        raise DataError(
            f"Expected a unit for each of {len(answers)} answers, on their index; got {len(unit)}.",
            fix="Take the units from the same rows, or align them by the cells' keys.",
        )
    numbers, names = pd.factorize(unit)
    nameless = (numbers < 0) | np.isin(numbers, np.flatnonzero(names.astype(str) == ""))
    if nameless.any():
        raise DataError(
            f"Expected a unit for every cell; {nameless.sum()} of {len(unit)} have none, the first "
            f"in row {nameless.argmax()}.",
            fix="Leave out cells without one, such as those of no compound, before they vote.",
        )
    return numbers, pd.Index(names)


def _one_label(
    answers: pd.DataFrame, numbers: np.ndarray, names: pd.Index, classes: Sequence[str]
) -> np.ndarray:
    """The label that all cells of a unit have, `(units,)` int64."""
    labels = answers["label"].to_numpy(np.int64)
    first = np.full(len(names), -1, np.int64)
    first[numbers[::-1]] = labels[::-1]
    other = labels != first[numbers]
    if other.any():
        place = int(other.argmax())
        mixed = np.unique(numbers[other]).size
        both = [_class_name(k, classes) for k in (first[numbers[place]], labels[place])]
        raise DataError(
            f"Expected one label for all cells of a unit; {names[numbers[place]]} has "
            f"{both[0]} and {both[1]} ({mixed} of {len(names)} units have several).",
            fix="Vote within units of one label: name the compound or the label in the unit too.",
        )
    return first


def _class_name(number: int, classes: Sequence[str]) -> str:
    return classes[number] if 0 <= number < len(classes) else str(number)


def _weights(calls: Calls, numbers: np.ndarray, n_cells: np.ndarray, n_classes: int) -> np.ndarray:
    """Each cell's say, `(n,)` from 0 to 1; 1 for all cells of a unit where none has any."""
    if n_classes < 2:
        return np.ones(len(numbers))
    weights = np.clip((calls.confidence - 1 / n_classes) / (1 - 1 / n_classes), 0, 1)
    sums = np.bincount(numbers, weights, len(n_cells))
    return np.where((sums < _NO_SAY * n_cells)[numbers], 1.0, weights)


def _means(
    answers: pd.DataFrame,
    numbers: np.ndarray,
    weights: np.ndarray,
    classes: Sequence[str],
    n_units: int,
) -> np.ndarray:
    """Weighted mean probabilities, `(units, classes)`."""
    sums = np.bincount(numbers, weights, n_units)
    means = np.empty((n_units, len(classes)), order="F")
    for number, name in enumerate(class_columns(classes)):
        column = answers[name].to_numpy(np.float64)
        means[:, number] = np.bincount(numbers, weights * column, n_units) / sums
    return means


def _votes(calls: Calls, numbers: np.ndarray, n_classes: int, n_units: int) -> np.ndarray:
    """How many cells called each class, `(units, classes)` int."""
    places = numbers * n_classes + calls.called
    return np.bincount(places, minlength=n_units * n_classes).reshape(n_units, n_classes)


def _greatest(shares: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """The class of the greatest share; of equals that of the greatest mean, then the first."""
    best = np.full((2, len(shares)), -np.inf)
    called = np.zeros(len(shares), np.int64)
    for number in range(shares.shape[1]):
        share, second = shares[:, number].round(_DECIMALS), mean[:, number].round(_DECIMALS)
        above = (share > best[0]) | ((share == best[0]) & (second > best[1]))
        best[:, above] = share[above], second[above]
        called[above] = number
    return called
