"""What a regression on log dose got right: RMSE, Spearman and R², with intervals over groups."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from cellscreen.judging.metrics import TABLE_COLUMNS
from cellscreen.votes.draws import DRAWS, interval

NO_INTERVAL = (float("nan"), float("nan"))


def dose_metrics(values: np.ndarray, answers: np.ndarray) -> dict[str, float]:
    """Figures of one set of answers.

    Args:
        values: `(n,)` float, true log10 of µM.
        answers: `(n,)` float, NaN where a model has none.

    Returns:
        `rmse`, `spearman` and `r2`; NaN where undefined: no rows, an answer missing, or (the last
        two) all values or, for Spearman, all answers alike.

    Example:
        >>> dose_metrics(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 4.0]))["spearman"]
        1.0
    """
    values, answers = np.asarray(values, np.float64), np.asarray(answers, np.float64)
    if len(values) == 0 or not np.isfinite(answers).all():
        return dict.fromkeys(("rmse", "spearman", "r2"), float("nan"))
    errors, spread = ((values - answers) ** 2).mean(), values.var()
    ranked = np.ptp(values) > 0 and np.ptp(answers) > 0
    return {
        "rmse": float(np.sqrt(errors)),
        "spearman": float(spearmanr(values, answers).statistic) if ranked else float("nan"),
        "r2": float(1 - errors / spread) if spread > 0 else float("nan"),
    }


def dose_metrics_table(
    predictions: Mapping[str, pd.DataFrame], *, draws: int = DRAWS, seed: int = 0
) -> pd.DataFrame:
    """Figures of every model by fold, pooled, and their mean and spread.

    Args:
        predictions: for each model a frame `group, fold, value, answer`, log10 of µM.
        draws: resamples of groups for the intervals.
        seed: of the resamples.

    Returns:
        Tidy, as `metrics.metrics_table`.

    Example:
        >>> dose_metrics_table({"net": frame}).query("fold == 'pooled'")  # doctest: +SKIP
    """
    rows = [
        (model, *row)
        for model, frame in predictions.items()
        for row in _rows(frame, _intervals(frame, draws, seed))
    ]
    return pd.DataFrame(rows, columns=TABLE_COLUMNS)


def _rows(
    frame: pd.DataFrame, intervals: dict[str, tuple[float, float]]
) -> Iterator[tuple[str, str, float, float, float]]:
    folds = {str(fold): _figures(part) for fold, part in frame.groupby("fold")}
    for name, pooled in _figures(frame).items():
        values = [figures[name] for figures in folds.values()]
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
        yield from ((fold, name, v, *NO_INTERVAL) for fold, v in zip(folds, values, strict=True))
        yield "pooled", name, pooled, *intervals.get(name, NO_INTERVAL)
        yield "mean", name, float(np.mean(values)), *NO_INTERVAL
        yield "sd", name, sd, *NO_INTERVAL


def _figures(frame: pd.DataFrame) -> dict[str, float]:
    return dose_metrics(frame["value"].to_numpy(), frame["answer"].to_numpy())


def _intervals(frame: pd.DataFrame, draws: int, seed: int) -> dict[str, tuple[float, float]]:
    """Percentile intervals over whole groups drawn with replacement; none of a single group."""
    rows = list(frame.groupby("group").indices.values())
    if len(rows) < 2 or not np.isfinite(frame["answer"]).all():
        return {}
    values, answers = frame["value"].to_numpy(), frame["answer"].to_numpy()
    generator = np.random.default_rng(seed)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of constant draws: they are undefined, and counted so
        for _ in range(draws):
            drawn = np.concatenate([rows[n] for n in generator.integers(len(rows), size=len(rows))])
            found.append(dose_metrics(values[drawn], answers[drawn]))
    return {name: interval(np.array([one[name] for one in found])) for name in found[0]}
