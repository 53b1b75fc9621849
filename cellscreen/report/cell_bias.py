"""Where calls lean: classes called too often, the controls among them, and what each class gets."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cellscreen.report.cell_bias_drawings import frequency_drawing, recall_drawing
from cellscreen.report.cell_calibration import calibration_drawing
from cellscreen.report.cell_section import cell_section, interval_text
from cellscreen.report.section import Section, Table
from cellscreen.report.texts import counted, percent, table_of
from cellscreen.votes.words import figure_text

_SHOWN = 12  # classes in the table: the most over-called ones
_SAID = {
    "frequency_distance": "Distance of the classes' shares among calls and among truths (0 to 1)",
    "largest_call": "Share of all calls that the most called class gets",
    "top_wrong": "Share of the wrong calls that the most frequent wrong class gets",
    "called_reference": "Called the reference",
    "true_reference": "Truly the reference",
    "others_called_reference": "Of other classes, called the reference",
    "confidence": "Mean probability of the called class",
    "ece": "Expected calibration error",
}


def bias_section(
    figures: pd.DataFrame,
    classes: pd.DataFrame,
    curves: Mapping[str, pd.DataFrame] | None = None,
    *,
    reference: str = "",
    unit: str = "image",
    group: str = "well",
    key: str = "bias",
    simulated: bool = False,
) -> Section:
    """Class frequencies against calls, the pull of the controls, calibration, recall by class.

    Args:
        figures: of `votes.bias.bias_figures`.
        classes: of `votes.class_table.class_table`.
        curves: by title tables of `votes.reliability.reliability_table`; none to leave them out.
        reference: the class that others may be called, such as DMSO; none if empty.
        unit: what was called.
        group: what intervals are over.
        key: the anchor, unique on the page.
        simulated: whether any unit is.

    Example:
        >>> bias_section(figures, classes, reference="DMSO").title  # doctest: +SKIP
        'Where calls lean'
    """
    drawings = [
        frequency_drawing(classes, reference=reference, unit=unit, name=f"{key}-frequencies"),
        recall_drawing(classes, reference=reference, group=group, name=f"{key}-recall"),
    ]
    if curves:
        drawings.append(calibration_drawing(curves, group=group, name=f"{key}-calibration"))
    return cell_section(
        key,
        "Where calls lean",
        lines=bias_lines(figures, classes, unit=unit),
        drawings=drawings,
        tables=[figures_table(figures, group=group), classes_table(classes, unit, group)],
        simulated=simulated,
    )


def bias_lines(figures: pd.DataFrame, classes: pd.DataFrame, *, unit: str = "image") -> list[str]:
    """What the figures say, a sentence each; nothing of what is undefined.

    Args:
        figures: of `votes.bias.bias_figures`.
        classes: of `votes.class_table.class_table`.
        unit: what was called.
    """
    known = figures.dropna(subset="value").set_index("metric")
    value = known["value"].astype(float).to_dict()
    about = known["about"].astype(str).to_dict()
    ends = known[["value", "low", "high"]].to_numpy(float)
    text = {name: figure_text(*own) for name, own in zip(known.index, ends, strict=True)}
    lines = []
    if "others_called_reference" in known.index:
        name = about["called_reference"]
        called, true = (percent(value[f"{k}_reference"]) for k in ("called", "true"))
        lines.append(
            f"{name} is {true} of the {unit}s and {called} of the calls; of the {unit}s of other "
            f"classes {text['others_called_reference']} are called {name}."
        )
    if "top_wrong" in known.index:
        lines.append(
            f"The most frequent wrong call is {about['top_wrong']}: "
            f"{text['top_wrong']} of all wrong calls."
        )
    occurring = classes[classes["n"] > 0]
    never = occurring.loc[occurring["called"] == 0, "class"]
    lines.append(
        f"Of {len(occurring)} classes that occur, "
        f"{len(never)} {'is' if len(never) == 1 else 'are'} never called, and in "
        f"{int(occurring['beaten'].sum())} one wrong class is called more often than the right one."
    )
    return lines


def figures_table(figures: pd.DataFrame, *, group: str = "well") -> Table:
    """The figures of bias as a table.

    Args:
        figures: of `votes.bias.bias_figures`.
        group: what intervals are over.
    """
    ends = figures[["value", "low", "high"]].to_numpy(float)
    frame = pd.DataFrame(
        {
            "Figure": [_SAID.get(name, name) for name in figures["metric"]],
            "Class": figures["about"].fillna("").astype(str),
            "Value": [interval_text(*one) for one in ends],
        }
    )
    groups = int(figures["n_groups"].iloc[0]) if len(figures) else 0
    return table_of(
        frame,
        f"Figures of bias, in brackets 95 % intervals over {counted(groups, group)} drawn anew. "
        "The interval of a distance lies too high where there are few units.",
    )


def classes_table(classes: pd.DataFrame, unit: str = "image", group: str = "well") -> Table:
    """The classes that are called too often, and those with the lowest recall, as a table.

    Args:
        classes: of `votes.class_table.class_table`.
        unit: what was called.
        group: what intervals are over.
    """
    excess = classes["called_share"] - classes["share"]
    most = classes.assign(excess=excess).sort_values("excess", ascending=False, kind="stable")
    shown = most.head(_SHOWN)
    frame = pd.DataFrame(
        {
            "Class": shown["class"].astype(str),
            f"{unit}s".capitalize(): [f"{n:,}" for n in shown["n"]],
            f"{group}s".capitalize(): [f"{n:,}" for n in shown["n_groups"]],
            "Share": [_fine(share) for share in shown["share"]],
            "Share of calls": [_fine(share) for share in shown["called_share"]],
            "Recall": [interval_text(*e) for e in shown[["recall", "low", "high"]].to_numpy(float)],
            "Precision": [percent(share) for share in shown["precision"]],
            "Mostly taken for": [
                f"{name} ({percent(share)})" if name else ""
                for name, share in zip(shown["top_wrong"], shown["top_wrong_share"], strict=True)
            ],
        }
    )
    return table_of(
        frame,
        f"{len(frame)} of {len(classes)} classes, those called most beyond their share first. "
        f"Recall with a 95 % Wilson interval that counts each {group} as one trial.",
    )


def _fine(share: float) -> str:
    return "undefined" if pd.isna(share) else f"{100 * share:.1f}\u00a0%"
