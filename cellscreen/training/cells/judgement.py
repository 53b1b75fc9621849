"""What answers of cells are worth: by cell, and by vote for images, wells and compounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.fitting.trainer import Judged
from cellscreen.judging.levels import COMPOUND, has_text
from cellscreen.judging.metrics import metrics_table
from cellscreen.plates.columns import CONTROL_TYPE
from cellscreen.training.cells.baselines import cell_baselines
from cellscreen.training.cells.data import CellData
from cellscreen.training.cells.levels import CELL, IMAGE, Voted, voted_levels, with_places
from cellscreen.votes.bias import bias_figures
from cellscreen.votes.class_table import class_table
from cellscreen.votes.confusion import largest_confusions
from cellscreen.votes.ranks import rank_figures, rank_table

LEVELS_FILE, BIAS_FILE = "levels.csv", "bias.csv"
CLASSES_FILE, CONFUSIONS_FILE = "classes.csv", "confusions.csv"
RULE = "majority"  # of the levels that the model card shows: the paper's
_LEVEL_COLUMNS = ["level", "rule", "model", "fold", "metric", "value", "low", "high"]
_LEVEL_COLUMNS += ["chance", "n_units", "n_groups"]
_DRAWN = 2**28  # cells x classes x draws of the intervals of single cells


def judge_cells(data: CellData, predictions: pd.DataFrame, answers: pd.DataFrame) -> Judged:
    """Figures of the net and its baselines at every level, and where calls lean.

    Intervals draw whole positions (a well and the same well of plates of one map), at the level of
    compounds whole compounds.

    Args:
        data: what was trained on.
        predictions: a row a held-out trained cell: `key, group, fold, label, p_<class>…`.
        answers: of all held-out cells; not looked at.

    Returns:
        The cells' own table, and by file:

        * `levels.csv`: `level, rule, model, fold, metric, value, low, high, chance, n_units,
          n_groups`; levels are cell, image, well, compound, rules those of `votes.rules` (`none` of
          cells), fold a number or `pooled`, which alone has an interval;
        * `bias.csv`: `level, rule, model, metric, value, low, high, about, …` of `bias_figures`;
        * `classes.csv` and `confusions.csv`: the net's, of cells and of images by majority.
    """
    del answers
    classes, net = data.classes, data.config.net_name
    frames = {net: predictions} | cell_baselines(data, data.config.fit.seed)
    placed = {name: with_places(frame, data.manifest) for name, frame in frames.items()}
    levels = pd.concat([_level_rows(name, frame, classes) for name, frame in placed.items()])
    leaning = [
        one for one in voted_levels(placed[net], classes, (CELL, IMAGE), (RULE,)) if len(one.table)
    ]
    reference = reference_class(data)
    files = {
        LEVELS_FILE: levels,
        BIAS_FILE: pd.concat([_bias(net, one, classes, reference) for one in leaning]),
        CLASSES_FILE: pd.concat(
            [_named(one, class_table(one.table, one.groups, classes)) for one in leaning]
        ),
        CONFUSIONS_FILE: pd.concat(
            [_named(one, largest_confusions(one.table, one.groups, classes)) for one in leaning]
        ),
    }
    drawn = {name: frame.assign(group=frame["position"]) for name, frame in placed.items()}
    table = metrics_table(drawn, classes, draws=_draws(len(predictions), len(classes)))
    return Judged(table, files, _said(data, levels, reference), _warnings(data))


def reference_class(data: CellData) -> str:
    """The class of the negative controls, to which calls may lean; "" if they have none.

    Example:
        >>> reference_class(data)  # doctest: +SKIP
        'DMSO'
    """
    images = data.images
    if CONTROL_TYPE not in images:
        return ""
    labels = images.loc[(images[CONTROL_TYPE] == "negcon") & (images["label"] >= 0), "label"]
    return data.classes[int(labels.mode().iloc[0])] if len(labels) else ""


def _level_rows(model: str, answers: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Figures of one model at every level; undefined where it has no answer."""
    answered = ~answers[[f"p_{name}" for name in classes]].isna().any(axis=1)
    if not answered.all():
        row = (CELL, "none", model, "pooled", "accuracy") + (math.nan,) * 4 + (len(answers), 0)
        return pd.DataFrame([row], columns=_LEVEL_COLUMNS)
    parts = []
    for one in voted_levels(answers, classes):
        pooled = rank_table(one.table, one.groups, classes).assign(fold="pooled")
        folds = [_of_fold(one, fold, classes) for fold in sorted(set(one.folds))]
        parts.append(_named(one, pd.concat([*folds, pooled])).assign(model=model))
    return pd.concat(parts).reindex(columns=_LEVEL_COLUMNS)


