"""Drawings of bias by class: how often each is called, and how often it is found."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cellscreen.report import plots, svg
from cellscreen.report.section import Drawing
from cellscreen.report.texts import listed, percent

_NAMED = 6  # classes with a name in the plot of frequencies
_APART = 0.3  # of the logarithms of heights, so that names do not meet
_NEVER = 1e-6  # the height of a class that is never called
_ROWS = 24  # classes up to which recall has a row a class
_SIDE_PX, _ROW_PX, _WIDTH_PX = 420, 17, 560


def frequency_drawing(
    classes: pd.DataFrame, *, reference: str = "", unit: str = "image", name: str = "frequencies"
) -> Drawing:
    """How often classes are called against how often they occur, both on scales of logarithms.

    Args:
        classes: of `votes.class_table.class_table`.
        reference: the class drawn as a square in the second colour; none if empty.
        unit: what was called.
        name: unique on the page.
    """
    shown = classes[(classes["n"] > 0) | (classes["called"] > 0)]
    points = np.column_stack([shown["share"], shown["called_share"]]).astype(float)
    positive = points[points > 0]
    floor = positive.min() / 2 if positive.size else 0.5

    def fill(axes: Axes) -> None:
        ends = [floor / 1.3, 1.2]
        axes.plot(ends, ends, color=svg.FAINT, linewidth=1.2, linestyle="--")
        for label, point in zip(shown["class"], points, strict=True):
            _point(axes, np.maximum(point, floor), point.min() > 0, label == reference)
        for label, place in _apart(shown, np.maximum(points, floor), reference):
            left = place[0] > np.sqrt(ends[0] * ends[1])
            axes.annotate(
                plots.plain_label(label, 18),
                place,
                xytext=(-7 if left else 7, 3),
                textcoords="offset points",
                ha="right" if left else "left",
                fontsize=9,
            )
        for scale in ("x", "y"):
            getattr(axes, f"set_{scale}scale")("log")
            getattr(axes, f"set_{scale}lim")(*ends)
            ticks = [t for t in (1e-4, 1e-3, 0.01, 0.1, 1) if t >= ends[0]]
            getattr(axes, f"set_{scale}ticks")(ticks, [f"{100 * t:g} %" for t in ticks])
        axes.minorticks_off()
        axes.set_aspect("equal")
        axes.set_xlabel(f"share of {unit}s")
        axes.set_ylabel("share of calls")

    caption = (
        f"A dot a class: its share of the {unit}s against its share of the calls. On the dashed "
        "line a class is called as often as it occurs; above it, too often. Open: never called, or "
        "called and not there; such a dot lies at the edge, since a logarithm has no 0."
        + (f" The square is {reference}." if reference in set(shown["class"]) else "")
    )
    never = int((shown["called"] == 0).sum())
    alt = f"Shares of calls against shares of {unit}s; {never} of {len(shown)} are never called."
    return svg.draw(name, caption, alt, (_SIDE_PX, _SIDE_PX), fill)


def recall_drawing(
    classes: pd.DataFrame, *, reference: str = "", group: str = "well", name: str = "recall"
) -> Drawing:
    """The recall of every class with its interval, the highest first.

    Args:
        classes: of `votes.class_table.class_table`.
        reference: the class drawn as a square in the second colour; none if empty.
        group: what intervals are over.
        name: unique on the page.
    """
    known = classes[classes["n"] > 0].sort_values(["recall", "low"], ascending=False, kind="stable")
    chance = 1 / max(len(known), 1)
    above = known[known["low"] > chance]
    caption = (
        f"Recall of every class with its 95 % Wilson interval, each {group} counted as one trial "
        f"({_span(known['n_groups'], group)} a class). Dashed: one over the number of classes; "
        f"{len(above)} of {len(known)} intervals lie above it. Of that many intervals some do by "
        "chance."
    )
    named = listed([str(label) for label in known["class"]], 5)
    alt = f"Recall by class, highest first: {named}. {len(above)} above {percent(chance)}."
    if len(known) <= _ROWS:
        size = (plots.WIDTH_PX, plots.FRAME_PX + _ROW_PX * max(len(known), 1))
        return svg.draw(
            name, caption, alt, size, lambda axes: _rows(axes, known, chance, reference)
        )
    size = (_WIDTH_PX, 280)
    return svg.draw(name, caption, alt, size, lambda axes: _ranks(axes, known, chance, reference))


def _rows(axes: Axes, known: pd.DataFrame, chance: float, reference: str) -> None:
    axes.axvline(chance, color=svg.FAINT, linewidth=1.2, linestyle="--")
    for place, row in enumerate(known.to_dict("records")):
        axes.plot([row["low"], row["high"]], [place] * 2, color=svg.FIRST, linewidth=1.6)
        axes.plot([row["recall"]], [place], **_mark(True, row["class"] == reference))
    labels = [plots.plain_label(str(label)) for label in known["class"]]
    axes.set_yticks(range(len(known)), labels)
    axes.set_ylim(len(known) - 0.4, -0.6)
    axes.set_xlim(-0.02, 1.02)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("recall")


def _ranks(axes: Axes, known: pd.DataFrame, chance: float, reference: str) -> None:
    """More classes than rows can be read: a line a class, without names but the reference's."""
    places = np.arange(len(known))
    axes.vlines(places, known["low"], known["high"], color=svg.FAINT, linewidth=0.8, alpha=0.7)
    axes.plot(places, known["recall"], **plots.marked(plots.Marker("o", "full", 2.6)))
    axes.axhline(chance, color=svg.INK, linewidth=1.2, linestyle="--")
    for place in np.flatnonzero(known["class"].to_numpy() == reference):
        recall = known["recall"].iloc[place]
        axes.plot([place], [recall], **_mark(True, True))
        axes.annotate(
            plots.plain_label(reference, 18),
            (place, recall),
            xytext=(7, 3),
            textcoords="offset points",
            fontsize=9,
        )
    axes.set_xlim(-1, len(known))
    axes.set_ylim(-0.02, 1.02)
    axes.grid(axis="x", visible=False)
    axes.set_xlabel("classes, highest recall first")
    axes.set_ylabel("recall")


def _point(axes: Axes, place: np.ndarray, full: bool, is_reference: bool) -> None:
    axes.plot([place[0]], [place[1]], **_mark(full, is_reference), alpha=0.8)


def _mark(full: bool, is_reference: bool) -> dict:
    fill = "full" if full else "open"
    marker = plots.Marker("s" if is_reference else "o", fill, 8 if is_reference else 5)
    changed = {}
    if is_reference:
        changed = {"color": svg.SECOND, "markerfacecolor": svg.SECOND if full else svg.PAPER}
    return plots.marked(marker) | changed


def _apart(shown: pd.DataFrame, points: np.ndarray, reference: str) -> list:
    """The reference and the classes that are called most beyond their share."""
    excess = points[:, 1] - points[:, 0]
    most = [k for k in np.argsort(-excess, kind="stable")[:_NAMED] if excess[k] > 0]
    names = shown["class"].to_numpy()
    found: list = []
    for place in dict.fromkeys([*np.flatnonzero(names == reference), *most]):
        heights = np.array([max(point[1], _NEVER) for _, point in found])
        if (np.abs(np.log(max(points[place, 1], _NEVER) / heights)) > _APART).all():
            found.append((str(names[place]), points[place]))
    return found


def _span(counts: pd.Series, group: str) -> str:
    if not len(counts):
        return f"no {group}"
    low, high = int(counts.min()), int(counts.max())
    return f"{low} to {high} {group}s" if low < high else f"{low} {group}{'s' * (low != 1)}"
