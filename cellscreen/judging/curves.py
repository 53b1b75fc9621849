"""Pictures of held-out answers: confusion matrix, ROC, precision-recall and reliability curves.

Points are computed as tables; drawing turns them into `(height, width, 3)` uint8 pixels, without
pyplot, so that nothing stays open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn import metrics

from cellscreen.votes.reliability import reliability_curve

_INCHES, _DPI = 4.0, 80


def confusion_matrix(labels: np.ndarray, calls: np.ndarray, n_classes: int) -> np.ndarray:
    """Counts, `(classes, classes)` int: row the true class, column the called one.

    Args:
        labels: `(n,)` int; rows of -1 have no label and are left out.
        calls: `(n,)` int, class numbers.
        n_classes: number of classes.
    """
    known = labels >= 0
    return metrics.confusion_matrix(labels[known], calls[known], labels=range(n_classes))


def roc_points(positive: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    """Points of a ROC curve: `false_positive_rate, true_positive_rate`.

    Args:
        positive: `(n,)` bool.
        scores: `(n,)` float, higher for the positive class.

    Returns:
        A row a threshold, empty where the curve is undefined: fewer than two classes.
    """
    names = ["false_positive_rate", "true_positive_rate"]
    if len(set(positive)) < 2:
        return pd.DataFrame(columns=names, dtype=float)
    return pd.DataFrame(dict(zip(names, metrics.roc_curve(positive, scores)[:2], strict=True)))


def pr_points(positive: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    """Points of a precision-recall curve: `recall, precision`.

    Args:
        positive: `(n,)` bool.
        scores: `(n,)` float, higher for the positive class.

    Returns:
        A row a threshold, empty where the curve is undefined: fewer than two classes.
    """
    if len(set(positive)) < 2:
        return pd.DataFrame(columns=["recall", "precision"], dtype=float)
    precision, recall, _ = metrics.precision_recall_curve(positive, scores)
    return pd.DataFrame({"recall": recall, "precision": precision})


def answer_pictures(
    labels: np.ndarray, probabilities: np.ndarray, classes: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Draws what held-out answers show.

    Args:
        labels: `(n,)` int, class numbers, none -1.
        probabilities: `(n, classes)` float, rows sum to 1.
        classes: class names; of two, the curves are of the second, else of each against the rest.

    Returns:
        `confusion_matrix`, `roc`, `precision_recall` and `reliability`, each
        `(height, width, 3)` uint8.

    Example:
        >>> pictures = answer_pictures(np.array([0, 1]), np.eye(2), ("normoxia", "hypoxia"))
        >>> pictures["roc"].shape
        (320, 320, 3)
    """
    drawn = [1] if len(classes) == 2 else range(len(classes))
    points: dict[str, Callable] = {"roc": roc_points, "precision_recall": pr_points}
    matrix = confusion_matrix(labels, probabilities.argmax(axis=1), len(classes))
    curves = {
        name: {classes[k]: compute(labels == k, probabilities[:, k]) for k in drawn}
        for name, compute in points.items()
    }
    return (
        {"confusion_matrix": draw_matrix(matrix, classes)}
        | {name: draw_curves(lines) for name, lines in curves.items()}
        | {"reliability": draw_reliability(reliability_curve(labels, probabilities))}
    )


def draw_matrix(matrix: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """A confusion matrix as `(height, width, 3)` uint8."""

    def fill(axes: Axes) -> None:
        axes.set(xlabel="called", ylabel="true")
        axes.imshow(matrix, cmap="Blues")
        names = [_plain(name) for name in classes]
        axes.set_xticks(range(len(classes)), names)
        axes.set_yticks(range(len(classes)), names)
        for (true, called), count in np.ndenumerate(matrix):
            dark = count > matrix.max() / 2
            axes.text(called, true, count, ha="center", va="center", color="w" if dark else "k")

    return _pixels(fill)


def draw_curves(lines: Mapping[str, pd.DataFrame]) -> np.ndarray:
    """Curves of classes, first column against second, as `(height, width, 3)` uint8."""

    def fill(axes: Axes) -> None:
        for label, points in lines.items():
            across, up = points.columns
            undefined = " (undefined)" if points.empty else ""
            axes.plot(points[across], points[up], label=f"{_plain(label)}{undefined}")
            axes.set(xlabel=across.replace("_", " "), ylabel=up.replace("_", " "))
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.legend(loc="lower center")

    return _pixels(fill)


def draw_reliability(curve: pd.DataFrame) -> np.ndarray:
    """A curve of `calibration.reliability_curve` as `(height, width, 3)` uint8."""

    def fill(axes: Axes) -> None:
        met = curve[curve["n"] > 0]
        axes.plot([0, 1], [0, 1], color="0.6", linestyle="--")
        axes.plot(met["confidence"], met["accuracy"], marker="o")
        for row in met.itertuples():
            place = (row.confidence, row.accuracy)
            axes.annotate(f"{row.n}", place, (4, -10), textcoords="offset points", fontsize=8)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.set(xlabel="confidence of the call", ylabel="share of calls that are right")

    return _pixels(fill)


def _plain(name: str) -> str:
    return name.replace("$", r"\$")  # no formula, whatever a class is called


def _pixels(fill: Callable[[Axes], None]) -> np.ndarray:
    figure = Figure(figsize=(_INCHES, _INCHES), dpi=_DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    fill(figure.add_subplot())
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
