"""What answers of bags are worth: by bag, averaged to compounds, and at each concentration."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from cellscreen.fitting.trainer import Judged
from cellscreen.judging.levels import COMPOUND, averaged, has_text, levels_of
from cellscreen.judging.metrics import figure
from cellscreen.training.bags.baselines import bag_baselines
from cellscreen.training.bags.data import BagData
from cellscreen.training.bags.dose_table import doses_table, with_metadata
from cellscreen.training.bags.figures import answer_columns, figures_table

LEVELS_FILE, DOSES_FILE = "levels.csv", "doses.csv"
_SHOWN = ("accuracy", "precision", "recall", "f1", "auroc", "auprc", "rmse", "spearman", "r2")
_QUESTIONS = {
    "classes": "",
    "tasks": "Says of a {unit} how likely it is positive in each of the tasks {names}.",
    "log_dose": "Says of a {unit} the log10 of its concentration in µM.",
}


def judge_bags(data: BagData, predictions: pd.DataFrame, answers: pd.DataFrame) -> Judged:
    """Figures of the net and its baselines at every level and dose.

    Intervals draw whole compounds where classes have several compounds each, else whole groups of
    the folds.

    Args:
        data: what was trained on.
        predictions: a row a held-out trained bag: `key, group, fold, label, …`.
        answers: of all held-out bags, those of doses below `min_dose_um` among them.

    Returns:
        The bags' own table; `levels.csv` (`level, model, …`) and, where there are doses,
        `doses.csv` (`concentration_um, trained, n_bags, model, …`). Doses that were not trained on
        stand in the latter only, without baselines.
    """
    targets = data.targets
    unit: str = data.config.bag_input.bag_unit
    by, frames = _frames(data, predictions)
    net = data.config.net_name
    levels = levels_of(frames[net], unit)
    if targets.kind == "log_dose":
        levels = [level for level in levels if level != "compound"]
    columns = answer_columns(targets)
    table = figures_table(targets, frames)
    tables = {unit: table}
    for level in levels:
        if level != unit:
            means = {name: averaged(frame, level, columns) for name, frame in frames.items()}
            tables[level] = figures_table(targets, means)
    files = {LEVELS_FILE: _stacked(tables, "level")}
    if "compound_dose" in levels:
        files[DOSES_FILE] = doses_table(data, frames, answers, by)
    return Judged(table, files, _said(data, tables, by), _warnings(data))


def _frames(data: BagData, predictions: pd.DataFrame) -> tuple[str, dict[str, pd.DataFrame]]:
    """What is resampled, and by model the answers with metadata and groups to resample."""
    models = {data.config.net_name: predictions}
    models |= bag_baselines(data.manifest, data.targets, data.features)
    by = "compound" if _several_compounds(data.manifest[data.manifest["trained"]]) else "group"
    return by, {name: with_metadata(data, frame, by) for name, frame in models.items()}


def _several_compounds(trained: pd.DataFrame) -> bool:
    """Whether every class has two compounds or more, so that compounds can be resampled."""
    if COMPOUND not in trained:
        return False
    named = trained[has_text(trained[COMPOUND])]
    counts = named.groupby("label")[COMPOUND].nunique().reindex(trained["label"].unique())
    return bool((counts.fillna(0) > 1).all())


def _stacked(tables: dict[str, pd.DataFrame], name: str) -> pd.DataFrame:
    return pd.concat([table.assign(**{name: level}) for level, table in tables.items()])[
        [name, *next(iter(tables.values())).columns]
    ]


def _said(data: BagData, tables: dict[str, pd.DataFrame], by: str) -> dict[str, Any]:
    config, manifest, targets = data.config, data.manifest, data.targets
    unit = config.bag_input.bag_unit
    levels = {level: _pooled(table, config.net_name) for level, table in tables.items()}
    question = _QUESTIONS[targets.kind].format(unit=unit, names=", ".join(targets.names))
    compounds = manifest.loc[manifest["trained"], COMPOUND] if COMPOUND in manifest else None
    return {
        "trainer": config.TRAINER,
        "unit": unit,
        "target": targets.kind,
        "outputs": list(targets.names),
        "channels": list(data.index.channels),
        "crop_size": data.index.crop_size,
        "bag_crops": config.bag_input.bag_crops,
        "sets": config.inference.sets,
        "set_crops": config.inference.set_crops or config.bag_input.bag_crops,
        "min_dose_um": config.data.min_dose_um,
        "n_compounds": 0 if compounds is None else int(compounds[has_text(compounds)].nunique()),
        "n_without_cells": int((data.index.bags["cells"] == 0).sum()),
        "resampled_by": by,
        "levels": levels if len(levels) > 1 else {},
    } | ({"question": question} if question else {})


def _pooled(table: pd.DataFrame, net: str) -> dict[str, list[float | None]]:
    """Value, low and high of the net's pooled figures; None where undefined."""
    names = [name for name in _SHOWN if name in set(table["metric"])]
    found = {}
    for name in names:
        values = [figure(table, net, name, "pooled", c) for c in ("value", "low", "high")]
        found[name] = [None if math.isnan(value) else value for value in values]
    return found


def _warnings(data: BagData) -> list[str]:
    empty = int((data.index.bags["cells"] == 0).sum())
    unit = data.config.bag_input.bag_unit
    if not empty:
        return []
    return [f"{empty} of {len(data.manifest)} {unit}s have no cells: they are not scored."]
