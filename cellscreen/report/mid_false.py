"""The compounds that were most confidently called wrong, their cells and their neighbours."""

from __future__ import annotations

import dataclasses
import logging

import pandas as pd

from cellscreen.errors import DataError
from cellscreen.explain.cell_gallery import COMPOUND, gallery_cells
from cellscreen.explain.embeddings import profiles_of
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.explain.false_predictions import compound_calls, most_right, most_wrong
from cellscreen.explain.neighbours import nearest_compounds
from cellscreen.report.mid_attention import Shown, explained_cells, gallery
from cellscreen.report.mid_dose import compound_labels
from cellscreen.report.mid_tables import write_csv
from cellscreen.report.section import Section, Table, missing, render
from cellscreen.report.texts import counted, listed, number, table_of

LOGGER = logging.getLogger(__name__)
KEY, TITLE = "false-predictions", "False predictions"
_RIGHT_OF_A_CLASS, _NEIGHBOURS = 1, 5
_HEADINGS = {
    "compound": "Compound",
    "label": "Labelled",
    "called": "Called",
    "p_called": "Its score",
    "p_label": "Score of the label",
    "top_p_label": "The same, highest dose",
    "bags": "Bags",
    "doses": "Doses",
    "folds": "Fold",
}


@dataclasses.dataclass(frozen=True)
class Case:
    """One compound: how it was called, its cells, and the compounds nearest to it."""

    what: str
    figures: str
    cells: Shown | None
    neighbours: str


def false_section(asked: ExplainInput) -> Section:
    """Shows the most confidently wrong compounds (MID, Fig. 6); writes `compound_calls.csv`."""
    if COMPOUND not in asked.scores:
        return missing(KEY, TITLE, "the plates name no compounds.")
    labels = asked.manifest.set_index("key")["label"]
    calls = compound_calls(asked.scores, labels, asked.task, asked.classes)
    if calls.empty:
        return missing(KEY, TITLE, "no compound has a known class.")
    write_csv(calls.assign(simulated=asked.simulated), asked.output, "compound_calls")
    wrong = most_wrong(calls, asked.config.false_compounds)
    right = most_right(calls, _RIGHT_OF_A_CLASS)
    near = neighbour_texts(_nearest(asked), compound_labels(asked))
    return Section(
        KEY,
        TITLE,
        render(
            "mid_false.html",
            answer=answer(calls),
            calls=calls_table(calls[calls["wrong"].astype(bool)].head(60)),
            wrong=cases(asked, wrong, near, "wrong"),
            right=cases(asked, right, near, "right"),
        ),
        simulated=asked.simulated,
    )


def answer(calls: pd.DataFrame) -> str:
    """How many compounds were called wrong, in words."""
    wrong = int(calls["wrong"].sum())
    return (
        f"{wrong} of {counted(len(calls), 'labelled compound')} "
        f"{'was' if wrong == 1 else 'were'} called wrong out of fold, by the mean over all bags."
    )


def calls_table(calls: pd.DataFrame) -> Table | None:
    """The wrong compounds, the most confidently wrong first; None without any."""
    if calls.empty:
        return None
    shown = calls[list(_HEADINGS)].copy()
    for name in ("p_called", "p_label", "top_p_label"):
        shown[name] = shown[name].map(number)
    return table_of(shown, "Compounds called wrong, the most confidently wrong first.", _HEADINGS)


def cases(asked: ExplainInput, calls: pd.DataFrame, near: dict[str, str], name: str) -> list[Case]:
    """A case for each row of `calls`."""
    cells = gallery_cells(
        explained_cells(asked), list(calls["compound"]), asked.config.gallery_cells
    )
    found = []
    for place, call in enumerate(calls.to_dict("records")):
        mine = cells[cells[COMPOUND] == call["compound"]] if len(cells) else cells
        drawn = gallery(asked, mine, f"{name}_{place:02d}") if len(mine) else None
        figures = (
            f"labelled {call['label']}, called {call['called']} with {number(call['p_called'])}; "
            f"score of its label {number(call['p_label'])}, at its highest dose "
            f"{number(call['top_p_label'])}"
        )
        compound = str(call["compound"])
        found.append(Case(compound, figures, drawn, near.get(compound, "")))
    return found


def neighbour_texts(nearest: pd.DataFrame, labels: pd.Series) -> dict[str, str]:
    """The nearest compounds of each compound with their known classes, as text.

    Args:
        nearest: of `explain.neighbours.nearest_compounds`.
        labels: the known class of each compound, by name.
    """
    texts = {}
    for compound, part in nearest[nearest["neighbour"].notna()].groupby(COMPOUND):
        named = [
            f"{row.neighbour} ({labels.get(row.neighbour, 'class not known')}, cosine "
            f"{number(row.cosine, 2)})"
            for row in part.sort_values("rank").itertuples()
        ]
        among = int(part["among"].iloc[0])
        texts[str(compound)] = (
            f"Nearest of {counted(among, 'compound')} of the same net: {listed(named)}."
        )
    return texts


def _nearest(asked: ExplainInput) -> pd.DataFrame:
    """Nearest compounds by set embedding; none where profiles cannot be compared, which is told."""
    try:
        return nearest_compounds(profiles_of(asked)[0], _NEIGHBOURS)
    except DataError as error:
        LOGGER.warning("No nearest compounds: %s", error)
        return pd.DataFrame(columns=[COMPOUND, "neighbour", "cosine", "rank", "among"])
