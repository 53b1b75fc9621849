"""Where calls lean: towards the controls, towards one wrong class, and how sure they are of it.

Paper 003, sections 3.2 and 3.3, saw a net that called nearly everything DMSO, or else FK-866. These
are the figures that tell so, each with an interval over wells; `class_table` has them by class.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.votes.draws import DRAWS, UNDEFINED, counted_by_group, drawn_intervals, widened
from cellscreen.votes.places import class_numbers, group_numbers
from cellscreen.votes.reliability import BINS, bins_of, confidence_of


def bias_figures(
    table: pd.DataFrame,
    groups: pd.Series,
    classes: Sequence[str],
    *,
    reference: str = "",
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Figures of the bias of calls, with intervals over resampled groups.

    Args:
        table: a row a unit: `label` and `called`, int class numbers, and `p_<class>…`.
        groups: the group of each unit, such as its well, on the table's index.
        classes: class names in the order of their numbers.
        reference: the class whose share of calls is looked at, such as DMSO; none if empty.
        draws: resamples of whole groups.
        seed: of the resamples; the same for all models that are compared.

    Returns:
        Tidy: `metric, value, low, high, about, n_units, n_groups`; `about` is the class a figure
        is of, or empty. The figures:

        * `frequency_distance`: half the sum of differences of the classes' shares among calls and
          among truths, 0 if all are called as often as they occur, near 1 if one class is called
          throughout. Its interval lies too high where units are few.
        * `largest_call`: the share of all calls that the most called class gets.
        * `top_wrong`: of the wrong calls, the share of the class that is wrongly called most
          often: how often the most frequent wrong class wins.
        * `called_reference`, `true_reference`: how often the reference is called and occurs;
          `others_called_reference`: how often units of other classes are called it.
        * `confidence`: mean probability of the called class; `ece`: expected calibration error
          (`reliability`).

        Low and high are 95 % percentile intervals, of a share that is exactly 0 or 1 the Wilson
        interval with a trial a group; NaN with fewer than two groups. Undefined is
        NaN: all figures without units, `top_wrong` without a wrong call, the reference's without
        one or, of others, without others.

    Raises:
        ConfigError: the reference is no class.
        DataError: a column or group is missing, or a label or call is no class number.

    Example:
        >>> bias_figures(voted, wells, classes, reference="DMSO")  # doctest: +SKIP
    """
    if reference and reference not in classes:
        raise ConfigError(
            f"Expected a class as reference, such as {classes[0]}; got {reference!r}.",
            fix="Name a class as the table of answers does, or none.",
        )
    numbers, n_groups = group_numbers(table, groups)
    labels, called = class_numbers(table, len(classes))
    units = _Units(labels, called, confidence_of(table, classes), numbers, n_groups, len(classes))
    place = list(classes).index(reference) if reference else -1
    tops = _most(called, len(classes)), _most(called[labels != called], len(classes))
    whole = units.figures(np.ones((1, n_groups)), place, *tops)
    ends = drawn_intervals(
        lambda counts: units.figures(counts, place, *tops), n_groups, draws=draws, seed=seed
    )
    about = {"largest_call": tops[0], "top_wrong": tops[1]}
    about |= {name: place for name in whole if name.endswith("reference")}
    trials = units.trials(place)
    for name in trials.keys() & ends.keys():
        ends[name] = widened(float(whole[name][0]), ends[name], trials[name])
    rows = [
        (name, float(value[0]), *ends.get(name, UNDEFINED), _named(about.get(name, -1), classes))
        for name, value in whole.items()
    ]
    made = pd.DataFrame(rows, columns=["metric", "value", "low", "high", "about"])
    return made.assign(n_units=len(table), n_groups=n_groups)


class _Units:
    """Units summed by group, so that figures of draws follow from products with counts."""

    def __init__(
        self,
        labels: np.ndarray,
        called: np.ndarray,
        confidence: np.ndarray,
        groups: np.ndarray,
        n_groups: int,
        n_classes: int,
    ) -> None:
        wrong, shape = labels != called, (n_groups, n_classes)
        self._true = counted_by_group(groups, labels, shape)
        self._called = counted_by_group(groups, called, shape)
        self._wrong = counted_by_group(groups[wrong], called[wrong], shape)
        self._n = np.bincount(groups, minlength=n_groups).astype(np.float64)
        self._confidence = np.bincount(groups, confidence, n_groups)
        places = groups * BINS + bins_of(np.nan_to_num(confidence))
        excess = np.bincount(places, confidence - ~wrong, n_groups * BINS)
        self._excess = excess.reshape(n_groups, BINS)

    def trials(self, reference: int) -> dict[str, int]:
        """Shares of units, and in how many groups there are any that they are shares of."""
        found = {"largest_call": len(self._n), "top_wrong": _n_some(self._wrong.sum(axis=1))}
        if reference < 0:
            return found
        others = self._n - self._true[:, [reference]].toarray()[:, 0]
        of_all = dict.fromkeys(("called_reference", "true_reference"), len(self._n))
        return found | of_all | {"others_called_reference": _n_some(others)}

    def figures(
        self, counts: np.ndarray, reference: int, most: int, most_wrong: int
    ) -> dict[str, np.ndarray]:
        """Figures of draws, `(draws,)` each; a class of -1 is none."""
        n = counts @ self._n
        true, called, wrong = (counts @ part for part in (self._true, self._called, self._wrong))
        found = {
            "frequency_distance": _ratio(np.abs(called - true).sum(axis=1) / 2, n),
            "largest_call": _ratio(_column(called, most), n),
            "top_wrong": _ratio(_column(wrong, most_wrong), wrong.sum(axis=1)),
        }
        if reference >= 0:
            found |= {
                "called_reference": _ratio(called[:, reference], n),
                "true_reference": _ratio(true[:, reference], n),
                "others_called_reference": _ratio(wrong[:, reference], n - true[:, reference]),
            }
        return found | {
            "confidence": _ratio(counts @ self._confidence, n),
            "ece": _ratio(np.abs(counts @ self._excess).sum(axis=1), n),
        }


def _n_some(counts: np.ndarray) -> int:
    return int(np.count_nonzero(counts))


def _most(numbers: np.ndarray, n_classes: int) -> int:
    """The most frequent class, the first of equals; -1 of nothing."""
    return int(np.bincount(numbers, minlength=n_classes).argmax()) if len(numbers) else -1


def _named(number: int, classes: Sequence[str]) -> str:
    return classes[number] if number >= 0 else ""


def _column(counts: np.ndarray, number: int) -> np.ndarray:
    return counts[:, number] if number >= 0 else np.full(len(counts), np.nan)


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """A quotient, NaN where nothing is divided by nothing."""
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
