"""What becomes of each class: how often it occurs, is called, is right, and is taken for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cellscreen.votes.confusion import confusion_counts
from cellscreen.votes.draws import wilson
from cellscreen.votes.places import class_numbers, group_numbers, groups_with


def class_table(table: pd.DataFrame, groups: pd.Series, classes: Sequence[str]) -> pd.DataFrame:
    """Frequencies, calls and recall of every class (paper 003, sections 3.2 and 3.3).

    Args:
        table: a row a unit: `label` and `called`, int class numbers.
        groups: the group of each unit, such as its well, on the table's index.
        classes: class names in the order of their numbers.

    Returns:
        A row a class: `class, n, share, n_groups, called, called_share, recall, low, high,
        precision, top_wrong, top_wrong_share, beaten`. `n` units in `n_groups` groups truly have
        it, `called` are called it. Low and high are the 95 % Wilson interval of recall with a
        trial a group, not a trial a unit: units of one well are not independent, and this takes
        them for one, the widest it can be. `top_wrong` is what its units are most often
        taken for (the first of equals, "" for none), with its share of them; `beaten` says whether
        that happens more often than the right call. Recall and the shares of a class that does
        not occur, and the precision of one that is not called, are NaN.

    Raises:
        DataError: a column or group is missing, or a label or call is no class number.

    Example:
        >>> units = pd.DataFrame({"label": [0, 0, 1], "called": [0, 1, 1]})
        >>> class_table(units, pd.Series(["w1", "w2", "w3"]), ["a", "b"])["recall"].tolist()
        [0.5, 1.0]
    """
    numbers, _ = group_numbers(table, groups)
    labels, _ = class_numbers(table, len(classes))
    counts = confusion_counts(table, classes).to_numpy()
    n, called, right = counts.sum(axis=1), counts.sum(axis=0), np.diagonal(counts)
    n_groups = groups_with(numbers, labels, len(classes))
    recall = _ratio(right, n)
    low, high = wilson(np.nan_to_num(recall) * n_groups, n_groups)
    wrong = counts - np.diag(right)
    top = wrong.max(axis=1, initial=0)
    names = np.array(classes, object)
    return pd.DataFrame(
        {
            "class": names,
            "n": n,
            "share": _ratio(n, np.full_like(n, len(table))),
            "n_groups": n_groups,
            "called": called,
            "called_share": _ratio(called, np.full_like(n, len(table))),
            "recall": recall,
            "low": low,
            "high": high,
            "precision": _ratio(right, called),
            "top_wrong": np.where(top > 0, names[wrong.argmax(axis=1)], ""),
            "top_wrong_share": _ratio(top, n),
            "beaten": top > right,
        }
    )


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """A quotient, NaN where nothing is divided by nothing."""
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
