"""Drawings of computed figures. Shapes, hatches and words carry what colour also shows."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cellscreen.report import svg
from cellscreen.report.section import Drawing

_LABEL_LENGTH = 24
_WIDTH_PX = 380
_ROW_PX, _FRAME_PX = 17, 64
_DASHES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclasses.dataclass(frozen=True)
class Marker:
    """How a row is marked: a matplotlib marker; "full", "half" or "open"; its size in pixels."""

    shape: str
    fill: str = "full"
    size: float = 6.5


@dataclasses.dataclass(frozen=True)
class Interval:
    """A row of a dot-and-interval plot; `low` and `high` may be NaN."""

    label: str
    value: float
    low: float
    high: float
    marker: Marker


def plain_label(name: str, most: int = _LABEL_LENGTH) -> str:
    """Returns a name as a figure can hold it: printable, and cut at its end."""
    name = _UNPRINTABLE.sub("\ufffd", name)
    return name if len(name) <= most else f"{name[: most - 1]}…"


def intervals(
    name: str,
    title: str,
    rows: Sequence[Interval],
    *,
    label: str,
    caption: str,
    alt: str,
    bands: Sequence[float] = (),
    width_px: int = _WIDTH_PX,
) -> Drawing:
    """Draws values with their intervals, a row each, around a line at 0.

    Args:
        name: unique on the page.
        title: above the axes.
        rows: from top to bottom.
        label: of the axis.
        caption: below the figure.
        alt: for those who do not see it.
        bands: half-width of what chance gives for each row, drawn as a bar around 0; or empty.
        width_px: width of the figure.
    """

    def fill(axes: Axes) -> None:
        places = np.arange(len(rows))
        for place, band in zip(places, bands, strict=False):
            axes.barh(place, 2 * band, 0.8, left=-band, color=svg.GRID, zorder=0)
        axes.axvline(0, color=svg.FAINT, linewidth=1.2)
        for place, row in zip(places, rows, strict=True):
            axes.plot([row.low, row.high], [place, place], color=svg.FIRST, linewidth=1.6)
            axes.plot([row.value], [place], **_marked(row.marker))
        axes.set_yticks(places, [plain_label(row.label, width_px // 16) for row in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
        axes.set_title(title)
        axes.set_xlabel(label)

    height = _FRAME_PX + _ROW_PX * len(rows)
    return svg.draw(name, caption, alt, (width_px, height), fill)


def plane(
    name: str,
    title: str,
    points: Sequence[tuple[float, float, Marker]],
    *,
    labels: tuple[str, str],
    caption: str,
    alt: str,
) -> Drawing:
    """Draws points in a plane with lines at 0; below both, the quadrant is hatched.

    Args:
        name: unique on the page.
        title: above the axes.
        points: x, y and how they are marked.
        labels: of both axes.
        caption: below the figure.
        alt: for those who do not see it.
    """
    reach = 1.08 * max((max(abs(x), abs(y)) for x, y, _ in points), default=1) or 1

    def fill(axes: Axes) -> None:
        axes.fill_between([-reach, 0], -reach, 0, facecolor="none", edgecolor=svg.GRID, hatch="//")
        axes.axhline(0, color=svg.FAINT, linewidth=1.2)
        axes.axvline(0, color=svg.FAINT, linewidth=1.2)
        for x, y, marker in points:
            axes.plot([x], [y], **_marked(marker))
        axes.set_xlim(-reach, reach)
        axes.set_ylim(-reach, reach)
        axes.set_aspect("equal")
        axes.set_title(title)
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])

    return svg.draw(name, caption, alt, (_WIDTH_PX, _WIDTH_PX + 10), fill)


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
    height = len(figures) * (_FRAME_PX + 24 * len(models))
    with svg.figure(_WIDTH_PX, height, rows=len(figures)) as (made, axes):
        for plot, (metric, values) in zip(axes[:, 0], figures.items(), strict=True):
            _fill_dots(plot, metric, values)
        return svg.inline(made, name, caption, alt)


def _fill_dots(axes: Axes, metric: str, values: Mapping[str, Sequence[float]]) -> None:
    for place, folds in enumerate(values.values()):
        mean = float(np.mean(folds)) if len(folds) else math.nan
        if math.isnan(mean):
            axes.text(0.02, place, "undefined", va="center", color=svg.FAINT, fontsize=10)
            continue
        axes.plot(folds, [place] * len(folds), **_marked(Marker("o", "open", 6)), alpha=0.9)
        axes.plot([mean], [place], **_marked(Marker("D", "full", 7)))
    axes.set_yticks(range(len(values)), [plain_label(model) for model in values])
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
    with svg.figure(_WIDTH_PX, 250, rows=len(scores)) as (made, axes):
        for plot, (label, values), (hatch, colour) in zip(
            axes[:, 0], scores.items(), styles, strict=True
        ):
            plot.hist(values, bins=edges, facecolor="none", edgecolor=colour, hatch=hatch)
            plot.axvline(0.5, color=svg.INK, linewidth=1.2, linestyle="--")
            plot.set_title(f"truly {plain_label(label)} ({len(values)} images)")
            plot.set_xlim(0, 1)
            plot.yaxis.set_major_locator(MaxNLocator(3, integer=True))
            plot.set_ylabel("images")
            plot.label_outer()
        axes[-1, 0].set_xlabel(f"score: probability of {plain_label(positive)}")
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
    with svg.figure(_WIDTH_PX, 40 + 140 * len(curves), rows=len(curves)) as (made, axes):
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
            plot.set_title(plain_label(curve.replace("_", " ")))
            plot.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            plot.label_outer()
        axes[-1, 0].set_xlabel("epoch")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        made.legend(
            handles, labels, loc="outside lower center", ncols=3, fontsize=10, handlelength=3
        )
        return svg.inline(made, name, caption, alt)


def _marked(marker: Marker) -> dict:
    """Returns the keywords of `Axes.plot` for a marker."""
    return {
        "linestyle": "none",
        "color": svg.FIRST,
        "marker": marker.shape,
        "markersize": marker.size,
        "fillstyle": "left" if marker.fill == "half" else "full",
        "markerfacecolor": svg.PAPER if marker.fill == "open" else svg.FIRST,
        "markerfacecoloralt": svg.PAPER,
        "markeredgewidth": 1.4,
    }
