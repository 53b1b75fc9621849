"""Drawings of a study: methods by fraction, doses, crops of a set."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from cellscreen.comparators.study_tables import MID_NAME, StudyTables
from cellscreen.comparators.study_words import SHOWN, fraction_text, main_figures
from cellscreen.report import plots, svg
from cellscreen.report.figure_rows import FigureRow, figure_rows
from cellscreen.report.section import Drawing

_STYLES = ("-", "--", ":", "-.")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
_HEIGHT_PX = 210


def fraction_drawing(tables: StudyTables) -> Drawing:
    """AUROC by compound with its interval, a panel an affected fraction, a row a method."""
    rows = main_figures(tables)
    models = list(dict.fromkeys(rows["model"]))
    panels = {}
    for share, part in rows.groupby("fraction"):
        known = part.set_index("model").reindex(models)
        panels[f"Affected: {fraction_text(float(share))}"] = [  # type: ignore[arg-type]
            FigureRow(SHOWN.get(model, model), *row)
            for model, row in zip(models, known[["value", "low", "high"]].to_numpy(), strict=True)
        ]
    mid = rows[rows["model"] == MID_NAME]
    said = "; ".join(
        f"{fraction_text(s)} {v:.3f}" for s, v in mid[["fraction", "value"]].to_numpy()
    )
    return figure_rows(
        "study-methods",
        panels,
        caption="AUROC by compound, folds pooled, with 95 % intervals over compounds. Undefined: a "
        "method that was not trained there.",
        alt=f"AUROC of every method at every affected fraction. MID: {said}.",
    )


def dose_drawing(tables: StudyTables) -> Drawing:
    """AUROC against the dose, a panel an affected fraction, a line a method."""
    shares = list(dict.fromkeys(tables.doses["fraction"]))
    with svg.figure(plots.WIDTH_PX, 60 + _HEIGHT_PX * len(shares), rows=len(shares)) as (
        made,
        axes,
    ):
        for plot, share in zip(axes[:, 0], shares, strict=True):
            rows = tables.doses[tables.doses["fraction"] == share]
            _lines(plot, rows, "dose_um", "value", "model")
            plot.set_xscale("log")
            doses = sorted(set(rows["dose_um"]))
            plot.set_xticks(doses, [f"{dose:g}" for dose in doses])
            plot.minorticks_off()
            _finish(plot, f"Affected: {fraction_text(share)}", "AUROC")
        axes[-1, 0].set_xlabel("dose in µM")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        made.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9)
        return svg.inline(
            made,
            "study-doses",
            "AUROC by compound, of the wells of one dose alone.",
            "AUROC of every method against dose; the figures are in the tables below.",
        )


def curve_drawing(tables: StudyTables) -> Drawing:
    """AUROC of MID against the crops of a set, averaged and of single sets."""
    rows = tables.curves[tables.curves["metric"] == "auroc"]

    def fill(axes: Axes) -> None:
        for number, (share, part) in enumerate(rows.groupby("fraction")):
            axes.plot(
                part["crops"],
                part["averaged"],
                color=svg.FIRST,
                linestyle=_STYLES[number % len(_STYLES)],
                marker=_MARKERS[number % len(_MARKERS)],
                label=fraction_text(float(share)),  # type: ignore[arg-type]
            )
            axes.fill_between(
                part["crops"], part["draw_low"], part["draw_high"], color=svg.GRID, alpha=0.6
            )
        _finish(axes, "MID", "AUROC of wells")
        axes.set_xlabel("crops of a set")
        axes.legend(title="affected", fontsize=9)

    caption = "Lines: mean of 50 sets. Bands: the middle 95 % of single sets."
    alt = "AUROC of MID against the number of crops in a set, a line an affected fraction."
    return svg.draw("study-curve", caption, alt, (plots.WIDTH_PX, 300), fill)


def _lines(axes: Axes, rows: pd.DataFrame, x: str, y: str, by: str) -> None:
    for number, (name, part) in enumerate(rows.groupby(by, sort=False)):
        first = name == MID_NAME
        axes.plot(
            part[x],
            part[y],
            color=svg.FIRST if first else svg.SECOND,
            linewidth=2.2 if first else 1.0,
            linestyle=_STYLES[number % len(_STYLES)],
            marker=_MARKERS[number % len(_MARKERS)],
            markersize=4,
            label=SHOWN.get(str(name), str(name)),
        )


def _finish(axes: Axes, title: str, label: str) -> None:
    axes.axhline(0.5, color=svg.FAINT, linewidth=1)
    axes.set_title(title)
    axes.set_ylabel(label)
