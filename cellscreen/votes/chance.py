"""What a guess gets that knows how frequent the classes are and looks at no cell."""

from __future__ import annotations

import numpy as np

FIGURES = ("accuracy", "top_5", "mrr", "macro_f1", "balanced_accuracy")
TOP = 5


def chance_figures(labels: np.ndarray, n_classes: int) -> dict[str, float]:
    """What can be had of units with these labels without looking at a cell.

    Whoever knows how frequent the classes are, and no more, is at best right as often as the most
    frequent one occurs (`accuracy`), ranks classes by frequency (`top_5`, `mrr`), and reaches one
    over the number of classes that occur (`balanced_accuracy` whatever is called; `macro_f1` by
    calls as frequent as the classes).

    Args:
        labels: `(n,)` int, true class numbers.
        n_classes: how many classes a call can have.

    Returns:
        `FIGURES` by name; NaN where `rank_figures` is undefined.

    Example:
        >>> chance_figures(np.array([0, 0, 0, 1]), 2)["accuracy"]
        0.75
    """
    if not len(labels):
        return dict.fromkeys(FIGURES, float("nan"))
    shares = np.sort(np.bincount(labels, minlength=n_classes) / len(labels))[::-1]
    occur = np.count_nonzero(shares)
    return {
        "accuracy": float(shares[0]),
        "top_5": float(shares[:TOP].sum()) if n_classes >= TOP else float("nan"),
        "mrr": float((shares / np.arange(1, n_classes + 1)).sum()),
        "macro_f1": 1 / occur,
        "balanced_accuracy": 1 / occur,
    }
