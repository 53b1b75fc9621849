"""The figures of many resamples of one set of images at once, as weights on its groups.

A resample counts every group so many times; most figures are sums over images, so they follow
from one product of counts and sums by group. `metrics.class_metrics` has the same figures of the
images as they are, from scikit-learn; the tests hold the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellscreen.votes.reliability import BINS, confidence_bins

_SMALLEST = float(np.finfo(np.float64).eps)  # as sklearn.metrics.log_loss clips


def figures_by_class(
    precision: np.ndarray, recall: np.ndarray, f1: np.ndarray, classes: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Figures of classes under the names they are reported by.

    Args:
        precision: `(..., classes)` float.
        recall: `(..., classes)` float.
        f1: `(..., classes)` float.
        classes: class names.

    Returns:
        `precision`, `recall` and `f1`, of class 1 if there are two classes, else their mean over
        classes (undefined if that of any class is); `macro_f1`; with more than two classes
        `recall[<class>]` and its like as well. Each `(...)` float.
    """
    parts = {"precision": precision, "recall": recall, "f1": f1}
    if len(classes) == 2:
        return {name: values[..., 1] for name, values in parts.items()} | {
            "macro_f1": f1.mean(axis=-1)
        }
    means = {name: values.mean(axis=-1) for name, values in parts.items()}
    return (
        means
        | {"macro_f1": means["f1"]}
        | {
            f"{name}[{label}]": values[..., number]
            for name, values in parts.items()
            for number, label in enumerate(classes)
        }
    )


class Resampled:
    """Images by group, prepared to be counted in other numbers.

    Args:
        labels: `(n,)` int, class numbers.
        probabilities: `(n, classes)` float64, rows sum to 1, none NaN.
        groups: `(n,)` int, number of the group of each image, from 0 without a gap.
        classes: class names.

    Example:
        >>> rows = Resampled(np.array([0, 1]), np.eye(2), np.array([0, 1]), ("a", "b"))
        >>> rows.figures(np.array([[1, 1], [2, 0]]))["recall"].tolist()
        [1.0, nan]
    """

    def __init__(
        self,
        labels: np.ndarray,
        probabilities: np.ndarray,
        groups: np.ndarray,
        classes: tuple[str, ...],
    ) -> None:
        self._classes, n_groups = classes, int(groups.max()) + 1
        calls = probabilities.argmax(axis=1)
        self._confusion = np.zeros((n_groups, len(classes), len(classes)))
        np.add.at(self._confusion, (groups, labels, calls), 1)
        numbers, confidence, correct = confidence_bins(labels, probabilities)
        self._excess = np.zeros((n_groups, BINS))
        np.add.at(self._excess, (groups, numbers), confidence - correct)
        given = probabilities[np.arange(len(labels)), labels] / probabilities.sum(axis=1)
        losses = -np.log(np.clip(given, _SMALLEST, 1))
        self._loss = np.bincount(groups, losses, n_groups)
        ranked = (1,) if len(classes) == 2 else range(len(classes))
        self._rankings = [_ranking(labels == k, probabilities[:, k], groups) for k in ranked]

    def figures(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """Figures of resamples.

        Args:
            counts: `(draws, groups)` int, how often each group is in each resample.

        Returns:
            The figures of `metrics.class_metrics`, each `(draws,)` float64; NaN where undefined.
        """
        counts = counts.astype(np.float64)
        confusion = np.tensordot(counts, self._confusion, axes=1)
        images = confusion.sum(axis=(1, 2))
        ranked = [_ranked(ranking, counts) for ranking in self._rankings]
        return _called(confusion, self._classes) | {
            "auroc": np.mean([auroc for auroc, _ in ranked], axis=0),
            "auprc": np.mean([auprc for _, auprc in ranked], axis=0),
            "ece": _ratio(np.abs(counts @ self._excess).sum(axis=1), images),
            "log_loss": _ratio(counts @ self._loss, images),
        }


@dataclass(frozen=True)
class _Ranking:
    """Images in the order of their score for one class; `starts` begin runs of equal scores."""

    groups: np.ndarray
    positive: np.ndarray
    starts: np.ndarray


def _ranking(positive: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> _Ranking:
    order = np.argsort(scores)
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0)
    return _Ranking(groups[order], positive[order], starts)


def _ranked(ranking: _Ranking, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """AUROC and average precision, `(draws,)` each."""
    weights = counts[:, ranking.groups]
    positive = np.add.reduceat(weights * ranking.positive, ranking.starts, axis=1)
    every = np.add.reduceat(weights, ranking.starts, axis=1)
    negative = every - positive
    positives, negatives = positive.sum(axis=1), negative.sum(axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2  # a tie counts half
    pairs = np.where(np.count_nonzero(every, axis=1) > 1, positives * negatives, 0)
    called = np.cumsum(every[:, ::-1], axis=1)[:, ::-1]
    right = np.cumsum(positive[:, ::-1], axis=1)[:, ::-1]
    precision = np.divide(right, called, out=np.zeros_like(right), where=called > 0)
    auroc = _ratio((positive * below).sum(axis=1), pairs)
    auprc = _ratio((positive * precision).sum(axis=1), positives)
    return auroc, np.where(pairs > 0, auprc, np.nan)


def _called(confusion: np.ndarray, classes: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The figures that follow from confusion matrices, `(draws, classes, classes)`."""
    true, called = confusion.sum(axis=2), confusion.sum(axis=1)
    right, images = np.diagonal(confusion, axis1=1, axis2=2), confusion.sum(axis=(1, 2))
    by_class = figures_by_class(
        _ratio(right, called), _ratio(right, true), _ratio(2 * right, true + called), classes
    )
    covariance = right.sum(axis=1) * images - (true * called).sum(axis=1)
    spread = (images**2 - (true**2).sum(axis=1)) * (images**2 - (called**2).sum(axis=1))
    return (
        {"accuracy": _ratio(right.sum(axis=1), images)}
        | by_class
        | {"mcc": _ratio(covariance, np.sqrt(spread))}
    )


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """A quotient, NaN where nothing is divided by nothing."""
    undefined = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    return np.divide(top, bottom, out=undefined, where=bottom > 0)
