"""Warnings of all parts, and what the numbers of the page cannot tell."""

from __future__ import annotations

from cellscreen.report.data import ReportData
from cellscreen.report.section import Section, render
from cellscreen.screening.votes import PAPER_RULE

_RUNS = (
    "A score is a probability between two trained classes. Anything else that changes the look of "
    "cells (death, debris, contamination, another density) gets a score too.",
    "The figures are of wells the models did not see, but of the same batches, microscope and "
    "hands. Plates from elsewhere need their own controls beside them.",
    "The SD over folds shows how much the figures vary; it is no confidence interval, since the "
    "folds share most of their training images.",
)
_VOTES = (
    "A lower score says that cells look less hypoxic as edge maps. It does not say that they are "
    "healthier, by which mechanism, or that fewer of them died.",
    "q speaks of the list: of the active compounds about that share is expected to be false. Any "
    "single one may be.",
    "Inactive is no proof of no effect: so few wells miss weak ones, and other concentrations and "
    "times were not looked at unless they are listed.",
)
_DOSES = (
    "Spearman's ρ speaks of order only: not of the size of an effect, nor of an EC50.",
    "Dose often rises with the column of a plate. A correlation within the gray bar is chance, "
    "and one above it may still be position.",
)
_SIMULATED = "Simulated images say how the method works, and nothing about real cells or compounds."
_LEAKY = (
    "Leaky folds: figures on wells that were partly seen in training say nothing about new ones."
)


def warnings(data: ReportData) -> Section:
    """Lists what each part warns of."""
    lines = [f"{run.name}: {warning}" for run in data.runs for warning in run.summary["warnings"]]
    if data.votes is not None:
        lines += [PAPER_RULE, *data.votes.warnings]
    return Section(
        "warnings",
        "Warnings",
        render("list.html", lines=lines, nothing="No part warns of anything."),
    )


def limits(data: ReportData) -> Section:
    """Lists what the numbers cannot tell, for the parts that are on the page."""
    lines = [_SIMULATED] if data.simulated_parts else []
    lines += [_LEAKY] if data.leaky_runs else []
    lines += _RUNS if data.runs or data.sweeps else ()
    lines += _VOTES if data.votes is not None else ()
    lines += _DOSES if data.doses is not None else ()
    title = "What these numbers cannot tell"
    nothing = "Images alone are shown here: there are no numbers to doubt."
    return Section("limits", title, render("list.html", lines=lines, nothing=nothing))
