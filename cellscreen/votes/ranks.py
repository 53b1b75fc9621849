"""How well the true class stands among all: top-1, top-5, MRR, macro-F1, balanced accuracy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from cellscreen.votes.chance import FIGURES, chance_figures
from cellscreen.votes.draws import (
    DRAWS,
    UNDEFINED,
    counted_by_group,
    drawn_figures,
    interval,
    widened,
)
from cellscreen.votes.places import Units, group_numbers, ranked_units


def rank_figures(table: pd.DataFrame, classes: Sequence[str]) -> dict[str, float]:
    """The figures of voted units, or of cells (`answers.called_cells`).

    Args:
        table: a row a unit: `label` and `called`, int class numbers, and `p_<class>…`.
        classes: class names in the order of their numbers.

    Returns:
        `accuracy` (top-1, of the called class), `top_5`, `mrr` (mean of 1 / place of the true
        class), `macro_f1` and `balanced_accuracy` (means of F1 and recall over the classes that
        any unit truly has). NaN where undefined: no unit, a probability that is NaN; `top_5` with
        fewer than five classes (with just five it is 1). Ties are told in `places`.

    Raises:
        DataError: a column is missing, or a label or call is no class number.

    Example:
        >>> cells = pd.DataFrame({"label": [0, 1], "p_a": [0.9, 0.6], "p_b": [0.1, 0.4]})
        >>> rank_figures(vote(cells, cells["label"], ["a", "b"]), ["a", "b"])  # doctest: +SKIP
        {'accuracy': 0.5, 'top_5': nan, 'mrr': 0.75, 'macro_f1': 0.333, 'balanced_accuracy': 0.5}
    """
    return _figures(ranked_units(table, classes), len(classes))


def rank_table(
    table: pd.DataFrame,
    groups: pd.Series,
    classes: Sequence[str],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """The same figures with intervals over resampled groups, and what chance gives.

    Args:
        table: as for `rank_figures`.
        groups: the group of each unit, on the table's index: its well, or a compound's own name.
        classes: class names in the order of their numbers.
        draws: resamples of whole groups.
        seed: of the resamples; the same for all models that are compared.

    Returns:
        Tidy: `metric, value, low, high, chance, n_units, n_groups`, a row a figure. Low and high
        are the 95 % percentile interval; of a figure that is exactly 0 or 1 the Wilson interval
        with a trial a group. NaN with fewer than two groups, or where more than half of the draws
        are undefined. A draw's macro-F1 and balanced accuracy are over the classes in that draw,
        and moved so that their mean is the figure (`draws.recentred`).

    Raises:
        DataError: as `rank_figures`; a group is missing, or not on the table's index.

    Example:
        >>> rank_table(vote(cells, image, classes), wells, classes)  # doctest: +SKIP
    """
    values, drawn = rank_draws(table, groups, classes, draws=draws, seed=seed)
    n_groups = groups.nunique()
    found = {name: interval(of_draws) for name, of_draws in drawn.items()}
    ends = {name: widened(v, found.get(name, UNDEFINED), n_groups) for name, v in values.items()}
    chance = chance_figures(table["label"].to_numpy(), len(classes))
    rows = [(name, v, *ends[name], chance[name]) for name, v in values.items()]
    made = pd.DataFrame(rows, columns=["metric", "value", "low", "high", "chance"])
    return made.assign(n_units=len(table), n_groups=n_groups)


def rank_draws(
    table: pd.DataFrame,
    groups: pd.Series,
    classes: Sequence[str],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """The figures, and what they are in every draw of whole groups.

    Args:
        table, groups, classes, draws, seed: as for `rank_table`.

    Returns:
        Figures by name as of `rank_figures`, and `(draws,)` float64 by name; no draws where no
        figure is defined or there are fewer than two groups.

    Raises:
        DataError: as `rank_table`.
    """
    numbers, n_groups = group_numbers(table, groups)
    units = ranked_units(table, classes)
    values = _figures(units, len(classes))
    if units is None:
        return values, {}
    centres = {name: values[name] for name in ("macro_f1", "balanced_accuracy")}
    figures = _drawn_figures(units, numbers, n_groups, len(classes))
    return values, drawn_figures(figures, n_groups, draws=draws, seed=seed, centres=centres)


def _figures(units: Units | None, n_classes: int) -> dict[str, float]:
    if units is None:
        return dict.fromkeys(FIGURES, float("nan"))
    right = units.labels[units.labels == units.called]
    counted = (units.labels, right, units.called)
    f1, recall = _class_means(*(np.bincount(k, minlength=n_classes) for k in counted))
    figures = {name: float(score.mean()) for name, score in units.scores.items()}
    return figures | {"macro_f1": float(f1), "balanced_accuracy": float(recall)}


def _class_means(
    true: np.ndarray, right: np.ndarray, called: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Means of F1 and recall over the classes that occur, of counts `(..., classes)`."""
    occurs = true > 0
    safe = np.where(occurs, true, 1)
    n_classes = occurs.sum(axis=-1)
    f1 = np.where(occurs, 2 * right / (safe + called), 0).sum(axis=-1)
    recall = np.where(occurs, right / safe, 0).sum(axis=-1)
    return f1 / n_classes, recall / n_classes


def _drawn_figures(
    units: Units, groups: np.ndarray, n_groups: int, n_classes: int
) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """The figures of draws as a function of how often each group is drawn."""
    shape = (n_groups, n_classes)
    right = units.labels == units.called
    parts = [(groups, units.labels), (groups[right], units.labels[right]), (groups, units.called)]
    by_class = [counted_by_group(of, numbers, shape) for of, numbers in parts]
    n_units = np.bincount(groups, minlength=n_groups)
    sums = {name: np.bincount(groups, score, n_groups) for name, score in units.scores.items()}

    def figures(counts: np.ndarray) -> dict[str, np.ndarray]:
        drawn = counts @ n_units
        means = {name: counts @ total / drawn for name, total in sums.items()}
        f1, recall = _class_means(*(counts @ part for part in by_class))
        return means | {"macro_f1": f1, "balanced_accuracy": recall}

    return figures
