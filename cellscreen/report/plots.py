"""Drawings of computed figures: shapes, hatches and words carry what colour also shows."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from cellscreen.report import svg
from cellscreen.report.section import Drawing

_LABEL_LENGTH = 24
WIDTH_PX = 380
_ROW_PX, FRAME_PX = 17, 64
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


def marked(marker: Marker) -> dict:
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


def intervals(
    name: str,
    title: str,
    rows: Sequence[Interval],
    *,
    label: str,
    caption: str,
    alt: str,
    bands: Sequence[float] = (),
    width_px: int = WIDTH_PX,
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
            axes.plot([row.value], [place], **marked(row.marker))
        axes.set_yticks(places, [plain_label(row.label, width_px // 16) for row in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
        axes.set_title(title)
        axes.set_xlabel(label)

    height = FRAME_PX + _ROW_PX * len(rows)
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
            axes.plot([x], [y], **marked(marker))
        axes.set_xlim(-reach, reach)
        axes.set_ylim(-reach, reach)
        axes.set_aspect("equal")
        axes.set_title(title)
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])

    return svg.draw(name, caption, alt, (WIDTH_PX, WIDTH_PX + 10), fill)
