"""A finished run folder as one row of figures, read without TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.errors import ConfigError

METRICS = ("accuracy", "precision", "recall", "f1", "auroc")
BASELINE_METRICS = ("accuracy", "f1", "auroc")
SUMMARY, CONFIG, FIGURES, MANIFEST = "run.json", "config.json", "metrics.csv", "folds.csv"
_SAID = ("net", "task", "group", "fold_by", "folds", "n_images", "n_groups", "leaky", "simulated")


def is_finished(folder: Path) -> bool:
    """Whether a folder holds a run that came to its end."""
    return (folder / SUMMARY).is_file()


def run_row(folder: str | Path) -> dict[str, Any]:
    """What a run says of itself and its figures, flat.

    Returns:
        `net, task, group, fold_by, folds, n_images, n_groups, leaky, simulated, seconds,
        below_baseline` of `run.json`; for each of `METRICS` its mean over folds under its own
        name, `<metric>_sd`, and of all folds pooled `<metric>_pooled`, `_low` and `_high` (95 %);
        the means of each baseline as `<baseline>_<metric>`. NaN where undefined.

    Raises:
        ConfigError: the folder holds no finished run, or a file of it cannot be read.

    Example:
        >>> run_row("runs/ac16")["f1"]  # doctest: +SKIP
        0.947
    """
    folder = Path(folder)
    summary = read_json(folder / SUMMARY)
    row = {name: summary.get(name) for name in _SAID}
    row["seconds"] = summary.get("seconds")
    row["below_baseline"] = "; ".join(summary.get("below_baseline", []))
    figures = _figures(folder / FIGURES)
    for metric in METRICS:
        row[metric] = _figure(figures, row["net"], metric, "mean")
        row[f"{metric}_sd"] = _figure(figures, row["net"], metric, "sd")
        for name, column in (("pooled", "value"), ("low", "low"), ("high", "high")):
            row[f"{metric}_{name}"] = _figure(figures, row["net"], metric, "pooled", column)
    for baseline in dict.fromkeys(figures["model"]):
        if baseline != row["net"]:
            for metric in BASELINE_METRICS:
                row[f"{baseline}_{metric}"] = _figure(figures, baseline, metric, "mean")
    return row


def figure_text(row: Mapping[Any, Any], metric: str) -> str:
    """A figure of a row with its spread and interval; "undefined" where it is not defined.

    Example:
        >>> figure_text({"f1": 0.9, "f1_sd": 0.1, "f1_low": 0.7, "f1_high": 1.0}, "f1")
        '0.900 ± 0.100 [0.700, 1.000]'
    """
    value, sd, low, high = (row[f"{metric}{end}"] for end in ("", "_sd", "_low", "_high"))
    if pd.isna(value):
        return "undefined"
    spread = "" if pd.isna(sd) else f" ± {sd:.3f}"
    between = "" if pd.isna(low) else f" [{low:.3f}, {high:.3f}]"
    return f"{value:.3f}{spread}{between}"


def read_json(path: Path) -> dict[str, Any]:
    """Reads an object that a run or sweep wrote.

    Raises:
        ConfigError: it is missing or no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"Expected the folder of a finished run, with {path.name}: {error.strerror}.",
            file=path.parent,
            fix="Give its train command again.",
        ) from error
    except ValueError as error:
        raise ConfigError(f"Expected JSON: {error}.", file=path) from error
    if not isinstance(content, dict):
        raise ConfigError("Expected a JSON object.", file=path)
    return content


def _figures(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype={"model": str, "fold": str, "metric": str})
    except (OSError, ValueError) as error:
        raise ConfigError(f"Expected the figures of a run: {error}.", file=path) from error
    if not {"model", "fold", "metric", "value"} <= set(table.columns):
        raise ConfigError("Expected the columns model, fold, metric and value.", file=path)
    return table


def _figure(
    table: pd.DataFrame, model: Any, metric: str, fold: str, column: str = "value"
) -> float:
    rows = (table["model"] == model) & (table["metric"] == metric) & (table["fold"] == fold)
    if column not in table or not rows.any():
        return float("nan")
    return float(table.loc[rows, column].iloc[0])
