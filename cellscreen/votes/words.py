"""Models, figures and splits as sentences name them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_METRICS = {
    "accuracy": "accuracy",
    "top_5": "top-5",
    "mrr": "MRR",
    "macro_f1": "macro-F1",
    "balanced_accuracy": "balanced accuracy",
}
_MODELS = {
    "majority_class": "the most frequent class",
    "well_position": "well position",
    "cell_count": "the number of cells",
    "intensity": "mean intensities",
    "lightgbm_features": "LightGBM",
}
_SPLITS = {"site": "site", "well": "well", "plate": "plate", "layout": "another layout"}


def metric_name(metric: str) -> str:
    """A figure's name in a sentence."""
    return _METRICS.get(metric, metric)


def model_name(model: str) -> str:
    """A model's or baseline's name in a sentence."""
    return _MODELS.get(model, model)


def split_name(split: str) -> str:
    """A split's name in a sentence."""
    return _SPLITS.get(split, split)


def joined(names: Sequence[str], last: str = "and") -> str:
    """Names as an enumeration.

    Example:
        >>> joined(["a", "b", "c"]), joined(["a", "b"], "or")
        ('a, b and c', 'a or b')
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def figure_text(value: float, low: float, high: float) -> str:
    """A figure with its interval.

    Example:
        >>> figure_text(0.25, 0.2, 0.3125), figure_text(0.25, float("nan"), float("nan"))
        ('0.250 [0.200, 0.312]', '0.250 [no interval]')
    """
    if np.isnan(value):
        return "undefined"
    ends = "no interval" if np.isnan(low) or np.isnan(high) else f"{low:.3f}, {high:.3f}"
    return f"{value:.3f} [{ends}]"
