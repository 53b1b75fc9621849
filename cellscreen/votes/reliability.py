"""Whether answers are right as often as they say: bins of confidence, and their distance (ECE).

Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2 (eq. 3). The
probability of a majority vote is the share of cells that voted for a class: its reliability says
how far such a share may be read as one, not whether the net is calibrated.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cellscreen.votes.answers import check_columns, class_columns
from cellscreen.votes.draws import wilson
from cellscreen.votes.places import class_numbers, group_numbers, groups_with

BINS = 15


def bins_of(confidence: np.ndarray, bins: int = BINS) -> np.ndarray:
    """The number of each confidence's bin, int, of bins of equal width that are closed above."""
    return np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)


def confidence_bins(
    labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bin, confidence and correctness of every call.

    Args:
        labels: `(n,)` int, class numbers.
        probabilities: `(n, classes)` float, rows sum to 1, none NaN.
        bins: bins of equal width over 0 to 1, each closed above.

    Returns:
        `(n,)` int number of the bin, `(n,)` float confidence of the called class, `(n,)` bool
        whether the call is right.
    """
    confidence = probabilities.max(axis=1, initial=0)
    return bins_of(confidence, bins), confidence, probabilities.argmax(axis=1) == labels


def reliability_curve(
    labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS
) -> pd.DataFrame:
    """How often calls of a confidence are right.

    Args:
        labels: `(n,)` int, class numbers.
        probabilities: `(n, classes)` float, rows sum to 1.
        bins: bins of equal width over 0 to 1.

    Returns:
        A row a bin: mean `confidence` of the called class and `accuracy`, both NaN in an empty
        bin, and `n`, its images.

    Example:
        >>> curve = reliability_curve(np.array([0, 1]), np.array([[0.9, 0.1], [0.7, 0.3]]), bins=2)
        >>> curve.round(2).values.tolist()
        [[nan, nan, 0.0], [0.8, 0.5, 2.0]]
    """
    return _curve(*confidence_bins(labels, probabilities, bins), bins)


def expected_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS
) -> float:
    """Mean distance of confidence and accuracy over bins, weighted by their images.

    Args:
        labels: `(n,)` int, class numbers.
        probabilities: `(n, classes)` float, rows sum to 1.
        bins: bins of equal width over 0 to 1.

    Returns:
        0 to 1; NaN without images, or where a probability is NaN.
    """
    if len(labels) == 0 or np.isnan(probabilities).any():
        return float("nan")
    curve = reliability_curve(labels, probabilities, bins)
    distance = (curve["confidence"] - curve["accuracy"]).abs()
    return float((distance * curve["n"]).sum() / curve["n"].sum())


def confidence_of(table: pd.DataFrame, classes: Sequence[str]) -> np.ndarray:
    """The probability of each unit's called class, `(n,)` float64.

    Args:
        table: a row a unit: `label` and `called`, int class numbers, and `p_<class>…`.
        classes: class names in the order of their numbers.

    Raises:
        DataError: a column is missing, or a label or call is no class number.
    """
    check_columns(table, class_columns(classes))
    _, called = class_numbers(table, len(classes))
    found = np.full(len(table), np.nan)
    for number, name in enumerate(class_columns(classes)):
        np.copyto(found, table[name].to_numpy(np.float64), where=called == number)
    return found


def reliability_table(
    table: pd.DataFrame, groups: pd.Series, classes: Sequence[str], bins: int = BINS
) -> pd.DataFrame:
    """The reliability curve of voted units or cells, with intervals.

    Args:
        table: a row a unit: `label` and `called`, int class numbers, and `p_<class>…`, none NaN.
        groups: the group of each unit, such as its well, on the table's index.
        classes: class names in the order of their numbers.
        bins: bins of equal width over 0 to 1.

    Returns:
        A row a bin: `above, up_to, confidence, accuracy, low, high, n, n_groups`. Low and high
        are the 95 % Wilson interval of accuracy with a trial a group, not a unit.

    Raises:
        DataError: as `confidence_of`; a group is missing, or not on the table's index.

    Example:
        >>> reliability_table(voted, wells, classes)  # doctest: +SKIP
    """
    confidence = confidence_of(table, classes)
    group, _ = group_numbers(table, groups)
    labels, called = class_numbers(table, len(classes))
    numbers = bins_of(confidence, bins)
    curve = _curve(numbers, confidence, labels == called, bins)
    n_groups = groups_with(group, numbers, bins)
    low, high = wilson(curve["accuracy"].fillna(0).to_numpy() * n_groups, n_groups)
    edges = np.linspace(0, 1, bins + 1)
    ends = pd.DataFrame({"above": edges[:-1], "up_to": edges[1:]})
    told = pd.DataFrame({"low": low, "high": high, "n": curve["n"], "n_groups": n_groups})
    return pd.concat([ends, curve[["confidence", "accuracy"]], told], axis=1)


def _curve(
    numbers: np.ndarray, confidence: np.ndarray, correct: np.ndarray, bins: int
) -> pd.DataFrame:
    rows = pd.DataFrame({"confidence": confidence, "accuracy": correct.astype(float)})
    grouped = rows.groupby(numbers)
    curve = grouped.mean().reindex(range(bins))
    return curve.assign(n=grouped.size().reindex(range(bins), fill_value=0))
