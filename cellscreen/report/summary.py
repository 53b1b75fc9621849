"""The top of the page: what was asked, and the main answer in plain words."""

from __future__ import annotations

import dataclasses

from cellscreen.report.compounds import voted
from cellscreen.report.data import ReportData
from cellscreen.report.dose import dose_answer
from cellscreen.report.nets import against_baselines
from cellscreen.report.ranking import only_dose, treatment_names
from cellscreen.report.runs import Run
from cellscreen.report.section import Section, render
from cellscreen.report.texts import counted, listed, number, percent, spread
from cellscreen.screening.truth import precision_against_truth
from cellscreen.screening.votes import ACTIVE, VoteResult
from cellscreen.training.sweeps.paper_order import order_texts
from cellscreen.training.sweeps.table import SweepTable

_MOST_TILES = 4


@dataclasses.dataclass(frozen=True)
class Answer:
    """One question of the page and its answer, sentences in order."""

    question: str
    answers: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Tile:
    """One large figure and what it is."""

    figure: str
    label: str


def summary(data: ReportData) -> Section:
    """Says what was asked and what came out."""
    answers = [_vote_answer(data, data.votes)] if data.votes is not None else []
    answers += [_run_answer(run) for run in data.runs]
    answers += [_sweep_answer(sweep) for sweep in data.sweeps]
    if data.doses is not None:
        answers.append(Answer("Does the score follow dose?", (dose_answer(data.doses),)))
    if not answers:
        tables = [table for _, table in data.images] or [part.table for part in data.plates]
        images = sum(map(len, tables or [part.table for part in data.checks]))
        answers.append(
            Answer("What is in the images?", (f"{counted(images, 'image')}; nothing was scored.",))
        )
    return Section(
        "summary",
        "Summary",
        render("summary.html", tiles=_tiles(data)[:_MOST_TILES], answers=answers),
        simulated=bool(data.simulated_parts),
    )


def _vote_answer(data: ReportData, votes: VoteResult) -> Answer:
    table, positive = voted(votes), votes.config.positive
    active = table[table["verdict"] == ACTIVE]
    both = " and ".join(votes.lines)
    kept = int(table["paper_active"].sum())
    names = list(treatment_names(votes.table)[active.index])
    dose = only_dose(votes.table)
    at = f", at {dose}" if dose else ""
    found = (
        f"{len(active)} of {len(table)} {'is' if len(active) == 1 else 'are'} active: "
        f"{listed(names)}{at}."
        if names
        else f"None of {len(table)} is active{at}."
    )
    answers = [
        found,
        f"Active means lower than the control in {both}, with a false discovery rate of at most "
        f"{percent(votes.config.fdr)}.",
        f"The paper's rule, which asks only for the first, keeps {kept}.",
        *_truth_sentences(data),
    ]
    return Answer(
        f"Which compounds make {both} cells in {positive} look less like {positive} than the "
        "vehicle does?",
        tuple(answers),
    )


def _truth_sentences(data: ReportData) -> list[str]:
    if data.truth is None:
        return []
    sentences = []
    for who, votes in (("this vote", data.votes), ("the oracle", data.oracle_votes)):
        if votes is not None:
            row = precision_against_truth(votes.table, data.truth).iloc[-1]
            sentences.append(
                f"Of {row['protectors']} protectors hidden in the simulation {who} finds "
                f"{row['found']}, with {row['false']} false."
            )
    return sentences


def _run_answer(run: Run) -> Answer:
    negative, positive = run.classes
    f1 = spread(run.figure(run.net, "f1"), run.figure(run.net, "f1", "sd"))
    auroc = spread(run.figure(run.net, "auroc"), run.figure(run.net, "auroc", "sd"))
    return Answer(
        f"Can {run.net} tell {positive} from {negative} in images it was not trained on "
        f"({run.summary['group']})?",
        (
            f"F1 {f1}, AUROC {auroc} over {counted(len(run.histories), 'fold')} by "
            f"{run.summary['fold_by']}.",
            against_baselines(run),
        ),
    )


def _sweep_answer(sweep: SweepTable) -> Answer:
    texts = order_texts(sweep) or ["The sweep has no order of a paper to compare with."]
    return Answer(f"Does the paper's order show? ({sweep.title})", tuple(texts))


def _tiles(data: ReportData) -> list[Tile]:
    tiles = []
    if data.votes is not None:
        table = voted(data.votes)
        active = int((table["verdict"] == ACTIVE).sum())
        tiles.append(Tile(f"{active} of {len(table)}", "treatments active by both rules"))
    for run in data.runs:
        f1 = run.figure(run.net, "f1")
        below = "; not above a baseline" if run.summary["below_baseline"] else ""
        tiles.append(Tile(number(f1, 2), f"F1 of {run.net}, {run.summary['group']}{below}"))
    images = sum(len(table) for _, table in data.images)
    if images:
        tiles.append(Tile(f"{images:,}", "images looked at"))
    return tiles
