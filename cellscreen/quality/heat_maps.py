"""Plates as heat maps: a figure a plate and channel, a panel a measure."""

from __future__ import annotations

import io
import warnings

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cellscreen.quality.image_quality import MEASURES
from cellscreen.quality.plate_wells import row_name, to_grid

PANELS = (*MEASURES, "flagged")
_TITLES = {
    "focus_slope": "focus: power-log-log slope",
    "focus_laplacian": "focus: variance of Laplacian",
    "saturation": "saturation: share of pixels",
    "background": "background: raw value",
    "intensity": "intensity: mean raw value",
    "cells": "cells: count a field (proxy)",
    "debris": "debris: share of object area (proxy)",
    "flagged": "flagged: share of images",
}
_LEAST_RANGE = {"saturation": 0.001, "debris": 0.02, "flagged": 1.0, "cells": 4, "background": 4}
_ACROSS, _WIDE, _HIGH = 2, 5.0, 2.7
_CLIPPED = (2, 98)  # percent of wells between which colours change
_STYLE = {"font.size": 8, "axes.titlesize": 9, "text.parse_math": False}


def draw_heat_maps(wells: pd.DataFrame, title: str) -> bytes | None:
    """Draws one plate and channel.

    Colours run over the middle 96 % of the wells, so that one odd well does not hide the rest; a
    well beyond them shows in the end's own colour, one without a value in gray.

    Args:
        wells: by well, the columns of `PANELS` as of `well_quality.well_medians`.
        title: above all panels.

    Returns:
        A PNG; None where wells have no place on a plate (dishes).
    """
    grids = {name: to_grid(wells[name].astype(float)) for name in PANELS}
    with matplotlib.rc_context(_STYLE):
        down = -(-len(PANELS) // _ACROSS)
        figure = Figure(figsize=(_ACROSS * _WIDE, down * _HIGH + 0.4), layout="constrained")
        figure.suptitle(title)
        for axes, (name, grid) in zip(
            figure.subplots(down, _ACROSS).flat, grids.items(), strict=True
        ):
            if grid is None:
                return None
            _draw(axes, grid, name)
        return as_png(figure)


def as_png(figure: Figure) -> bytes:
    """Returns a figure as PNG, without a display."""
    FigureCanvasAgg(figure)
    data = io.BytesIO()
    with warnings.catch_warnings():
        # A plate may have a name in any script; the table beside has it whole.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(data, format="png", dpi=110)
    return data.getvalue()


def _draw(axes: Axes, grid: np.ndarray, name: str) -> None:
    rows, columns = grid.shape
    values = grid[~np.isnan(grid)]
    undefined = not len(values)
    axes.set_title(_TITLES[name] + (" – undefined" if undefined else ""), loc="left")
    axes.set_facecolor("#d9d9d9")
    step = max(1, columns // 24), max(1, rows // 16)
    axes.set_xticks(range(0, columns, step[0]), list(map(str, range(1, columns + 1, step[0]))))
    axes.set_yticks(range(0, rows, step[1]), [row_name(row) for row in range(0, rows, step[1])])
    axes.tick_params(length=0, labelsize=6)
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal")
    if undefined:
        return
    low, high = _range(values, name)
    beyond = bool(values.min() < low), bool(values.max() > high)
    colours = matplotlib.colormaps["viridis"].with_extremes(under="#5e0061", over="#ff7f0e")
    drawn = axes.imshow(grid, cmap=colours, vmin=low, vmax=high)
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max"}.get(
        beyond, "both"
    )
    bar = axes.figure.colorbar(drawn, ax=axes, extend=extend, shrink=0.9, pad=0.01)
    bar.locator = MaxNLocator(4)
    bar.update_ticks()


def _range(values: np.ndarray, name: str) -> tuple[float, float]:
    """Between which values colours change; noise alone does not fill them."""
    low, high = map(float, np.percentile(values, _CLIPPED))
    return low, max(high, low + _LEAST_RANGE.get(name, 1e-6 * max(1.0, abs(low))))
