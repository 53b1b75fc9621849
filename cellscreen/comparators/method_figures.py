"""The figures of one method, as they are and in resamples of groups, within folds as well.

Scores of different folds are from different models. Where a class is rarer in a fold's training
part, its model answers lower for that class, and the held-out part has more of it: pooled over
folds, the AUROC of a method that knows nothing lies below 0.5 (Airola et al. 2011, Computational
Statistics & Data Analysis 55:1828). So it is told within folds, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cellscreen.judging.metrics import class_metrics, probabilities_of
from cellscreen.judging.resampled import Resampled
from cellscreen.votes.draws import group_counts

WITHIN = "auroc_within_folds"


class MethodFigures:
    """Figures of out-of-fold answers, means over repeats.

    Args:
        repeats: a frame a repeat, by key: `fold, p_<class>…`; all have the keys of `known`.
        known: `group` and `label` by key, the same for all methods that are compared.
        classes: class names.
        draws: resamples of groups, the same for the same seed.
        seed: of the resamples.

    Attributes:
        value: by metric the figure.
        draws: by metric `(draws,)`, NaN where undefined; empty with fewer than two groups.

    Example:
        >>> MethodFigures([frame], frame, ("a", "b"), 100, 0).value["auroc"]  # doctest: +SKIP
        0.83
    """

    def __init__(
        self,
        repeats: Sequence[pd.DataFrame],
        known: pd.DataFrame,
        classes: tuple[str, ...],
        draws: int,
        seed: int,
    ) -> None:
        labels = known["label"].to_numpy()
        names, groups = np.unique(known["group"].to_numpy(str), return_inverse=True)
        counts = next(group_counts(len(names), draws, seed, draws)) if len(names) > 1 else None
        plain, resampled = [], []
        for frame in repeats:
            rows = frame.loc[known.index]
            table = _Answers(labels, probabilities_of(rows, classes), groups, classes)
            folds = rows["fold"].to_numpy()
            plain.append(table.figures() | {WITHIN: _mean_of(table.of_folds(folds))})
            if counts is not None:
                within = _mean_of(table.draws_of_folds(folds, counts))
                resampled.append(table.draws(counts) | {WITHIN: within})
        self.value = {name: float(np.mean([one[name] for one in plain])) for name in plain[0]}
        known_names = resampled[0] if resampled else {}
        self.draws = {n: np.mean([one[n] for one in resampled], axis=0) for n in known_names}


class _Answers:
    """The answers of one repeat, all arrays over rows."""

    def __init__(
        self,
        labels: np.ndarray,
        probabilities: np.ndarray,
        groups: np.ndarray,
        classes: tuple[str, ...],
    ) -> None:
        self._labels, self._found = labels, probabilities
        self._groups, self._classes = groups, classes

    def figures(self) -> dict[str, float]:
        return class_metrics(self._labels, self._found, self._classes)

    def draws(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        return Resampled(self._labels, self._found, self._groups, self._classes).figures(counts)

    def of_folds(self, folds: np.ndarray) -> list[float]:
        return [self._part(folds == fold).figures()["auroc"] for fold in np.unique(folds)]

    def draws_of_folds(self, folds: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
        found = []
        for fold in np.unique(folds):
            part = self._part(folds == fold)
            kept, part._groups = np.unique(part._groups, return_inverse=True)
            found.append(part.draws(counts[:, kept])["auroc"])
        return found

    def _part(self, rows: np.ndarray) -> _Answers:
        return _Answers(self._labels[rows], self._found[rows], self._groups[rows], self._classes)


def _mean_of(folds: Sequence) -> np.ndarray:
    """The mean over folds; undefined where any fold's figure is."""
    return np.mean(folds, axis=0)
