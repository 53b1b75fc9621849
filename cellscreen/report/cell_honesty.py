"""The honesty table: every model under every split beside baselines, and what may be concluded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cellscreen.report import plots, svg
from cellscreen.report.cell_differences import differences_table
from cellscreen.report.cell_section import cell_section, figures_wide, first_upper
from cellscreen.report.section import Drawing, Section, Table
from cellscreen.votes.honesty import ALL_SPLITS
from cellscreen.votes.standings import BASELINES, LEVEL, METRICS, MIN_GROUPS, RULE, chosen_rows
from cellscreen.votes.words import metric_name, model_name, split_name

_ROW_PX, _PANEL_PX, _WIDTH_PX = 19, 62, 760
_SPLITS = {
    "site": "site\u00a0(leaky)",
    "well": "well",
    "plate": "plate",
    "layout": "layout",
}
_HOW = (
    "Above and below are said only where the 95 % interval of a difference, over the same draws of "
    "positions for both, leaves out 0; the bars are of each model alone, and may overlap all the "
    "same. Where figures disagree, each is named; intervals over fewer than "
    f"{MIN_GROUPS} groups carry no claim. Many are compared: one in forty that is only chance will "
    "lie above it."
)


def honesty_section(
    table: pd.DataFrame,
    lines: pd.DataFrame,
    differences: pd.DataFrame | None = None,
    *,
    level: str = LEVEL,
    rule: str = RULE,
    metrics: Sequence[str] = METRICS,
    baselines: Sequence[str] = BASELINES,
    key: str = "honesty",
    simulated: bool = False,
) -> Section:
    """What every model reaches under every split, and one line each on what follows.

    Args:
        table: tidy, as for `votes.honesty.honesty_lines`.
        lines: of `votes.honesty.honesty_lines`, of the same level, rule and metrics.
        differences: what the lines were made of; shown as a table if there are any.
        level: whose figures are shown.
        rule: of voting, whose figures are shown.
        metrics: that are shown.
        baselines: models that stand below the others.
        key: the anchor, unique on the page.
        simulated: whether any unit is.

    Raises:
        DataError: the table has no such rows, or several for one model and split.

    Example:
        >>> honesty_section(table, honesty_lines(table)).key  # doctest: +SKIP
        'honesty'
    """
    rows = ordered_rows(chosen_rows(table, level, rule, metrics), baselines)
    whole = lines[lines["split"] == ALL_SPLITS]
    verdicts = [
        f"{model_name(str(model))}: {line}"
        for model, line in zip(whole["model"], whole["line"], strict=True)
    ]
    tables = [honesty_table(rows, lines, metrics, baselines, of=_of(level, rule))]
    if differences is not None and len(differences):
        tables.append(differences_table(differences, metrics, baselines))
    return cell_section(
        key,
        "What may be concluded",
        verdicts=verdicts,
        words=[_HOW],
        drawings=[honesty_drawing(rows, metrics, baselines, name=f"{key}-figures")],
        tables=tables,
        simulated=simulated,
    )


def ordered_rows(rows: pd.DataFrame, baselines: Sequence[str] = BASELINES) -> pd.DataFrame:
    """Rows by split, nets first, then the baselines in their order."""
    places = {name: place for place, name in enumerate(baselines, start=1)}
    splits = {name: k for k, name in enumerate(dict.fromkeys([*_SPLITS, *rows["split"]]))}
    order = rows.assign(split_=rows["split"].map(splits), model_=rows["model"].map(places))
    order["model_"] = order["model_"].fillna(0)
    order = order.sort_values(["split_", "model_"], kind="stable")
    return order.drop(columns=["split_", "model_"]).reset_index(drop=True)


def honesty_table(
    rows: pd.DataFrame,
    lines: pd.DataFrame,
    metrics: Sequence[str] = METRICS,
    baselines: Sequence[str] = BASELINES,
    *,
    of: str = "",
) -> Table:
    """Figures of every split and model with the line on it.

    Args:
        rows: of `ordered_rows`.
        lines: of `votes.honesty.honesty_lines`.
        metrics: a column each.
        baselines: rows that are not set off.
        of: of what the figures are, for the caption.
    """
    wide = figures_wide(rows, ["split", "model"], metrics)
    said = lines.set_index(["model", "split"])["line"].to_dict()
    chance = rows.groupby(["split", "metric"], sort=False)["chance"].first()
    texts, marks = [], []
    for split, part in wide.groupby("split", sort=False):
        for row in part.to_dict("records"):
            figures = [row[metric_name(metric)] for metric in metrics]
            line = said.get((row["model"], split), "")
            texts.append(
                (_SPLITS.get(str(split), str(split)), model_name(row["model"]), *figures, line)
            )
            marks.append("" if row["model"] in baselines else "net")
        known = [chance.get((split, metric), np.nan) for metric in metrics]
        given = ["undefined" if np.isnan(value) else f"{value:.3f}" for value in known]
        texts.append((_SPLITS.get(str(split), str(split)), "chance", *given, ""))
        marks.append("")
    headings = ("Split", "Model", *(metric_name(m) for m in metrics), "What a reader may conclude")
    return Table(
        caption=f"Figures{of}, folds pooled, in brackets 95 % intervals over well positions drawn "
        "anew. Chance is what can be had by knowing how frequent the classes are, and no more.",
        headings=tuple(map(first_upper, headings)),
        rows=tuple(texts),
        marks=tuple(marks),
    )


def honesty_drawing(
    rows: pd.DataFrame,
    metrics: Sequence[str] = METRICS,
    baselines: Sequence[str] = BASELINES,
    *,
    name: str = "honesty",
) -> Drawing:
    """Every model's figures with intervals, a row of panels a split, chance as a dashed line.

    Args:
        rows: of `ordered_rows`.
        metrics: a column of panels each.
        baselines: drawn open.
        name: unique on the page.
    """
    splits, models = list(dict.fromkeys(rows["split"])), _models(rows, baselines)
    reach = {metric: _reach(rows[rows["metric"] == metric]) for metric in metrics}
    height = len(splits) * (_PANEL_PX + _ROW_PX * len(models))
    with svg.figure(_WIDTH_PX, height, len(splits), len(metrics)) as (made, axes):
        for line, split in zip(axes, splits, strict=True):
            for plot, metric in zip(line, metrics, strict=True):
                chosen = rows[(rows["split"] == split) & (rows["metric"] == metric)]
                _fill(plot, chosen.set_index("model").reindex(models), baselines)
                plot.set_xlim(-0.02 * reach[metric], reach[metric])
                plot.set_title(f"{_SPLITS.get(split, split)}: {metric_name(metric)}")
                plot.label_outer()
        return svg.inline(
            made,
            name,
            "Models are full, baselines open; 95 % intervals over well positions. Dashed: chance. "
            "The axes of different figures have different ends.",
            f"Figures of {', '.join(map(model_name, models))} under the splits by "
            f"{', '.join(split_name(split) for split in splits)}, as in the table.",
        )


def _models(rows: pd.DataFrame, baselines: Sequence[str]) -> list[str]:
    """All models, the baselines last."""
    names = list(dict.fromkeys(rows["model"]))
    return sorted(
        names, key=lambda name: [*baselines, name].index(name) if name in baselines else -1
    )


def _reach(rows: pd.DataFrame) -> float:
    """Where the axis of a figure ends: at 1, or at the next tenth beyond all that is drawn."""
    most = rows[["value", "high", "chance"]].max().max()
    return 1.02 if np.isnan(most) else min(np.ceil(10 * most + 0.3) / 10, 1.02)


def _fill(axes: Axes, rows: pd.DataFrame, baselines: Sequence[str]) -> None:
    chance = rows["chance"].dropna()
    if len(chance):
        axes.axvline(chance.iloc[0], color=svg.FAINT, linewidth=1.4, linestyle="--")
    for place, row in enumerate(rows.reset_index().to_dict("records")):
        if np.isnan(row["value"]):
            said = "not asked" if pd.isna(row["level"]) else "undefined"
            across = axes.get_yaxis_transform()
            style = {"ha": "right", "va": "center", "color": svg.FAINT}
            axes.text(0.98, place, said, transform=across, fontsize=9, fontdict=style)
        axes.plot([row["low"], row["high"]], [place, place], color=svg.FIRST, linewidth=1.8)
        fill = "open" if row["model"] in baselines else "full"
        axes.plot([row["value"]], [place], **plots.marked(plots.Marker("o", fill)))
    labels = [plots.plain_label(model_name(str(model)), 26) for model in rows.index]
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)


def _of(level: str, rule: str) -> str:
    return f" of {level}s" + ("" if rule == "none" else f" by {rule} of their cells' answers")
