"""Does attention matter? The deletion test, and enrichment in truly affected simulated cells."""

from __future__ import annotations

import pandas as pd

from cellscreen.explain.deletion import deletion_summary, deletion_table
from cellscreen.explain.enrichment import TOP_SHARE, enrichment_summary, enrichment_table
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.explain.true_cells import join_truth
from cellscreen.report import plots
from cellscreen.report.mid_attention import explained_cells
from cellscreen.report.mid_tables import write_csv
from cellscreen.report.section import Drawing, Section, Table, missing, render
from cellscreen.report.texts import between, listed, number, percent, table_of
from cellscreen.screening.scores import score_column

KEY, TITLE = "deletion", "Deletion test: does the answer hang on the attended cells?"
TRUE_KEY, TRUE_TITLE = "enrichment", "Attention in truly affected cells"
_APART = 0.25  # of a crop's side: how far a found cell may be from its true one
_NOT_TRUE = "there is no truth of single cells (--truth, a simulation made with --cell_truth)."


def deletion_section(asked: ExplainInput) -> Section:
    """Runs the deletion test and writes `deletion.csv` and `deletion_bags.csv`."""
    cells = explained_cells(asked)
    if cells.empty:
        return missing(KEY, TITLE, "no bag with cells was held out by any fold.")
    bags = deletion_table(asked, cells)
    if bags.empty:
        return missing(KEY, TITLE, "every bag is too small: nothing would be left of it.")
    found = deletion_summary(bags, asked.config.explain_draws, asked.seed)
    write_csv(bags, asked.output, "deletion_bags")
    write_csv(found.assign(simulated=asked.simulated), asked.output, "deletion")
    return Section(
        KEY,
        TITLE,
        render(
            "mid_deletion.html",
            answer=deletion_answer(found),
            summary=summary_table(found),
            figure=summary_drawing(found),
            draws=asked.config.deletion_draws,
            bags=bags["row"].nunique(),
            held_out=cells["row"].nunique(),
        ),
        simulated=asked.simulated,
    )


def deletion_answer(found: pd.DataFrame) -> str:
    """What the test says, in one sentence.

    Args:
        found: of `deletion_summary`.
    """
    names = {
        verdict: [percent(share) for share in part["share"]]
        for verdict, part in found.groupby("verdict")
    }
    said = {
        "more": "the answer moves more without the most attended cells than without random ones",
        "less": "it moves less without the most attended cells than without random ones",
        "no difference shown": "no difference to random cells is shown",
        "undefined": "there is no interval: bags of two groups are the least",
    }
    parts = [f"with {listed(names[v])} of the cells removed, {said[v]}" for v in said if v in names]
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "."


def summary_table(found: pd.DataFrame) -> Table:
    """The summary, a row a share of cells."""
    shown = pd.DataFrame(
        {
            "Cells removed": found["share"].map(percent),
            "Bags": found["bags"],
            "Groups": found["groups"],
            "Most attended": found["most"].map(number),
            "At random": found["random"].map(number),
            "Least attended": found["least"].map(number),
            "Most − random": found["excess"].map(number),
            "95 % interval": [between(*pair) for pair in found[["low", "high"]].to_numpy()],
            "Fall, most − random": found["fall_excess"].map(number),
            "Its 95 % interval": [
                between(*pair) for pair in found[["fall_low", "fall_high"]].to_numpy()
            ],
            "Most moves": found["verdict"],
        }
    )
    caption = (
        "How far the probability of the class a bag was called moved (mean over bags, without its "
        "sign), and how far it fell. Intervals are bootstrapped over groups."
    )
    return table_of(shown, caption)


def summary_drawing(found: pd.DataFrame) -> Drawing:
    """The excess over random cells with its interval, a row a share."""
    marker = plots.Marker("o")
    rows = [
        plots.Interval(percent(row["share"]), row["excess"], row["low"], row["high"], marker)
        for row in found.to_dict("records")
    ]
    figures = "; ".join(f"{row.label} {number(row.value)}" for row in rows)
    return plots.intervals(
        "deletion",
        "Cells removed",
        rows,
        label="Movement, most attended − random",
        caption="Right of 0 the answer hangs more on the most attended cells than on random ones "
        "(95 % intervals over groups).",
        alt=f"Movement without the most attended cells minus without random ones: {figures}.",
    )


def enrichment_section(asked: ExplainInput) -> Section:
    """Compares attention with the simulation's truth; writes `enrichment.csv` and its bags."""
    if asked.truth is None:
        return missing(TRUE_KEY, TRUE_TITLE, _NOT_TRUE)
    cells = explained_cells(asked)
    paired = join_truth(cells, asked.fields, asked.truth, _APART * asked.index.crop_size)
    bags = enrichment_table(paired)
    if bags.empty:
        return missing(TRUE_KEY, TRUE_TITLE, "no bag has both affected and unaffected cells.")
    found = enrichment_summary(bags, called_right(asked), asked.config.explain_draws, asked.seed)
    write_csv(bags.assign(simulated=True), asked.output, "enrichment_bags")
    write_csv(found.assign(simulated=True), asked.output, "enrichment")
    return Section(
        TRUE_KEY,
        TRUE_TITLE,
        render(
            "mid_enrichment.html",
            summary=enrichment_text(found),
            cells=len(cells),
            paired=len(paired),
            top=percent(TOP_SHARE),
            apart=number(_APART * asked.index.crop_size, 0),
        ),
        simulated=True,
    )


def called_right(asked: ExplainInput) -> pd.Series:
    """By row of `index.bags`, whether its net called it right; bags without a label are absent."""
    columns = [score_column(asked.task, name) for name in asked.classes]
    called = asked.scores.set_index("key")[columns].to_numpy(float).argmax(axis=1)
    by_key = pd.Series(called, index=asked.scores["key"])
    labels = asked.manifest["label"].reset_index(drop=True)
    found = asked.manifest["key"].reset_index(drop=True).map(by_key)
    known = (labels >= 0) & found.notna()
    return (found == labels)[known]


def enrichment_text(found: pd.DataFrame) -> Table:
    """The summary of `enrichment_summary` as a table."""
    names = {"attention": "attention, last layer", "rollout": "attention roll-out"}
    shown = pd.DataFrame(
        {
            "Measure": found["measure"].map(names).fillna(found["measure"]),
            "Of": found["bags_of"],
            "Bags": found["bags"],
            "Groups": found["groups"],
            "AUC": found["auc"].map(number),
            "95 % interval": [between(*pair) for pair in found[["low", "high"]].to_numpy()],
            "Enrichment": found["enrichment"].map(lambda value: number(value, 2)),
            "Its 95 % interval": [
                between(*pair) for pair in found[["enrichment_low", "enrichment_high"]].to_numpy()
            ],
        }
    )
    caption = (
        "Attention of affected against unaffected cells inside each bag that has both, mean over "
        "bags; by chance AUC is 0.5 and enrichment 1. Intervals are bootstrapped over groups."
    )
    return table_of(shown, caption)
