"""What a finished training concludes: figures beside baselines, summary, model card."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cellscreen.atomic import write_text
from cellscreen.plates.groups import LEAKY
from cellscreen.training import run_folder
from cellscreen.training.baselines import baseline_predictions
from cellscreen.training.card import model_card
from cellscreen.training.config import EdgesConfig
from cellscreen.training.edge_data import EdgeData
from cellscreen.training.flags import flat
from cellscreen.training.machine import Machine
from cellscreen.training.metrics import metrics_table
from cellscreen.training.summary import run_summary

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """A finished training.

    Attributes:
        workdir: the run folder.
        metrics: tidy figures of the net and its baselines: `model, fold, metric, value, low,
            high`.
        predictions: a row an image that was trained on in another fold: `key, group, fold, label,
            p_<class>…`, each scored by the net that did not see it.
        summary: what `run.json` says.
        card: the model card, Markdown.
    """

    workdir: Path
    metrics: pd.DataFrame
    predictions: pd.DataFrame
    summary: dict
    card: str


def conclude(
    config: EdgesConfig,
    data: EdgeData,
    answers: pd.DataFrame,
    workdir: Path,
    machine: Machine,
    seconds: float,
) -> Result:
    """Computes the figures of all folds and writes metrics, summary and card (the chief only).

    Args:
        config: resolved.
        data: what was trained on.
        answers: of all held-out rows: `key, label, p_<class>…`.
        workdir: the run folder.
        machine: what it ran on.
        seconds: what this call took.
    """
    classes, net = config.data.classes, config.net_config.net
    manifest = data.manifest
    trained = manifest.loc[manifest["trained"] & (manifest["fold"] >= 0)]
    given = answers.drop(columns=["label", "fold"], errors="ignore")
    predictions = trained[["key", "group", "fold", "label"]].merge(given, on="key", how="left")
    baselines = baseline_predictions(manifest, classes, data.features)
    table = metrics_table({net: predictions} | baselines, classes)
    summary = run_summary(
        config.data,
        config.folds_config,
        net,
        manifest,
        table,
        leaks=data.leaks,
        machine=machine.describe(),
        seconds=seconds,
    )
    card = model_card(summary, table, flat(config))
    if machine.is_chief:
        run_folder.write_csv(table, workdir / run_folder.METRICS)
        write_text(workdir / run_folder.CARD, card)
        run_folder.write_summary(workdir, summary)
    if config.folds_config.fold_by == LEAKY:
        LOGGER.warning("Leaky: images of one well are in several folds; the figures flatter.")
    return Result(workdir, table, predictions, summary, card)
