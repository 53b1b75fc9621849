"""How often calls of a confidence are right, drawn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cellscreen.report import plots, svg
from cellscreen.report.section import Drawing
from cellscreen.report.texts import number

_PANEL_PX = 300


def calibration_drawing(
    curves: Mapping[str, pd.DataFrame], *, group: str = "well", name: str = "calibration"
) -> Drawing:
    """Accuracy against confidence, a panel a table of answers.

    Args:
        curves: by title tables of `votes.reliability.reliability_table`.
        group: what intervals are over.
        name: unique on the page.
    """
    width = min(plots.WIDTH_PX, _PANEL_PX) * len(curves)
    with svg.figure(max(width, plots.WIDTH_PX), _PANEL_PX + 30, 1, len(curves)) as (made, axes):
        for plot, (title, curve) in zip(axes[0], curves.items(), strict=True):
            _fill(plot, title, curve)
        axes[0, 0].set_ylabel("share that is right")
        return svg.inline(
            made,
            name,
            "Dots: units by the probability of their called class, with 95 % intervals that count "
            f"each {group} as one trial. On the dashed line a net is right as often as it says; "
            "below it, it is too sure. Bars: the share of units. The probability of a majority "
            "vote is its share of cells, and need not be one.",
            f"Reliability of {', '.join(map(_said, curves.items()))}.",
        )


def _fill(axes: Axes, title: str, curve: pd.DataFrame) -> None:
    shares = curve["n"] / max(curve["n"].sum(), 1)
    widths = curve["up_to"] - curve["above"]
    axes.bar(curve["above"], shares, widths, align="edge", color=svg.GRID, zorder=0)
    axes.plot([0, 1], [0, 1], color=svg.FAINT, linewidth=1.2, linestyle="--")
    known = curve.dropna(subset="accuracy")
    for row in known.to_dict("records"):
        ends = [row["low"], row["high"]]
        axes.plot([row["confidence"]] * 2, ends, color=svg.FIRST, linewidth=1.6)
    axes.plot(known["confidence"], known["accuracy"], **plots.marked(plots.Marker("o")))
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.set_title(title)
    axes.set_xlabel("probability of the called class")


def _said(named: tuple[str, pd.DataFrame]) -> str:
    title, curve = named
    total = curve["n"].sum()
    gap = (
        (curve["confidence"] - curve["accuracy"]).mul(curve["n"]).sum() / total if total else np.nan
    )
    return f"{title} (confidence minus accuracy {number(gap)})"