def _of_fold(one: Voted, fold: int, classes: tuple[str, ...]) -> pd.DataFrame:
    rows = one.folds == fold
    figures = rank_figures(one.table[rows], classes)
    frame = pd.DataFrame({"metric": list(figures), "value": list(figures.values())})
    return frame.assign(
        fold=str(fold), n_units=int(rows.sum()), n_groups=one.groups[rows].nunique()
    )


def _bias(net: str, one: Voted, classes: tuple[str, ...], reference: str) -> pd.DataFrame:
    found = bias_figures(one.table, one.groups, classes, reference=reference)
    return _named(one, found.assign(model=net))


def _named(one: Voted, frame: pd.DataFrame) -> pd.DataFrame:
    """A frame that says of which level and rule it is."""
    first = pd.DataFrame({"level": one.level, "rule": one.rule}, index=frame.index)
    return pd.concat([first, frame], axis=1)


def _draws(cells: int, n_classes: int) -> int:
    """Resamples for the intervals of single cells: fewer where they would take minutes."""
    return int(np.clip(_DRAWN // max(cells * n_classes, 1), 100, 500))


def _said(data: CellData, levels: pd.DataFrame, reference: str) -> dict[str, Any]:
    config, images = data.config, data.images[data.images["trained"]]
    compounds = images.get(COMPOUND)
    return {
        "trainer": config.TRAINER,
        "unit": "cell",
        "branches": list(config.net_config.branches),
        "table_features": list(config.net_config.table_features),
        "cell_size": config.cell_input.cell_size,
        "channels": list(data.index.channels),
        "label_column": config.data.label_column,
        "reference": reference,
        "n_fields": len(images),
        "n_compounds": 0 if compounds is None else int(compounds[has_text(compounds)].nunique()),
        "preparation": data.counts,
        "resampled_by": "position",
        "vote_rule": RULE,
        "levels": _pooled(levels[levels["model"] == config.net_name]),
    }


def _pooled(levels: pd.DataFrame) -> Mapping[str, dict[str, list[float | None]]]:
    """Value, low and high of the pooled figures by level; None where undefined."""
    chosen = levels[(levels["fold"] == "pooled") & levels["rule"].isin(["none", RULE])]
    found: dict[str, dict[str, list[float | None]]] = {}
    ends = chosen[["value", "low", "high"]].to_numpy(np.float64)
    for level, metric, values in zip(chosen["level"], chosen["metric"], ends, strict=True):
        strict = [None if math.isnan(value) else float(value) for value in values]
        found.setdefault(level, {})[metric] = strict
    return found


def _warnings(data: CellData) -> list[str]:
    told = {
        "perimeter_0": "{} of {cells_found} cells have a perimeter of 0: left out.",
        "cells_without_row": "{} cells have no row in the table of features: left out.",
        "rows_without_image": "{} rows of the table of features have no cell: not used.",
        "images_unlabelled": "{} images have no class: scored, not trained on.",
        "images_of_several_values": "{} images have several values (A|B) as their class.",
    }
    counts = data.counts
    lines = [text.format(counts[n], **counts) for n, text in told.items() if counts.get(n)]
    left_out: dict[str, int] = counts["classes_left_out"]
    if left_out:
        some = ", ".join(list(left_out)[:5]) + (", …" if len(left_out) > 5 else "")
        lines.append(f"{len(left_out)} classes have too few groups to be trained on: {some}.")
    return lines
