"""Which classes are taken for which: a matrix in an order that shows blocks, and its worst cells.

Rows are true classes, columns called ones. Classes that are called alike are put side by side by
hierarchical clustering, so that 300 classes show as blocks instead of scattered dots.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import pdist

from cellscreen.votes.draws import wilson
from cellscreen.votes.places import class_numbers, group_numbers, groups_with

MOST = 25


def confusion_counts(table: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """How many units of each class were called each class.

    Args:
        table: a row a unit: `label` and `called`, int class numbers.
        classes: class names in the order of their numbers.

    Returns:
        `(classes, classes)` int64, index and columns named by class; rows are true.

    Raises:
        DataError: a column is missing, or a label or call is no class number.

    Example:
        >>> units = pd.DataFrame({"label": [0, 0, 1], "called": [0, 1, 1]})
        >>> confusion_counts(units, ["a", "b"]).to_numpy().tolist()
        [[1, 1], [0, 1]]
    """
    labels, called = class_numbers(table, len(classes))
    places = np.bincount(labels * len(classes) + called, minlength=len(classes) ** 2)
    return pd.DataFrame(
        places.reshape(len(classes), len(classes)),
        index=pd.Index(list(classes), name="true"),
        columns=pd.Index(list(classes), name="called"),
    )


def row_shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Counts as shares of their true class; NaN in the rows of classes that do not occur."""
    totals = counts.sum(axis=1).astype(float)
    return counts.div(totals.where(totals > 0), axis=0)


def clustered_order(counts: pd.DataFrame) -> list[str]:
    """The classes in an order that puts those side by side that are called alike.

    Average linkage over the Hellinger distance of their rows (0 for equal shares of calls, 1 for
    classes that share no call), leaves ordered so that neighbours are as near as can be
    (Bar-Joseph, Gifford and Jaakkola 2001). Classes that do not occur come last, in their order.

    Args:
        counts: of `confusion_counts`.

    Example:
        >>> rows = [[5, 0, 5], [0, 9, 0], [5, 0, 5]]
        >>> order = clustered_order(pd.DataFrame(rows, index=list("abc"), columns=list("abc")))
        >>> abs(order.index("a") - order.index("c"))
        1
    """
    occurs = counts.sum(axis=1).to_numpy() > 0
    names = counts.index.to_numpy(object)
    roots = np.sqrt(row_shares(counts).to_numpy()[occurs])
    if len(roots) < 3:
        return [*names[occurs], *names[~occurs]]
    distances = pdist(roots) / np.sqrt(2)
    tree = optimal_leaf_ordering(linkage(distances, "average"), distances)
    return [*names[occurs][leaves_list(tree)], *names[~occurs]]


def largest_confusions(
    table: pd.DataFrame,
    groups: pd.Series,
    classes: Sequence[str],
    most: int = MOST,
    *,
    leave_out: str = "",
) -> pd.DataFrame:
    """The wrong calls that happen most often, as a share of their true class.

    Args:
        table: a row a unit: `label` and `called`, int class numbers.
        groups: the group of each unit, such as its well, on the table's index.
        classes: class names in the order of their numbers.
        most: rows at most.
        leave_out: a class that calls of are not looked at, such as DMSO where it hides all others.

    Returns:
        `true, called, n, share, low, high, n_true, n_groups, n_groups_true, right_share,
        back_share`, the largest shares first: how many units of `true` were called `called`, in
        how many of its groups; the share that is right, and the share of the called class that
        goes the other way. Low and high are the 95 % Wilson interval with a trial a group, since
        units of one well are not independent: with few wells it is wide, as it should be. No row
        without a wrong call.

    Raises:
        DataError: as `confusion_counts`; a group is missing, or not on the table's index.

    Example:
        >>> largest_confusions(voted, wells, classes)  # doctest: +SKIP
    """
    shares = row_shares(counts := confusion_counts(table, classes)).to_numpy()
    numbers, _ = group_numbers(table, groups)
    labels, calls = class_numbers(table, len(classes))
    of_pair = groups_with(numbers, labels * len(classes) + calls, len(classes) ** 2)
    pairs = counts.to_numpy().copy()
    np.fill_diagonal(pairs, 0)
    pairs[:, [place for place, name in enumerate(classes) if name == leave_out]] = 0
    true, called = np.nonzero(pairs)
    first = np.lexsort((called, true, -pairs[true, called], -shares[true, called].round(12)))[:most]
    true, called = true[first], called[first]
    n_true = counts.sum(axis=1).to_numpy()[true]
    share, n_groups = shares[true, called], groups_with(numbers, labels, len(classes))[true]
    low, high = wilson(share * n_groups, n_groups)
    names = np.array(classes, object)
    return pd.DataFrame(
        {
            "true": names[true],
            "called": names[called],
            "n": pairs[true, called],
            "share": share,
            "low": low,
            "high": high,
            "n_true": n_true,
            "n_groups": of_pair[true * len(classes) + called],
            "n_groups_true": n_groups,
            "right_share": shares[true, true],
            "back_share": shares[called, true],
        }
    )
