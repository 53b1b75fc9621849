"""A run and its comparators in one table, at the level of wells, treatments and compounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from cellscreen.atomic import write_text
from cellscreen.comparators.levels import COMPOUND, TREATMENT, WELL, at_level
from cellscreen.comparators.paired import DRAWS, compare_methods
from cellscreen.comparators.verdict import verdict
from cellscreen.fitting.run_folder import write_csv

FIGURES, TEXT = "figures.csv", "comparators.md"
_SHOWN = ("auroc", "auprc", "accuracy", "precision", "recall", "f1")


def figures_by_level(
    answers: Mapping[str, Sequence[pd.DataFrame]],
    manifest: pd.DataFrame,
    classes: tuple[str, ...],
    reference: str,
    *,
    levels: Sequence[str] = (WELL, TREATMENT, COMPOUND),
    draws: int = DRAWS,
) -> pd.DataFrame:
    """Figures of all methods at every level, with paired differences.

    Args:
        answers: for each method a frame a repeat, as `paired.compare_methods`.
        manifest: of the run, for compounds and concentrations.
        classes: class names.
        reference: the method that differences are taken from.
        levels: as `levels.at_level` takes them.
        draws: resamples of groups.

    Returns:
        `level` and the columns of `compare_methods`.

    Example:
        >>> figures_by_level(answers, manifest, ("a", "b"), "mid")  # doctest: +SKIP
    """
    parts = []
    for level in levels:
        averaged = {
            name: [at_level(frame, manifest, level) for frame in frames]
            for name, frames in answers.items()
        }
        table = compare_methods(averaged, classes, reference, draws=draws)
        parts.append(table.assign(level=level))
    found = pd.concat(parts, ignore_index=True)
    return found[["level", *(name for name in found if name != "level")]]


def write_beside(table: pd.DataFrame, reference: str, simulated: bool, output: Path) -> str:
    """Writes `figures.csv` and `comparators.md`; returns the latter's text."""
    write_csv(table, output / FIGURES)
    text = beside_text(table, reference, simulated)
    write_text(output / TEXT, text)
    return text


def beside_text(table: pd.DataFrame, reference: str, simulated: bool) -> str:
    """A comparison as Markdown: the verdict, and a table a level.

    Args:
        table: of `figures_by_level`.
        reference: the net.
        simulated: whether any image was.
    """
    levels = list(dict.fromkeys(table["level"]))
    main = COMPOUND if COMPOUND in levels else levels[-1]
    said = verdict(table[table["level"] == main], reference)
    lines = ["# Comparators on the same folds", ""]
    if simulated:
        lines += ["SIMULATED images: nothing here is about real cells or compounds.", ""]
    lines += [f"**{said.headline}** (AUROC by {main}.)", "", *(f"- {one}" for one in said.lines)]
    for level in levels:
        lines += [
            "",
            f"## By {level.replace('_', ' and ')}",
            "",
            *_table(table[table["level"] == level], reference),
        ]
    lines += [
        "",
        "Answers out of fold, folds pooled. In brackets 95 % bootstrap intervals over groups; the "
        f"difference is {reference} minus the method, over the same resamples.",
    ]
    return "\n".join(lines) + "\n"


def _table(table: pd.DataFrame, reference: str) -> list[str]:
    heads = ["method", *_SHOWN, f"AUROC of {reference} minus this"]
    lines = [" | ".join(heads), " | ".join(["---"] * len(heads))]
    for model, rows in table.groupby("model", sort=False):
        by_metric = rows.set_index("metric")
        cells = [str(model)]
        for metric in _SHOWN:
            cells.append(with_interval(*by_metric.loc[metric, ["value", "low", "high"]]))
        names = ["difference", "difference_low", "difference_high"]
        cells.append("" if model == reference else with_interval(*by_metric.loc["auroc", names]))
        lines.append(" | ".join(cells))
    return [f"| {line} |" for line in lines]


def with_interval(value: float, low: float, high: float) -> str:
    """A figure with its interval.

    Example:
        >>> with_interval(0.5, 0.4, 0.61), with_interval(float("nan"), 0, 1)
        ('0.500 [0.400, 0.610]', 'undefined')
    """
    if pd.isna(value):
        return "undefined"
    return f"{value:.3f}" if pd.isna(low) else f"{value:.3f} [{low:.3f}, {high:.3f}]"
