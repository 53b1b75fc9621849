"""Maps of profiles and curves of intensities as drawings: shapes and fills tell compounds apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas.core.groupby.generic import SeriesGroupBy

from cellscreen.explain.spaces import COMPOUND
from cellscreen.report import plots, svg
from cellscreen.report.section import Drawing
from cellscreen.report.texts import number

_SHAPES, _FILLS = ("o", "s", "^", "D", "v"), ("full", "open")
MARKERS = tuple(plots.Marker(shape, fill, 5) for fill in _FILLS for shape in _SHAPES)
_WIDTH, _PANEL, _LEGEND_ROW = 760, 330, 20
_COLUMNS, _LEGEND_COLUMNS = 2, 2
_TICKS = 8


def map_drawing(
    name: str, panels: Mapping[str, pd.DataFrame], *, caption: str, alt: str
) -> Drawing:
    """Draws several maps side by side, compounds by shape and fill.

    Args:
        name: unique on the page.
        panels: by title: `Metadata_pert_iname`, `x`, `y`; optionally `filled` (bool), which then
            decides the fill, so that only five compounds are told apart.
        caption: below the figure.
        alt: for those who do not see it.
    """
    by_fill = any("filled" in points for points in panels.values())
    most = len(_SHAPES) if by_fill else len(MARKERS)
    named = shown_compounds(list(panels.values()), most)
    rows, columns = math.ceil(len(panels) / _COLUMNS), min(_COLUMNS, len(panels))
    legend = _LEGEND_ROW * (1 + math.ceil(len(named) / (_LEGEND_COLUMNS * columns)))
    with svg.figure(_WIDTH * columns // _COLUMNS, _PANEL * rows + legend, rows, columns) as made:
        figure, grid = made
        axes = list(grid.ravel())
        for plot, (title, points) in zip(axes, panels.items(), strict=False):
            _fill_map(plot, title, points, named)
        for unused in axes[len(panels) :]:
            unused.set_axis_off()
        markers = dict(zip(named, MARKERS, strict=False))
        _legend(figure, markers, _LEGEND_COLUMNS * columns)
        return svg.inline(figure, name, caption, alt)


def response_drawing(
    name: str,
    wells: pd.DataFrame,
    compounds: Sequence[str],
    columns: Mapping[str, str],
    concentration: str,
    *,
    apart: str = "",
    caption: str,
    alt: str,
) -> Drawing:
    """Draws the mean and SD of wells against concentration, a panel a channel.

    Args:
        name: unique on the page.
        wells: a row a well.
        compounds: drawn side by side, in the order of the legend.
        columns: column of `wells` by title of its panel.
        concentration: the column of the concentration, in µM.
        apart: the compound that is drawn open, in the second colour; none if empty.
        caption: below the figure.
        alt: for those who do not see it.
    """
    chosen = wells[wells[COMPOUND].isin(compounds)]
    doses = sorted(chosen[concentration].dropna().unique())
    places = {dose: place for place, dose in enumerate(doses)}
    markers = {
        name: plots.Marker(marker.shape, "open" if name == apart else "full", 5)
        for name, marker in zip(compounds, MARKERS, strict=False)
    }
    height = 260 + 2 * _LEGEND_ROW
    with svg.figure(_WIDTH, height, 1, len(columns)) as (figure, grid):
        for axes, (title, column) in zip(grid[0], columns.items(), strict=True):
            for place, (compound, marker) in enumerate(markers.items()):
                own = chosen[chosen[COMPOUND] == compound].groupby(concentration, sort=True)[column]
                _curve(axes, own, places, 0.12 * (place - 1.5), marker)
            axes.axhline(0, color=svg.FAINT, linewidth=1.2)
            axes.set_title(title)
            every = math.ceil(len(doses) / _TICKS)
            axes.set_xticks(range(0, len(doses), every), [_short(dose) for dose in doses[::every]])
            axes.set_xlabel("Concentration (µM)")
        grid[0, 0].set_ylabel("Intensity − mean of the plate")
        _legend(figure, markers, _LEGEND_COLUMNS * _COLUMNS)
        return svg.inline(figure, name, caption, alt)


def shown_compounds(tables: Sequence[pd.DataFrame], most: int) -> list[str]:
    """The compounds with the most points, in order of their names; at most `most`."""
    counts = pd.concat([table[COMPOUND].astype(str) for table in tables]).value_counts()
    first = sorted(counts.index, key=lambda name: (-counts[name], name))[:most]
    return sorted(first)


def map_title(name: str, silhouette: float, silhouette_map: float) -> str:
    """Names a map and its silhouettes.

    Example:
        >>> map_title("MID", 0.12, 0.5)
        'MID\\nsilhouette 0.12 (of the map 0.50)'
    """
    return f"{name}\nsilhouette {number(silhouette, 2)} (of the map {number(silhouette_map, 2)})"


def _fill_map(axes: Axes, title: str, points: pd.DataFrame, named: Sequence[str]) -> None:
    compounds = points[COMPOUND].astype(str)
    rest = points[~compounds.isin(named)]
    axes.plot(rest["x"], rest["y"], ".", color=svg.FAINT, markersize=3)
    for marker, name in zip(MARKERS, named, strict=False):
        own = points[compounds == name]
        if "filled" not in points:
            axes.plot(own["x"], own["y"], **_marked(marker))
            continue
        for fill, part in (("full", own[own["filled"]]), ("open", own[~own["filled"]])):
            axes.plot(part["x"], part["y"], **_marked(plots.Marker(marker.shape, fill, 5)))
    axes.set_title(title)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_aspect("equal", adjustable="datalim")


def _curve(
    axes: Axes,
    by_dose: SeriesGroupBy,
    places: Mapping[float, int],
    shift: float,
    marker: plots.Marker,
) -> None:
    """Draws one compound, shifted so that bars of one concentration do not hide each other."""
    mean, spread = by_dose.mean(), by_dose.std().to_numpy()
    x = mean.index.map(places).to_numpy(float) + shift
    style = _marked(marker) | {"linestyle": "-", "linewidth": 1}
    axes.plot(x, mean, **style)
    for place, middle, half in zip(x, mean, np.nan_to_num(spread), strict=True):
        axes.plot([place] * 2, [middle - half, middle + half], color=style["color"], linewidth=1)


def _legend(figure: Figure, markers: Mapping[str, plots.Marker], columns: int) -> None:
    handles = [figure.axes[0].plot([], [], **_marked(marker))[0] for marker in markers.values()]
    labels = [plots.plain_label(name) for name in markers]
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def _marked(marker: plots.Marker) -> dict[str, Any]:
    """As `plots.marked`; what is open has the second colour, too."""
    style = plots.marked(marker)
    return style | {"color": svg.SECOND} if marker.fill == "open" else style


def _short(dose: float) -> str:
    """Two significant digits, without an exponent: `0.0078`, `80`."""
    return f"{float(f'{dose:.2g}'):g}"
