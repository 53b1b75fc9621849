"""Confusion matrices as drawings that stay readable with hundreds of classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from cellscreen.report import plots, svg
from cellscreen.report.section import Drawing
from cellscreen.report.texts import counted, percent
from cellscreen.votes.confusion import clustered_order, row_shares

MOST_NAMED = 16  # classes of the matrix that has names and numbers
_NAMES = 40  # names along an axis
_MOST_SQUARES = 3000
_CUTS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_SHADES = ((0.02, 0.12), (0.05, 0.22), (0.1, 0.34), (0.2, 0.48), (0.5, 0.68), (1.0, 0.95))
_WIDTH_PX = 640


def confusion_drawing(
    counts: pd.DataFrame, *, unit: str = "image", name: str = "confusion"
) -> Drawing:
    """The whole matrix, classes that are called alike side by side.

    Args:
        counts: of `votes.confusion.confusion_counts`.
        unit: what was called.
        name: unique on the page.
    """
    order = clustered_order(counts)
    shares = np.nan_to_num(row_shares(counts).loc[order, order].to_numpy())
    cut = next(c for c in _CUTS if c == _CUTS[-1] or (shares > c).sum() <= _MOST_SQUARES)
    hidden = f" Shares up to {percent(cut)} are not drawn." if cut else ""
    caption = (
        f"A row a true class, a column what its {unit}s were called; the stronger the colour, the "
        "larger the share of the row. Blue on the diagonal is right, orange is wrong. Classes that "
        "are called alike stand side by side; an orange column is a class that others are called."
        f"{hidden}"
    )
    alt = f"Confusion matrix of {len(counts)} classes. {calls_summary(counts, unit)}"
    size = (_WIDTH_PX, _WIDTH_PX + 30)
    return svg.draw(name, caption, alt, size, lambda axes: _fill(axes, shares, order, cut))


def detail_drawing(
    counts: pd.DataFrame, named: Sequence[str], *, unit: str = "image", name: str = "confusions"
) -> Drawing:
    """The part of the matrix with these classes, with names and percentages.

    Args:
        counts: of `votes.confusion.confusion_counts`.
        named: classes, at most about 20.
        unit: what was called.
        name: unique on the page.
    """
    part = pd.DataFrame(counts.loc[list(named), list(named)])
    order = clustered_order(part)
    shares = np.nan_to_num(row_shares(counts).loc[order, order].to_numpy())

    def fill(axes: Axes) -> None:
        _fill(axes, shares, order, 0.0)
        for row, column in zip(*np.nonzero(shares >= 0.005), strict=True):
            share = shares[row, column]
            colour = svg.PAPER if share > _SHADES[-3][0] else svg.INK
            text = f"{100 * share:.0f}"
            axes.text(column, row, text, ha="center", va="center", fontsize=9, color=colour)

    caption = (
        f"The {len(order)} classes with the largest confusions: percent of the {unit}s of a row's "
        "class. Calls of other classes are not in it, so rows need not sum to 100."
    )
    alt = f"Part of the confusion matrix: {', '.join(map(str, order))}."
    return svg.draw(name, caption, alt, (_WIDTH_PX, _WIDTH_PX + 30), fill)


def calls_summary(counts: pd.DataFrame, unit: str) -> str:
    """How many calls are right, and how many classes occur and are called, in words."""
    values = counts.to_numpy()
    total, right = int(values.sum()), int(np.trace(values))
    occur, called = (np.count_nonzero(values.sum(axis=axis)) for axis in (1, 0))
    if not total:
        return f"No {unit} was called."
    return (
        f"{right:,} of {counted(total, unit)} are called right ({percent(right / total)}). "
        f"{occur} of {len(counts)} classes occur, {called} are called."
    )


def _fill(axes: Axes, shares: np.ndarray, order: Sequence[str], cut: float) -> None:
    size = len(order)
    right = np.eye(size, dtype=bool)
    below = cut
    for above, opacity in _SHADES:
        inside = (shares > below) & (shares <= above)
        below = max(above, cut)
        for chosen, colour in ((inside & right, svg.FIRST), (inside & ~right, svg.SECOND)):
            if chosen.any():
                patch = {"facecolor": colour, "alpha": opacity, "linewidth": 0}
                axes.add_patch(PathPatch(_squares(chosen), **patch))
    places = np.arange(0, size, -(-size // _NAMES))
    names = [plots.plain_label(str(name), 16) for name in order[:: -(-size // _NAMES)]]
    font = 10 if size <= MOST_NAMED else 7.5
    axes.set_xticks(places, names, rotation=90, fontsize=font)
    axes.set_yticks(places, names, fontsize=font)
    axes.set_xlim(-0.5, size - 0.5)
    axes.set_ylim(size - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.set_xlabel("called")
    axes.set_ylabel("true")
    _legend(axes)


def _legend(axes: Axes) -> None:
    handles = [
        Patch(facecolor=svg.SECOND, alpha=opacity, label=f"to {100 * above:.0f} %")
        for above, opacity in _SHADES
    ]
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(handles),
        fontsize=9,
        handlelength=1.2,
        columnspacing=1.2,
        borderaxespad=0.3,
    )


def _squares(chosen: np.ndarray) -> Path:
    """One path of all chosen places, neighbours in a row joined."""
    edges = np.diff(np.pad(chosen.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    left, right, top = starts - 0.5, ends - 0.5, rows - 0.5
    corners = np.stack(
        [(left, top), (right, top), (right, top + 1), (left, top + 1), (left, top)], axis=0
    )
    vertices = corners.transpose(2, 0, 1).reshape(-1, 2)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(vertices, np.tile(codes, len(rows)))
