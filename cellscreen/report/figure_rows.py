"""Figures of many runs as rows with intervals, a panel a metric."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from cellscreen.report import plots, svg
from cellscreen.report.section import Drawing

_ROW_PX = 22
_BELOW = 0.3  # of a row: so the paper's figure hides no dot
_WIDTH_PX = 560
_OURS, _PAPER = plots.Marker("o", "full", 6.5), plots.Marker("D", "open", 6.5)


@dataclass(frozen=True)
class FigureRow:
    """A figure of one run; NaN where undefined, `paper` also where there is none."""

    label: str
    value: float
    low: float
    high: float
    paper: float = math.nan


def figure_rows(
    name: str, panels: Mapping[str, Sequence[FigureRow]], *, caption: str, alt: str
) -> Drawing:
    """Draws a dot and its interval for every run, and an open diamond for a paper's figure.

    Args:
        name: unique on the page.
        panels: rows by title, from top to bottom; the same runs in each.
        caption: below the figure.
        alt: for those who do not see it.
    """
    n_rows = max(map(len, panels.values()))
    height = len(panels) * (plots.FRAME_PX + _ROW_PX * n_rows)
    with svg.figure(_WIDTH_PX, height, rows=len(panels)) as (made, axes):
        for plot, (title, rows) in zip(axes[:, 0], panels.items(), strict=True):
            _fill(plot, title, rows)
        return svg.inline(made, name, caption, alt)


def _fill(axes: Axes, title: str, rows: Sequence[FigureRow]) -> None:
    left = _left(rows)
    for place, row in enumerate(rows):
        if math.isnan(row.value):
            axes.text(left, place, " undefined", va="center", color=svg.FAINT, fontsize=10)
        axes.plot([row.low, row.high], [place, place], color=svg.FIRST, linewidth=1.6)
        axes.plot([row.paper], [place + _BELOW], **plots.marked(_PAPER))
        axes.plot([row.value], [place], **plots.marked(_OURS))
    labels = [plots.plain_label(row.label, _WIDTH_PX // 16) for row in rows]
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(left, 1.02)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_title(title)


def _left(rows: Sequence[FigureRow]) -> float:
    """Where the axis begins: at a tenth below all that is drawn."""
    drawn = np.array([(row.value, row.low, row.paper) for row in rows], float)
    lowest = np.nanmin(drawn) if np.isfinite(drawn).any() else 0.0
    return max(math.floor(10 * lowest - 0.2) / 10, 0.0)
