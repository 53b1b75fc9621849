"""The page: sections in their order, banners, and one HTML file that needs no network.

A new section is a function `(data: ReportData) -> Section` in a file of its own, with a template
for its HTML, and one line in `SECTIONS`. What it draws from is a field of `ReportData`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from cellscreen import __version__, atomic
from cellscreen.report.compounds import ranked_compounds
from cellscreen.report.data import ReportData
from cellscreen.report.dose import dose_figures
from cellscreen.report.glance import data_at_a_glance
from cellscreen.report.light import light_and_scale
from cellscreen.report.limits import limits, warnings
from cellscreen.report.nets import nets_results
from cellscreen.report.paper_tables import paper_tables
from cellscreen.report.section import Section, read_style, render
from cellscreen.report.setup import what_was_run
from cellscreen.report.summary import summary
from cellscreen.report.texts import listed

SECTIONS: tuple[Callable[[ReportData], Section], ...] = (
    summary,
    what_was_run,
    data_at_a_glance,
    light_and_scale,
    nets_results,
    paper_tables,
    ranked_compounds,
    dose_figures,
    warnings,
    limits,
)


@dataclasses.dataclass(frozen=True)
class Banner:
    """What no reader may miss: a few capitals, and a sentence."""

    key: str
    head: str
    text: str


def banners(data: ReportData) -> list[Banner]:
    """Returns the banners that the data call for."""
    found = []
    if data.simulated_parts:
        found.append(
            Banner(
                "simulated",
                "SIMULATED DATA",
                f"These come from simulated images: {listed(data.simulated_parts)}. They say "
                "nothing about real cells or compounds.",
            )
        )
    if data.leaky_runs:
        found.append(
            Banner(
                "leaky",
                "LEAKY SPLIT",
                f"In {listed(data.leaky_runs)} images of one well are in training and held out at "
                "once. These figures flatter and must not be compared with honest ones.",
            )
        )
    return found


def render_page(title: str, sections: Sequence[Section], found: Sequence[Banner] = ()) -> str:
    """Returns a page of any sections as HTML; those without content become lines at its end."""
    html = render(
        "page.html",
        title=title,
        sections=[section for section in sections if section.html],
        left_out=[section for section in sections if not section.html],
        banners=found,
        style=read_style(),
        version=__version__,
    )
    return f"{str(html).strip()}\n"


def write_report(data: ReportData, path: str | Path, title: str) -> None:
    """Writes the report on `data` as one HTML file, whole or not at all.

    Example:
        >>> write_report(read_report_data(runs=["runs/ac16"]), "report.html", "AC16")
        ... # doctest: +SKIP
    """
    sections = [make(data) for make in SECTIONS]
    atomic.write_text(path, render_page(title, sections, banners(data)))
