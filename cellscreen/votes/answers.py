"""Cells' probabilities as a table of answers: checked, and with the class that each cell calls.

Everything here goes over the classes and never over the cells, and holds a few numbers a cell, so
that a million cells of 300 classes stay where they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from cellscreen.errors import DataError

_SUM_OFF = 0.01  # nets may answer in 16-bit floats


class Calls(NamedTuple):
    """What cells say.

    Attributes:
        called: `(n,)` int64, number of the most probable class; the first one of equals.
        confidence: `(n,)` float64, its probability.
    """

    called: np.ndarray
    confidence: np.ndarray


def class_columns(classes: Sequence[str]) -> list[str]:
    """The columns of the classes' probabilities.

    Example:
        >>> class_columns(["DMSO", "FK-866"])
        ['p_DMSO', 'p_FK-866']
    """
    return [f"p_{name}" for name in classes]


def calls_of(answers: pd.DataFrame, classes: Sequence[str]) -> Calls:
    """The call of every row, and how sure it is.

    Args:
        answers: columns `p_<class>`, from 0 to 1, that sum to 1.
        classes: class names in the order of their numbers.

    Raises:
        DataError: a column is missing or there twice, a probability is undefined, or a row does
            not sum to 1.

    Example:
        >>> calls_of(pd.DataFrame({"p_a": [0.9, 0.5], "p_b": [0.1, 0.5]}), ["a", "b"]).called
        array([0, 0])
    """
    check_columns(answers, class_columns(classes))
    total, best = np.zeros(len(answers)), np.full(len(answers), -np.inf)
    called = np.zeros(len(answers), np.int64)
    for number, name in enumerate(class_columns(classes)):
        column = answers[name].to_numpy(np.float64)
        total += column
        above = column > best
        np.copyto(best, column, where=above)
        called[above] = number
    _check_total(answers, total)
    return Calls(called, best)


def called_cells(answers: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Cells as units of their own: the table that `rules.vote` makes of images, for cells.

    Args:
        answers: a row a cell: `key, label, p_<class>…`; other columns are kept.
        classes: class names in the order of their numbers.

    Returns:
        The answers (nothing is copied) with `unit`, the cell's key, `n_cells`, 1, and `called`.

    Raises:
        DataError: as `calls_of`.

    Example:
        >>> rank_figures(called_cells(answers, classes), classes)  # doctest: +SKIP
    """
    check_columns(answers, ["key", "label"])
    found = calls_of(answers, classes)
    table = answers.copy(deep=False)
    table["unit"], table["n_cells"], table["called"] = answers["key"], 1, found.called
    return table


def check_columns(table: pd.DataFrame, needed: Sequence[str]) -> None:
    """Raises where columns are missing or there twice.

    Raises:
        DataError: it names the first ones and counts all.
    """
    counts = Counter(table.columns)
    odd = [name for name in dict.fromkeys(needed) if counts[name] != 1]
    odd += [name for name, times in Counter(needed).items() if times > 1]
    if odd:
        more = f" and {len(odd) - 5} more" if len(odd) > 5 else ""
        raise DataError(
            f"Expected each of the columns {', '.join(odd[:5])}{more} once in a table of answers; "
            f"got {', '.join(f'{name} {counts[name]} times' for name in odd[:5])}.",
            fix="Give the classes that the answers were made for, each once.",
        )


def _check_total(answers: pd.DataFrame, total: np.ndarray) -> None:
    undefined = np.isnan(total)
    if undefined.any():
        raise DataError(
            f"Expected probabilities of all classes for every cell; {undefined.sum()} of "
            f"{len(total)} have none, the first is {_row_name(answers, undefined)}.",
            fix="Leave out models that do not answer: their figures are undefined.",
        )
    off = np.abs(total - 1) > _SUM_OFF
    if off.any():
        raise DataError(
            f"Expected probabilities that sum to 1; those of {_row_name(answers, off)} sum to "
            f"{total[off.argmax()]:.3g}, and of {off.sum()} of {len(total)} rows they do not.",
            fix="Give probabilities of all classes, after the softmax.",
        )


def _row_name(answers: pd.DataFrame, chosen: np.ndarray) -> str:
    place = int(chosen.argmax())
    named = next((name for name in ("key", "unit") if name in answers), None)
    return f"row {place}" if named is None else str(answers[named].iloc[place])
