"""The patch number curve as a picture."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cellscreen.atomic import replacing

FORMATS = ("png", "svg")
_INCHES, _DPI = (8.0, 6.0), 150
_NAMES = {
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "auroc": "AUROC",
}


def write_curve(table: pd.DataFrame, path: Path) -> list[Path]:
    """Draws a table of `serving.bags.curve.curve_table` beside its CSV, as PNG and SVG.

    Args:
        table: of `curve_table`.
        path: of the CSV.

    Returns:
        The pictures' paths.
    """
    paths = [path.with_suffix(f".{name}") for name in FORMATS]
    with matplotlib.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "none"}):
        drawn = draw_curve(table)
        for target in paths:
            with replacing(target) as temporary:
                # No date, so that equal tables give equal files.
                metadata = {"Date": None} if target.suffix == ".svg" else None
                drawn.savefig(temporary, format=target.suffix[1:], dpi=_DPI, metadata=metadata)
    return paths


def draw_curve(table: pd.DataFrame) -> Figure:
    """Figures against the crops of a set: of the mean over sets, and the spread of single ones."""
    figure = Figure(figsize=_INCHES, layout="constrained")
    first = table.iloc[0]
    cautions = [word.upper() for word in ("simulated", "leaky") if first[word]]
    figure.suptitle(
        ": ".join([*cautions, f"{first['bags']} bags, each by the net that held it out"])
    )
    for axes, (metric, name) in zip(figure.subplots(2, 2).flat, _NAMES.items(), strict=True):
        _panel(axes, table[table["metric"] == metric].sort_values("crops"), name)
    figure.axes[0].legend(loc="lower right", fontsize=8)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, name: str) -> None:
    crops, draws = rows["crops"], rows["draws"].iloc[0]
    low, high = rows["draw_low"], rows["draw_high"]
    axes.fill_between(crops, low, high, color="tab:blue", alpha=0.2, label="middle 95 % of sets")
    axes.plot(crops, rows["draw_mean"], color="tab:blue", linestyle="--", label="one set, mean")
    axes.plot(crops, rows["averaged"], color="k", marker="o", label=f"mean of {draws} sets")
    axes.set_xscale("log", base=2)
    axes.set_xticks(crops, [str(number) for number in crops], fontsize=8)
    axes.minorticks_off()
    axes.set(xlabel="crops in a set", ylabel=name)
    if rows["averaged"].isna().all():
        axes.text(0.5, 0.5, "undefined", transform=axes.transAxes, ha="center")
