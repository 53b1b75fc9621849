"""Whether a net is right as often as it says: reliability curve, ECE, temperature scaling.

Guo et al. 2017, "On Calibration of Modern Neural Networks": reliability diagrams and ECE are its
section 2 (eq. 3), temperature scaling its section 4.2. A temperature must come from images that
neither trained the net nor judge it: the caller gives the validation part.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

BINS = 15
TEMPERATURES = (0.05, 20.0)
_SMALLEST = float(np.finfo(np.float32).tiny)  # a saturated softmax says 0


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
    numbers = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return numbers, confidence, probabilities.argmax(axis=1) == labels


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
    numbers, confidence, correct = confidence_bins(labels, probabilities, bins)
    rows = pd.DataFrame({"confidence": confidence, "accuracy": correct.astype(float)})
    grouped = rows.groupby(numbers)
    curve = grouped.mean().reindex(range(bins))
    return curve.assign(n=grouped.size().reindex(range(bins), fill_value=0))


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


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The temperature that gives the labels the greatest likelihood.

    Args:
        labels: `(n,)` int, class numbers of validation images.
        probabilities: `(n, classes)` float, rows sum to 1.

    Returns:
        Above 1 for a net that is too sure of itself, within `TEMPERATURES`; NaN without images,
        with one class only, or where a probability is NaN.

    Example:
        >>> sure = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.1]])
        >>> round(fit_temperature(np.array([0, 0, 1, 1]), sure), 2)  # right three times of four
        2.0
    """
    if len(set(labels)) < 2 or np.isnan(probabilities).any():
        return float("nan")
    logits = np.log(np.maximum(probabilities, _SMALLEST))

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        right = scaled[np.arange(len(labels)), labels]
        return float((logsumexp(scaled, axis=1) - right).mean())

    return float(np.exp(minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded").x))


def apply_temperature(probabilities: np.ndarray, temperature: float | np.ndarray) -> np.ndarray:
    """Probabilities as a net at another temperature says them; no call changes.

    Args:
        probabilities: `(n, classes)` float, rows sum to 1.
        temperature: one for all, or `(n,)`, that of the net which answered each row.

    Returns:
        `(n, classes)` float64; NaN where the temperature is undefined.
    """
    column = np.asarray(temperature, np.float64).reshape(-1, 1)
    scaled = np.log(np.maximum(probabilities, _SMALLEST)) / column
    return np.exp(scaled - logsumexp(scaled, axis=1, keepdims=True))
