"""Ranked compounds: both experts against their controls, both rules, and the truth if known."""

from __future__ import annotations

import pandas as pd

from cellscreen.report import plots
from cellscreen.report.data import ReportData
from cellscreen.report.ranking import SIGNS, ranking_table, treatment_names
from cellscreen.report.section import Drawing, Section, Table, missing, render
from cellscreen.report.texts import counted, number, percent
from cellscreen.screening.truth import precision_against_truth
from cellscreen.screening.votes import ACTIVE, INACTIVE, NO_VOTE, PAPER_ONLY, PAPER_RULE, VoteResult

KEY, TITLE = "compounds", "Ranked compounds"
MARKERS = {
    ACTIVE: plots.Marker("o", "full", 7),
    PAPER_ONLY: plots.Marker("o", "half", 7),
    INACTIVE: plots.Marker("o", "open", 6),
}
_LEGEND = "Filled: active; half filled: paper's rule only; open: inactive."
_MOST_DRAWN = 50


def ranked_compounds(data: ReportData) -> Section:
    """Draws and lists every compound with its verdict."""
    votes = data.votes
    if votes is None:
        return missing(KEY, TITLE, "no vote was given (--hits).")
    return Section(
        KEY,
        TITLE,
        render(
            "compounds.html",
            lines=votes.lines,
            positive=votes.config.positive,
            fdr=f"{votes.config.fdr:g}",
            paper_rule=PAPER_RULE,
            signs=SIGNS,
            counts=rule_counts(votes),
            precision=precision_table(data),
            drawings=[
                *(interval_drawing(votes, line) for line in votes.lines),
                plane_drawing(votes),
            ],
            ranking=ranking_table(votes, data.oracle_votes, data.truth),
            controls=controls_table(votes),
        ),
        simulated=votes.simulated,
    )


def voted(votes: VoteResult) -> pd.DataFrame:
    """Returns the treatments that both experts judged, ranked."""
    return votes.table[votes.table["verdict"] != NO_VOTE]


def rule_counts(votes: VoteResult) -> Table:
    """Returns how many treatments pass the paper's rule, the error rate, and both."""
    table = voted(votes)
    rows = (
        ("Both scores below their control (paper's rule)", table["paper_active"]),
        (f"q within {votes.config.fdr:g} (Benjamini-Hochberg)", table["bh_active"]),
        (f"{SIGNS[ACTIVE]} active: both of the above", table["verdict"] == ACTIVE),
    )
    return Table(
        caption=f"What each rule keeps of {counted(len(table), 'treatment')}.",
        headings=("Rule", "Kept", "Share"),
        rows=tuple((name, str(int(kept.sum())), percent(kept.mean())) for name, kept in rows),
        right=frozenset({1, 2}),
    )


def precision_table(data: ReportData) -> Table | None:
    """Returns how many of each rule's compounds are right, for the nets and for the oracle."""
    if data.truth is None:
        return None
    rows = []
    for who, votes in (("nets", data.votes), ("oracle", data.oracle_votes)):
        if votes is None:
            continue
        for row in precision_against_truth(votes.table, data.truth).itertuples():
            counts = (row.called, row.found, row.false, row.protectors)
            shares = (number(row.precision, 2), number(row.recall, 2))
            rows.append((who, str(row.rule), *map(str, counts), *shares))
    return Table(
        caption="Against the hidden truth of the simulation. A compound counts as found if it "
        "protects both cell lines and any of its concentrations is called.",
        headings=(
            "Scores of",
            "Rule",
            "Called",
            "Found",
            "False",
            "Protectors",
            "Precision",
            "Recall",
        ),
        rows=tuple(rows),
        right=frozenset(range(2, 8)),
    )


def interval_drawing(votes: VoteResult, line: str) -> Drawing:
    """Draws the difference to the control of each treatment for one cell line, best first."""
    shown = voted(votes).head(_MOST_DRAWN)
    names = treatment_names(votes.table)[shown.index]
    figures = shown[[f"{line}_{name}" for name in ("difference", "low", "high")]].to_numpy()
    rows = [
        plots.Interval(name, value, low, high, MARKERS[verdict])
        for name, verdict, (value, low, high) in zip(names, shown["verdict"], figures, strict=True)
    ]
    below = int((shown[f"{line}_difference"] < 0).sum())
    more = len(voted(votes)) - len(shown)
    cut = f" The best {len(shown)}; {more} more are in the table." if more else ""
    return plots.intervals(
        f"intervals-{votes.lines.index(line)}",
        plots.plain_label(line),
        rows,
        label=f"{plots.plain_label(votes.config.positive)} score − control (95 % interval)",
        caption=f"{line}: left of the line the cells look less like "
        f"{votes.config.positive} than those of the vehicle. {_LEGEND}{cut}",
        alt=f"Dot-and-interval plot for {line}: {below} of {len(shown)} treatments lie below their "
        "control; the table below has every figure.",
    )


def plane_drawing(votes: VoteResult) -> Drawing:
    """Draws both differences of each treatment against each other."""
    label, table, (first, second) = plots.plain_label, voted(votes), votes.lines
    points = [
        (row[f"{first}_difference"], row[f"{second}_difference"], MARKERS[row["verdict"]])
        for _, row in table.iterrows()
    ]
    kept = int(table["paper_active"].sum())
    return plots.plane(
        "vote-plane",
        "Both experts",
        points,
        labels=(f"{label(first)} score − control", f"{label(second)} score − control"),
        caption="Each point is a treatment. The hatched quarter, below both controls, is the "
        "paper's rule: what does nothing scatters around the centre and lands there one time in "
        f"four. {_LEGEND}",
        alt=f"Scatter plot of both experts' differences: {kept} of {len(table)} treatments lie in "
        "the quarter below both controls.",
    )


def controls_table(votes: VoteResult) -> Table:
    """Returns the vehicle wells each batch is compared with."""
    return Table(
        caption="Controls: vehicle wells in hypoxia that the compounds are compared with.",
        headings=("Cell line", "Batch", "Wells", "Images", "Mean score", "SD over wells"),
        rows=tuple(
            (
                str(row["cell_line"]),
                str(row["batch"]),
                str(row["n_wells"]),
                str(row["n_images"]),
                number(row["score"]),
                number(row["sd"]),
            )
            for _, row in votes.controls.iterrows()
        ),
        right=frozenset({2, 3, 4, 5}),
    )
