"""A run folder as a report sees it: read without TensorFlow, checked before anything is drawn."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.errors import ConfigError

BASELINE_NAMES = {
    "majority_class": "majority class",
    "well_position": "well position",
    "edge_density": "edge density",
}
_WANTED = (
    "task",
    "classes",
    "net",
    "group",
    "fold_by",
    "leaky",
    "simulated",
    "n_images",
    "n_groups",
    "below_baseline",
    "warnings",
    "versions",
)
_METRICS_COLUMNS = ["model", "fold", "metric", "value", "low", "high"]
_TRAIN = "Give its train command again."


@dataclasses.dataclass(frozen=True)
class Run:
    """A finished training.

    Attributes:
        name: how the report calls it.
        folder: the run folder.
        summary: run.json.
        config: config.json.
        metrics: model, fold, metric, value, low, high; a fold is a number, "pooled", "mean" or
            "sd"; low and high are the 95 % interval of pooled figures.
        predictions: key, fold, label (0 or 1), score of class 1; a row a trained image that was
            held out, scored by the model that did not see it.
        histories: history.csv by fold.
    """

    name: str
    folder: Path
    summary: dict[str, Any]
    config: dict[str, Any]
    metrics: pd.DataFrame
    predictions: pd.DataFrame
    histories: dict[int, pd.DataFrame]

    @property
    def net(self) -> str:
        """Name of the net, as in `metrics`."""
        return self.summary["net"]

    @property
    def classes(self) -> tuple[str, str]:
        """Class names, the negative one first."""
        negative, positive = self.summary["classes"]
        return negative, positive

    @property
    def leaky(self) -> bool:
        """Whether images of one well are in several folds."""
        return bool(self.summary["leaky"])

    @property
    def simulated(self) -> bool:
        """Whether any of its images are simulated."""
        return bool(self.summary["simulated"])

    @property
    def baselines(self) -> list[str]:
        """The models of `metrics` that are not the net, in their order."""
        return [model for model in self.metrics["model"].unique() if model != self.net]

    def figure(self, model: str, metric: str, fold: str = "mean", column: str = "value") -> float:
        """Returns one figure of `metrics`; NaN if it is undefined or absent."""
        table = self.metrics
        rows = (table["model"] == model) & (table["metric"] == metric) & (table["fold"] == fold)
        values = table.loc[rows, column]
        return float(values.iloc[0]) if len(values) else float("nan")

    def interval(self, model: str, metric: str) -> tuple[float, float]:
        """Returns low and high of a pooled figure's 95 % interval; NaN if it is undefined."""
        low, high = (self.figure(model, metric, "pooled", side) for side in ("low", "high"))
        return low, high


def read_run(folder: str | Path) -> Run:
    """Reads a run folder.

    Raises:
        ConfigError: it is not that of a finished training; names the file that is missing or bad.
    """
    folder = Path(folder)
    summary = _json(folder / "run.json")
    lacking = [name for name in _WANTED if name not in summary]
    if lacking:
        raise ConfigError(
            f"Expected the summary of a training, missing: {', '.join(lacking)}.",
            file=folder / "run.json",
            fix=_TRAIN,
        )
    if summary.get("target", "classes") != "classes" or len(summary["classes"]) != 2:
        raise ConfigError(
            f"Expected a training on two classes, got {', '.join(summary['classes'])}.",
            file=folder / "run.json",
            fix="Read its model_card.md; `cellscreen explain` draws what nets of bags learned.",
        )
    parts = _fold_folders(folder)
    return Run(
        name=folder.resolve().name,
        folder=folder,
        summary=summary,
        config=_json(folder / "config.json"),
        metrics=_csv(folder / "metrics.csv", _METRICS_COLUMNS, ("model", "fold", "metric")),
        predictions=_predictions(folder, parts, summary["classes"][1]),
        histories={k: _csv(part / "history.csv", ["epoch"]) for k, part in parts.items()},
    )


def _fold_folders(folder: Path) -> dict[int, Path]:
    found = {path: re.fullmatch(r"fold_(\d+)", path.name) for path in folder.iterdir()}
    numbered = {int(name[1]): path for path, name in found.items() if name}
    return dict(sorted(numbered.items()))


def _predictions(folder: Path, parts: dict[int, Path], positive: str) -> pd.DataFrame:
    """Returns the scores of the trained rows that were held out; others have no label or fold."""
    manifest = _csv(folder / "folds.csv", ["key", "fold", "label", "trained"])
    score = f"p_{positive}"
    answers = [_csv(part / "predictions.csv", ["key", score]) for part in parts.values()]
    scores = pd.concat([part[["key", score]] for part in answers] or [pd.DataFrame()])
    held_out = manifest[(manifest["trained"].astype(str) == "True") & (manifest["fold"] >= 0)]
    if scores.empty or not held_out["key"].isin(scores["key"]).all():
        raise ConfigError(
            "Expected a prediction for every held-out image of folds.csv, got fewer.",
            file=folder,
            fix=_TRAIN,
        )
    joined = held_out[["key", "fold", "label"]].merge(scores, on="key", validate="one_to_one")
    return joined.rename(columns={score: "score"}).astype({"fold": int, "label": int})


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"Expected the folder of a finished run, {path.name}: {error.strerror}.",
            file=path,
            fix=_TRAIN,
        ) from error
    except ValueError as error:
        raise ConfigError(f"Expected JSON: {error}.", file=path, fix=_TRAIN) from error
    if not isinstance(content, dict):
        raise ConfigError("Expected a JSON object.", file=path, fix=_TRAIN)
    return content


def _csv(path: Path, wanted: list[str], text: Sequence[str] = ("key",)) -> pd.DataFrame:
    """Reads a table of a run that has the columns `wanted`; those of `text` stay text."""
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(text, str))
    except (OSError, ValueError) as error:
        raise ConfigError(f"Expected a table of a run: {error}.", file=path, fix=_TRAIN) from error
    lacking = [column for column in wanted if column not in table]
    if lacking:
        raise ConfigError(f"Expected columns {', '.join(lacking)}.", file=path, fix=_TRAIN)
    return table
