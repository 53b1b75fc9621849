"""What was run: settings, data, folds and versions of everything behind the page."""

from __future__ import annotations

import dataclasses
import json

from cellscreen import __version__
from cellscreen.report.data import ReportData
from cellscreen.report.runs import Run
from cellscreen.report.section import Section, Table, missing, render
from cellscreen.report.texts import counted

KEY, TITLE = "setup", "What was run"


def what_was_run(data: ReportData) -> Section:
    """Tells trainings and vote by their settings and versions."""
    if not data.runs and data.votes is None:
        return missing(KEY, TITLE, "neither a training (--runs) nor a vote (--hits) was given.")
    configs = [(f"Config of {run.name}", run.config) for run in data.runs]
    if data.votes is not None:
        configs.append(("Config of the vote", dataclasses.asdict(data.votes.config)))
    return Section(
        KEY,
        TITLE,
        render(
            "setup.html",
            runs=runs_table(data.runs) if data.runs else None,
            versions=versions_table(data.runs),
            configs=[(name, json.dumps(config, indent=2)) for name, config in configs],
        ),
        simulated=bool(data.simulated_parts),
    )


def runs_table(runs: tuple[Run, ...]) -> Table:
    """Returns a row a training: question, net, data, folds and cost."""
    return Table(
        caption="Trainings. Every figure below is of images the scoring model was not trained on.",
        headings=("Run", "Question", "Net", "Images of", "Folds", "Trained on", "Time"),
        rows=tuple(_run_row(run) for run in runs),
        right=frozenset({6}),
    )


def _run_row(run: Run) -> tuple[str, ...]:
    summary, (negative, positive) = run.summary, run.classes
    folds = f"{len(run.histories)} by {summary['fold_by']}" + (" (leaky)" if run.leaky else "")
    seconds = summary.get("seconds")
    others = summary.get("n_scored_only", 0)
    return (
        run.name,
        f"{summary['task']}: {positive} or {negative}",
        run.net,
        summary["group"],
        folds,
        f"{counted(summary['n_images'], 'image')} of {counted(summary['n_groups'], 'group')}"
        + (f"\n{counted(others, 'more image')} scored only" if others else ""),
        "" if seconds is None else f"{seconds:,.0f} s",
    )


def versions_table(runs: tuple[Run, ...]) -> Table:
    """Returns the versions of what decides a result: a row a package, a column a run."""
    packages = sorted({package for run in runs for package in run.summary["versions"]})
    report = f"cellscreen {__version__} made this page."
    machines = sorted({str(run.summary["machine"]) for run in runs if "machine" in run.summary})
    where = f" Trained on: {'; '.join(machines)}." if machines else ""
    return Table(
        caption=f"Versions. {report}{where}",
        headings=("Package", *(run.name for run in runs)),
        rows=tuple(
            (package, *(str(run.summary["versions"].get(package, "")) for run in runs))
            for package in packages
        ),
    )
