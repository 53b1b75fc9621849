"""What a run says of itself to people: the model card as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.judging.metrics import AFTER_TEMPERATURE, HEADLINES, figure

_LIMITS = (
    "It has seen one lab's images at one magnification; score plates from elsewhere only with "
    "their own controls beside them.",
    "The score is a probability among the trained classes only: any other change of the cells "
    "(death, debris, contamination) gets a score as well.",
)

_ELSEWHERE = "baselines and folds in levels.csv, doses in doses.csv."

_HELD_OUT = {
    "kfold": "{folds} folds by {fold_by}, each once",
    "leave_one_out": "every {fold_by} once ({folds} folds)",
    "holdout": "one part of the groups by {fold_by}",
    "predefined": "the folds of a given table ({folds}), by {fold_by}",
}


def model_card(summary: Mapping[str, Any], table: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    """The model card: data, folds, figures beside baselines, leaks, limits, how it was made.

    Args:
        summary: of `summary.run_summary`.
        table: of `metrics.metrics_table`.
        settings: the run's config, flat.

    Returns:
        Markdown.

    Example:
        >>> print(model_card(summary, table, {"net": "plain"}))  # doctest: +SKIP
        # plain: hypoxia on AC16 48 h
        ...
    """
    parts = [
        f"# {summary['net']}: {summary['task']} on {summary['group']}",
        *_cautions(summary),
        f"{summary.get('question') or _question(summary['classes'])} {_data(summary)}",
        "## Figures",
        _figures(table),
        _reading(summary, table),
        *_levels(summary),
        f"## {_unit(summary).capitalize()}s held out by each fold",
        _counts(summary),
        "## Leaks",
        _bullets(summary["leaks"] or ["None was found between the folds."]),
        "## Limits",
        _bullets([w for w in summary["warnings"] if w not in summary["leaks"]] + list(_LIMITS)),
        "## How it was made",
        _making(summary),
        "```\n" + "\n".join(_flag(name, value) for name, value in settings.items()) + "\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _cautions(summary: Mapping[str, Any]) -> list[str]:
    cautions = []
    if summary["simulated"]:
        cautions.append(
            "**Trained on simulated images: its figures say nothing about real cells.**"
        )
    if summary["leaky"]:
        cautions.append("**Leaky: images of one well are in several folds; the figures flatter.**")
    return cautions


def _question(classes: list[str]) -> str:
    if len(classes) == 2:
        return f"Says of an image how likely it is `{classes[1]}` rather than `{classes[0]}`."
    return (
        f"Says of an image how likely it is each of {', '.join(f'`{name}`' for name in classes)}."
    )


def _unit(summary: Mapping[str, Any]) -> str:
    """What an example is: an image, or a field or well as a bag of cells."""
    return summary.get("unit", "image")


def _levels(summary: Mapping[str, Any]) -> list[str]:
    """The net's pooled figures where scores are averaged or cells vote, if they do."""
    levels: Mapping[str, Mapping[str, list[float | None]]] = summary.get("levels", {})
    if not levels:
        return []
    names = list(next(iter(levels.values())))
    rows = [(level, *(_between(figures[n]) for n in names)) for level, figures in levels.items()]
    rule = summary.get("vote_rule", "")
    joined = f"cells vote by {rule}" if rule else "scores are averaged"
    others = "other rules, baselines and folds in levels.csv." if rule else _ELSEWHERE
    text = (
        f"The net's pooled figures where its {joined}, with 95 % intervals over "
        f"{summary['resampled_by']}s; {others}"
    )
    heading = "## Voted" if rule else "## Averaged"
    return [heading, _markdown_table(["level", *names], rows), text]


def _between(values: list[float | None]) -> str:
    value, low, high = (np.nan if one is None else one for one in values)
    return _number(value) + ("" if np.isnan(low) else f" [{low:.3f}, {high:.3f}]")


def _data(summary: Mapping[str, Any]) -> str:
    share = summary["validation_share"]
    apart = f"{100 * share:.0f} % of the training groups were" if share else "No group was"
    held_out = _HELD_OUT[summary["fold_mode"]].format_map(summary)
    return (
        f"Trained on {summary['n_images']} {_unit(summary)}s of {summary['n_groups']} groups. Held "
        f"out: {held_out}. {apart} set apart for validation. Every figure is of {_unit(summary)}s "
        "that the model did not see; the class of the greatest probability is the called one."
    )


def _figures(table: pd.DataFrame) -> str:
    names = [name for name in HEADLINES if name in set(table["metric"])]
    rows = [
        (model, *(_cell(table[table["model"] == model], model, name) for name in names))
        for model in table["model"].unique()
    ]
    return _markdown_table(["model", *names], rows)


def _cell(table: pd.DataFrame, model: str, metric: str) -> str:
    if metric not in set(table["metric"]):
        return ""
    mean, sd = figure(table, model, metric), figure(table, model, metric, "sd")
    pooled, low, high = (
        figure(table, model, metric, "pooled", column) for column in ("value", "low", "high")
    )
    over_folds = f"{_number(mean)} ± {_number(sd)}" if not np.isnan(mean) else _number(mean)
    between = f" [{low:.3f}, {high:.3f}]" if not np.isnan(low) else ""
    return over_folds if np.isnan(pooled) else f"{over_folds}<br>{pooled:.3f}{between}"


def _reading(summary: Mapping[str, Any], table: pd.DataFrame) -> str:
    classes = summary["classes"]
    of = f"of `{classes[1]}`" if len(classes) == 2 else "means over classes (each in metrics.csv)"
    text = (
        "Mean ± sample SD over folds; below it the figure of all folds pooled with its 95 % "
        f"bootstrap interval over groups. Precision, recall, F1, AUROC and AUPRC are {of}."
    )
    if AFTER_TEMPERATURE in set(table["metric"]):
        text += " Temperatures were fitted on validation images only."
    return text


def _counts(summary: Mapping[str, Any]) -> str:
    counts = summary["class_counts"]
    rows = [(fold, *(str(n) for n in by_class.values())) for fold, by_class in counts.items()]
    return _markdown_table(["fold", *summary["classes"]], rows)


def _making(summary: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in summary["versions"].items())
    commit = summary["git_commit"]
    return (
        f"Made {summary['finished']} in {summary['seconds']} s (folds that an earlier call had "
        f"finished not counted) on {summary['machine'] or 'a machine unknown'} with {versions}"
        + (f", git commit {commit}" if commit else "")
        + ". Its config as flags:"
    )


def _markdown_table(headings: list[str], rows: list[tuple[str, ...]]) -> str:
    lines = [tuple(headings), ("---",) * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _number(value: float) -> str:
    return "undefined" if np.isnan(value) else f"{value:.3f}"


def _flag(name: str, value: Any) -> str:
    return f"--{name}={','.join(map(str, value)) if isinstance(value, list | tuple) else value}"
