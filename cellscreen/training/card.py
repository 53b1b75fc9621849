"""What a run says of itself: the summary as JSON, and the model card for people."""

from __future__ import annotations

import datetime
import os
import platform
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.pipelines.folds import LEAKY
from cellscreen.training.config import EdgesConfig
from cellscreen.training.metrics import METRICS, below_baselines, figure
from cellscreen.training.run_folder import versions

FEW_GROUPS = 10


def run_summary(
    config: EdgesConfig,
    manifest: pd.DataFrame,
    table: pd.DataFrame,
    leaks: list[str],
    seconds: float,
) -> dict[str, Any]:
    """The content of `run.json`.

    Args:
        config: the run's config.
        manifest: its folds.
        table: its metrics.
        leaks: what `pipelines.leaks` says of the folds.
        seconds: time this call took; folds finished before count nothing.
    """
    trained = manifest[manifest["trained"]]
    below = below_baselines(table, config.net_config.net)
    leaky = config.folds_config.fold_by == LEAKY
    simulated = bool((manifest["Metadata_simulated"].astype(str) == "True").any())
    return {
        "task": config.data.task,
        "classes": list(config.data.classes),
        "net": config.net_config.net,
        "group": _group(trained),
        "fold_by": config.folds_config.fold_by,
        "folds": config.folds_config.folds,
        "leaky": leaky,
        "simulated": simulated,
        "n_images": len(trained),
        "n_groups": int(trained["group"].nunique()),
        "n_scored_only": int((~manifest["trained"]).sum()),
        "below_baseline": below,
        "warnings": _warnings(trained, below, leaky) + leaks,
        "versions": versions(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
    }


def model_card(config: EdgesConfig, table: pd.DataFrame, summary: dict[str, Any]) -> str:
    """The model card as Markdown: data, folds, figures beside baselines, limits."""
    lines = [f"# {summary['net']}: {summary['task']} on {summary['group']}", ""]
    if summary["simulated"]:
        lines += ["**Trained on simulated images: its figures say nothing about real cells.**", ""]
    if summary["leaky"]:
        lines += ["**Leaky: images of one well are in several folds; the figures flatter.**", ""]
    lines += [
        f"Says of an edge map how likely it is `{summary['classes'][1]}` rather than "
        f"`{summary['classes'][0]}`. Trained on {summary['n_images']} images of "
        f"{summary['n_groups']} groups in {summary['folds']} folds by {summary['fold_by']}; every "
        "figure is of images that the model did not see, at a threshold of 0.5.",
        "",
        "| model | " + " | ".join(METRICS) + " |",
        "|---" * (len(METRICS) + 1) + "|",
    ]
    for model in table["model"].unique():
        cells = [_cell(table, model, metric) for metric in METRICS]
        lines.append(f"| {model} | " + " | ".join(cells) + " |")
    lines += ["", "Mean and sample SD over folds.", "", "## Limits", ""]
    lines += [f"- {warning}" for warning in summary["warnings"]]
    lines += [
        "- It has seen one lab's images at one magnification; score plates from elsewhere only "
        "with their own controls beside them.",
        "- The score is a probability among the two trained classes only: any other change of the "
        "cells (death, debris, contamination) gets a score as well.",
        "",
        f"Config: {config.net_config}, {config.edge_input}, {config.fit}.",
        f"Made {summary['finished']} on {summary['machine']} with "
        + ", ".join(f"{name} {version}" for name, version in summary["versions"].items())
        + ".",
    ]
    return "\n".join(lines) + "\n"


def _cell(table: pd.DataFrame, model: str, metric: str) -> str:
    mean, sd = figure(table, model, metric), figure(table, model, metric, "sd")
    return "undefined" if np.isnan(mean) else f"{mean:.3f} ± {sd:.3f}"


def _group(trained: pd.DataFrame) -> str:
    lines = "+".join(sorted(set(trained["Metadata_cell_line"]) - {""}))
    hours = sorted({float(h) for h in trained["Metadata_hours"] if str(h) not in ("", "nan")})
    times = "/".join(f"{h:g}" for h in hours)
    return " ".join(part for part in (lines, f"{times} h" if times else "") if part) or "all images"


def _warnings(trained: pd.DataFrame, below: list[str], leaky: bool) -> list[str]:
    warnings = [f"Not above the baseline {name}." for name in below]
    if leaky:
        warnings.append("Folds by site: images of one well are in several folds (leaky).")
    groups = trained.groupby("label")["group"].nunique().min()
    if groups < FEW_GROUPS:
        warnings.append(f"Only {groups} groups in the smaller class: the spread is uncertain.")
    return warnings
