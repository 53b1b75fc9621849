"""Drawings of trainings: figures over folds, score distributions, curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cellscreen.report import plots, svg
from cellscreen.report.section import Drawing

_DASHES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))


def model_dots(
    name: str,
    figures: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    caption: str,
    alt: str,
) -> Drawing:
    """Draws a metric's value of each fold as a small circle and their mean as a diamond.

    Args:
        name: unique on the page.
        figures: for each metric the values over folds of each model; NaN where undefined.
        caption: below the figure.
        alt: for those who do not see it.
    """
    models = list(next(iter(figures.values())))
    height = len(figures) * (plots.FRAME_PX + 24 * len(models))
    with svg.figure(plots.WIDTH_PX, height, rows=len(figures)) as (made, axes):
        for plot, (metric, values) in zip(axes[:, 0], figures.items(), strict=True):
            _fill_dots(plot, metric, values)
        return svg.inline(made, name, caption, alt)


def _fill_dots(axes: Axes, metric: str, values: Mapping[str, Sequence[float]]) -> None:
    for place, folds in enumerate(values.values()):
        mean = float(np.mean(folds)) if len(folds) else math.nan
        if math.isnan(mean):
            axes.text(0.02, place, "undefined", va="center", color=svg.FAINT, fontsize=10)
            continue
        axes.plot(
            folds, [place] * len(folds), **plots.marked(plots.Marker("o", "open", 6)), alpha=0.9
        )
        axes.plot([mean], [place], **plots.marked(plots.Marker("D", "full", 7)))
    axes.set_yticks(range(len(values)), [plots.plain_label(model) for model in values])
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.set_xlim(-0.02, 1.02)
    axes.tick_params(axis="y", length=0)
    axes.set_title(metric)


def score_histograms(
    name: str,
    scores: Mapping[str, np.ndarray],
    positive: str,
    *,
    caption: str,
    alt: str,
) -> Drawing:
    """Draws the scores of each true class in a panel of its own, hatched differently.

    Args:
        name: unique on the page.
        scores: `(images,)` float of each true class, the negative one first.
        positive: the class the score speaks for.
        caption: below the figure.
        alt: for those who do not see it.
    """
    edges = np.linspace(0, 1, 26)
    styles = (("//", svg.SECOND), ("\\\\..", svg.FIRST))
    with svg.figure(plots.WIDTH_PX, 250, rows=len(scores)) as (made, axes):
        for plot, (label, values), (hatch, colour) in zip(
            axes[:, 0], scores.items(), styles, strict=True
        ):
            plot.hist(values, bins=edges, facecolor="none", edgecolor=colour, hatch=hatch)
            plot.axvline(0.5, color=svg.INK, linewidth=1.2, linestyle="--")
            plot.set_title(f"truly {plots.plain_label(label)} ({len(values)} images)")
            plot.set_xlim(0, 1)
            plot.yaxis.set_major_locator(MaxNLocator(3, integer=True))
            plot.set_ylabel("images")
            plot.label_outer()
        axes[-1, 0].set_xlabel(f"score: probability of {plots.plain_label(positive)}")
        return svg.inline(made, name, caption, alt)


def training_curves(
    name: str,
    histories: Mapping[int, pd.DataFrame],
    curves: Sequence[str],
    *,
    caption: str,
    alt: str,
) -> Drawing:
    """Draws curves over epochs, a panel a curve, a line a fold (told apart by its dashes).

    Args:
        name: unique on the page.
        histories: `epoch` and the curves, by fold.
        curves: columns to draw.
        caption: below the figure.
        alt: for those who do not see it.
    """
    with svg.figure(plots.WIDTH_PX, 40 + 140 * len(curves), rows=len(curves)) as (made, axes):
        for plot, curve in zip(axes[:, 0], curves, strict=True):
            for number, (fold, history) in enumerate(histories.items()):
                plot.plot(
                    history["epoch"] + 1,
                    history[curve],
                    color=svg.FIRST,
                    linestyle=_DASHES[number % len(_DASHES)],
                    linewidth=1.6,
                    label=f"fold {fold}",
                )
            plot.set_title(plots.plain_label(curve.replace("_", " ")))
            plot.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            plot.label_outer()
        axes[-1, 0].set_xlabel("epoch")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        made.legend(
            handles, labels, loc="outside lower center", ncols=3, fontsize=10, handlelength=3
        )
        return svg.inline(made, name, caption, alt)
