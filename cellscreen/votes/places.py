"""Where the true class of each unit stands among all classes.

A unit's called class stands first. Classes of equal probability behind it, of which a majority vote
leaves many with no vote at all, take their places in every order with equal chances, and a figure
is the mean over them (McSherry and Najork 2008): no order of classes or rows decides it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.votes.answers import check_columns, class_columns
from cellscreen.votes.chance import TOP


class Units(NamedTuple):
    """Units and what each one counts for in the figures of ranks.

    Attributes:
        labels: `(n,)` int64, true classes.
        called: `(n,)` int64, called classes.
        scores: `accuracy`, `top_5` and `mrr` of each unit, `(n,)` float64 in [0, 1].
    """

    labels: np.ndarray
    called: np.ndarray
    scores: dict[str, np.ndarray]


def ranked_units(table: pd.DataFrame, classes: Sequence[str]) -> Units | None:
    """Units and their scores; None where nothing is defined."""
    labels, called = class_numbers(table, len(classes))
    check_columns(table, class_columns(classes))
    ahead, tied, undefined = _places(table, labels, called, classes)
    if not len(table) or undefined:
        return None
    in_top = np.clip((TOP - ahead) / (tied + 1), 0, 1)
    inverse = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, len(classes) + 1))])
    scores = {
        "accuracy": (labels == called).astype(np.float64),
        "top_5": in_top if len(classes) >= TOP else np.full(len(table), float("nan")),
        "mrr": (inverse[ahead + tied + 1] - inverse[ahead]) / (tied + 1),
    }
    return Units(labels, called, scores)


def _places(
    table: pd.DataFrame, labels: np.ndarray, called: np.ndarray, classes: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, bool]:
    """How many classes stand before the true one and how many beside it; whether any p is NaN."""
    true, first = np.full(len(table), float("nan")), np.full(len(table), float("nan"))
    for number, name in enumerate(class_columns(classes)):
        column = table[name].to_numpy(np.float64)
        np.copyto(true, column, where=labels == number)
        np.copyto(first, column, where=called == number)
    ahead, same = np.zeros(len(table), np.int64), np.zeros(len(table), np.int64)
    undefined = False
    for name in class_columns(classes):
        column = table[name].to_numpy(np.float64)
        ahead += column > true
        same += column == true
        undefined |= bool(np.isnan(column).any())
    # The called class goes first, wherever its own probability put it.
    wrong = labels != called
    ahead = np.where(wrong, ahead - (first > true) + 1, 0)
    return ahead, np.where(wrong, same - 1 - (first == true), 0), undefined


def class_numbers(table: pd.DataFrame, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """True and called classes, `(n,)` int64 each.

    Raises:
        DataError: a column is missing, or one of them is no class number.
    """
    check_columns(table, ["label", "called"])
    found = {name: table[name].to_numpy(np.int64) for name in ("label", "called")}
    for name, numbers in found.items():
        odd = (numbers < 0) | (numbers >= n_classes)
        if odd.any():
            raise DataError(
                f"Expected class numbers from 0 to {n_classes - 1} in {name}; got "
                f"{numbers[odd.argmax()]} in row {odd.argmax()}.",
                fix="Leave out units whose class is not known or was not trained.",
            )
    return found["label"], found["called"]


def group_numbers(table: pd.DataFrame, groups: pd.Series) -> tuple[np.ndarray, int]:
    """The number of each unit's group, and how many groups there are.

    Raises:
        DataError: a group is missing, or the groups are not on the table's index.
    """
    if not groups.index.equals(table.index):
        raise DataError(
            f"Expected a group for each of {len(table)} units, on their index; got {len(groups)}.",
            fix="Align the groups by the units' names.",
        )
    numbers, names = pd.factorize(groups)
    if (numbers < 0).any():
        raise DataError(
            f"Expected a group, such as a well, for every unit; {(numbers < 0).sum()} have none, "
            f"the first in row {(numbers < 0).argmax()}."
        )
    return numbers, len(names)


def groups_with(groups: np.ndarray, kinds: np.ndarray, n_kinds: int) -> np.ndarray:
    """In how many different groups each kind is.

    Args:
        groups: `(n,)` int, from 0.
        kinds: `(n,)` int, from 0, such as class numbers.
        n_kinds: how many kinds there are.

    Returns:
        `(n_kinds,)` int64.

    Example:
        >>> groups_with(np.array([0, 0, 1]), np.array([1, 1, 1]), 2)
        array([0, 2])
    """
    pairs = np.unique(groups * n_kinds + kinds)
    return np.bincount(pairs % n_kinds, minlength=n_kinds)
