"""What a run says of itself to programs: the content of `run.json`."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from cellscreen.fitting.provenance import git_commit
from cellscreen.fitting.run_folder import versions
from cellscreen.judging.metrics import HEADLINES, below_baselines, figure
from cellscreen.plates.groups import LEAKY

if TYPE_CHECKING:
    from cellscreen.pipelines.fold_config import FoldConfig

FEW_GROUPS = 10
ALWAYS = "always training"


class Question(Protocol):
    """What is asked of images: the part of any trainer's config that says so."""

    @property
    def task(self) -> str:
        """Name of the question."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names."""


def run_summary(
    data: Question,
    folds: FoldConfig,
    net: str,
    manifest: pd.DataFrame,
    table: pd.DataFrame,
    *,
    leaks: list[str],
    machine: Mapping[str, str],
    seconds: float,
    classes: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The content of `run.json`; an undefined figure is None, so that it is strict JSON.

    Args:
        data: the run's question: task and classes.
        folds: how its images were kept apart.
        net: the net's name in `table`.
        manifest: its folds.
        table: its metrics.
        leaks: what `pipelines.leaks` says of the folds.
        classes: names of the manifest's labels, where they are not those of the question.
        machine: what it ran on, by kind, such as `cpu` and `gpu`.
        seconds: time this call took; folds finished before count nothing.
    """
    trained, classes = manifest[manifest["trained"]], classes or data.classes
    below = below_baselines(table, net)
    leaky = folds.fold_by == LEAKY
    simulated = bool((manifest["Metadata_simulated"].astype(str) == "True").any())
    return {
        "task": data.task,
        "classes": list(classes),
        "net": net,
        "group": _group(trained),
        "fold_mode": folds.fold_mode,
        "fold_by": folds.fold_by,
        "folds": int(trained.loc[trained["fold"] >= 0, "fold"].nunique()),
        "validation_share": folds.validation_share,
        "leaky": leaky,
        "simulated": simulated,
        "n_images": len(trained),
        "n_groups": int(trained["group"].nunique()),
        "n_scored_only": int((~manifest["trained"]).sum()),
        "class_counts": class_counts(manifest, classes),
        "figures": _net_figures(table, net),
        "below_baseline": below,
        "leaks": leaks,
        "warnings": _warnings(trained, below, leaky) + leaks,
        "versions": versions(),
        "git_commit": git_commit(),
        "machine": ", ".join(f"{kind} {name}" for kind, name in machine.items()),
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
    }


def class_counts(manifest: pd.DataFrame, classes: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """Trained images of each class by the fold that holds them out.

    Returns:
        By fold (a number as text, or "always training" for those that are never held out) the
        images by class name.
    """
    trained = manifest[manifest["trained"]]
    counts = {}
    for fold in sorted(set(trained["fold"])):
        labels = trained.loc[trained["fold"] == fold, "label"]
        counts[str(fold) if fold >= 0 else ALWAYS] = {
            name: int((labels == number).sum()) for number, name in enumerate(classes)
        }
    return counts


def _net_figures(table: pd.DataFrame, net: str) -> dict[str, dict[str, float | None]]:
    names = [name for name in HEADLINES if name in set(table["metric"])]
    return {
        name: {
            "mean": _strict(figure(table, net, name)),
            "sd": _strict(figure(table, net, name, "sd")),
            "pooled": _strict(figure(table, net, name, "pooled")),
            "low": _strict(figure(table, net, name, "pooled", "low")),
            "high": _strict(figure(table, net, name, "pooled", "high")),
        }
        for name in names
    }


def _strict(value: float) -> float | None:
    return None if math.isnan(value) else value


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
