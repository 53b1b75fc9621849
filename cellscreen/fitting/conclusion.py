"""What a finished training concludes: figures beside baselines, summary, model card."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cellscreen.atomic import write_text
from cellscreen.fitting import run_folder
from cellscreen.fitting.card import model_card
from cellscreen.fitting.flags import flat
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.summary import run_summary
from cellscreen.fitting.trainer import Config, Data, Trainer
from cellscreen.plates.groups import LEAKY

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """A finished training.

    Attributes:
        workdir: the run folder.
        metrics: tidy figures of the net and its baselines: `model, fold, metric, value, low,
            high`.
        predictions: a row an example that was trained on in another fold: `key, group, fold,
            label, p_<class>…`, each scored by the net that did not see it.
        summary: what `run.json` says.
        card: the model card, Markdown.
    """

    workdir: Path
    metrics: pd.DataFrame
    predictions: pd.DataFrame
    summary: dict
    card: str


def conclude(
    trainer: Trainer[Config, Data],
    config: Config,
    data: Data,
    answers: pd.DataFrame,
    workdir: Path,
    machine: Machine,
    seconds: float,
) -> Result:
    """Computes the figures of all folds and writes metrics, summary and card (the chief only).

    Args:
        trainer: whose config it is.
        config: resolved.
        data: what was trained on.
        answers: of all held-out rows: `key, label, …`.
        workdir: the run folder.
        machine: what it ran on.
        seconds: what this call took.
    """
    manifest = data.manifest
    trained = manifest.loc[manifest["trained"] & (manifest["fold"] >= 0)]
    given = answers.drop(columns=["label", "fold"], errors="ignore")
    predictions = trained[["key", "group", "fold", "label"]].merge(given, on="key", how="left")
    judged = trainer.judge(data, predictions, answers)
    summary = run_summary(
        config.data,
        config.folds_config,
        trainer.net(config),
        manifest,
        judged.table,
        classes=data.classes,
        leaks=data.leaks,
        machine=machine.describe(),
        seconds=seconds,
    )
    summary |= judged.said
    summary["warnings"] += judged.warnings
    card = model_card(summary, judged.table, flat(config))
    if machine.is_chief:
        run_folder.write_csv(judged.table, workdir / run_folder.METRICS)
        for name, table in judged.tables.items():
            run_folder.write_csv(table, workdir / name)
        write_text(workdir / run_folder.CARD, card)
        run_folder.write_summary(workdir, summary)
    if config.folds_config.fold_by == LEAKY:
        LOGGER.warning("Leaky: images of one well are in several folds; the figures flatter.")
    return Result(workdir, judged.table, predictions, summary, card)
