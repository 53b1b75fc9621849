"""Drawings of scores against concentration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cellscreen.report import svg
from cellscreen.report.plots import plain_label
from cellscreen.report.section import Drawing

_COLUMNS = 4
_PANEL_PX = 190, 150
_CALL = 0.5


def curves_drawing(
    doses: pd.DataFrame,
    labels: pd.Series,
    vehicle: pd.Series,
    shown: str,
    is_share: bool = True,
) -> Drawing:
    """All compounds' means in one panel, marked by their known class (MID, Fig. 2d).

    Args:
        doses: of `dose_scores`.
        labels: the known class of each compound, by name.
        vehicle: scores of the vehicle's wells; empty for none.
        shown: the class whose score it is.
        is_share: whether scores are probabilities, of which 0.5 is the middle.
    """
    classes = sorted(set(labels))
    markers = dict(zip(classes, "ov^sD", strict=False))

    def fill(axes: Axes) -> None:
        for compound, part in doses.groupby("compound"):
            label = labels.get(compound, "")
            axes.plot(
                part["concentration_um"],
                part["mean"],
                marker=markers.get(label, "."),
                color=svg.SECOND if label == shown else svg.FIRST,
                linewidth=0.8,
                markersize=4,
                alpha=0.75,
            )
        for label, marker in markers.items():
            colour = svg.SECOND if label == shown else svg.FIRST
            axes.plot([], [], marker, color=colour, ms=5, label=plain_label(label))
        _frame(axes, doses["concentration_um"], vehicle, is_share)
        axes.set_ylabel(f"Score of {plain_label(shown)}")
        if classes:
            axes.legend(loc="best", fontsize=9)

    caption = "Mean over wells at each dose, a line a compound" + (
        "; dashed: 0.5." if is_share else "."
    )
    if len(vehicle):
        caption += " Gray band: the middle 95 % of the vehicle's wells."
    alt = f"Score of {shown} against concentration of {doses['compound'].nunique()} compounds."
    return svg.draw("dose-all", caption, alt, (620, 340), fill)


def panels_drawing(
    points: pd.DataFrame,
    doses: pd.DataFrame,
    compounds: Sequence[str],
    shown: str,
    is_share: bool = True,
) -> Drawing:
    """A panel a compound: wells as dots, the mean as a line, SD over wells as bars.

    Args:
        points: of `dose_points`.
        doses: of `dose_scores`.
        compounds: which are drawn, at least one.
        shown: the class whose score it is.
        is_share: whether scores are probabilities.
    """
    columns = min(_COLUMNS, len(compounds))
    rows = -(-len(compounds) // columns)
    width, height = _PANEL_PX
    with svg.figure(width * columns, height * rows, rows, columns) as (made, axes):
        for place, panel in enumerate(axes.flat):
            if place >= len(compounds):
                panel.set_axis_off()
                continue
            name = compounds[place]
            mine = points[points["compound"] == name]
            _panel(panel, mine, doses[doses["compound"] == name], is_share)
            panel.set_title(plain_label(name), fontsize=9)
        caption = (
            f"Score of {shown} against concentration (µM). Dots: wells; line: their mean; bars: ± "
            "SD over wells, none where a dose has one well."
        )
        return svg.inline(made, "dose-panels", caption, f"{caption} {', '.join(compounds)}.")


def _panel(axes: Axes, points: pd.DataFrame, doses: pd.DataFrame, is_share: bool) -> None:
    axes.plot(points["concentration_um"], points["score"], "o", color=svg.FAINT, ms=3, alpha=0.7)
    axes.errorbar(
        doses["concentration_um"], doses["mean"], doses["sd"], color=svg.FIRST, lw=1.5, capsize=2
    )
    _frame(axes, doses["concentration_um"], pd.Series(dtype=float), is_share)
    axes.set_xlabel("")
    axes.tick_params(labelsize=8)


def _frame(axes: Axes, doses: pd.Series, vehicle: pd.Series, is_share: bool) -> None:
    if len(vehicle):
        axes.axhspan(*np.quantile(vehicle, [0.025, 0.975]), color=svg.GRID, zorder=0)
    if is_share:
        axes.axhline(_CALL, color=svg.FAINT, linewidth=1, linestyle="--")
        axes.set_ylim(-0.03, 1.03)
    if (doses > 0).all():
        axes.set_xscale("log")
    else:  # a dose of 0 has no logarithm
        above = doses[doses > 0]
        axes.set_xscale("symlog", linthresh=float(above.min()) if len(above) else 1.0)
    # Powers of ten would be set as mathematics, which figures here do not parse.
    axes.xaxis.set_major_formatter(lambda dose, _: f"{dose:g}")
    axes.minorticks_off()
    axes.set_xlabel("Concentration, µM")
