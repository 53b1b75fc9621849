"""A net made to be right as often as it says: temperature scaling.

Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2; reliability and ECE are in
`votes.reliability`. A temperature must come from images that neither trained the net nor judge it:
the caller gives the validation part.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

TEMPERATURES = (0.05, 20.0)
_SMALLEST = float(np.finfo(np.float32).tiny)  # a saturated softmax says 0


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
