"""The page of `cellscreen study`: every method at every affected fraction, and where MID loses."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen import atomic
from cellscreen.comparators.levels import TREATMENT
from cellscreen.comparators.method_figures import WITHIN
from cellscreen.comparators.study_tables import StudyTables
from cellscreen.comparators.study_words import SIMULATED, findings, fraction_text, loses
from cellscreen.report.page import Banner, render_page
from cellscreen.report.section import Section, missing, render
from cellscreen.report.study_drawings import curve_drawing, dose_drawing, fraction_drawing
from cellscreen.report.study_frames import by_fraction, deletion_frame, dose_frame, enrichment_frame
from cellscreen.report.texts import table_of

TITLE = "Study on simulated cardiotoxicity plates"
_BANNER = Banner("simulated", "SIMULATED DATA", SIMULATED)
_INTERVALS = (
    "Answers out of fold, folds by compound, pooled; scores of a compound's wells averaged. In "
    "brackets 95 % intervals over resampled compounds."
)


def write_study(tables: StudyTables, path: str | Path) -> None:
    """Writes the page of a study as one HTML file, whole or not at all.

    Example:
        >>> write_study(read_study("study", StudyConfig()), "study/index.html")  # doctest: +SKIP
    """
    sections = [make(tables) for make in (_found, _methods, _doses, _curve, _attention, _limits)]
    atomic.write_text(path, render_page(TITLE, sections, [_BANNER]))


def _found(tables: StudyTables) -> Section:
    lines = [*findings(tables), *loses(tables), *(f"Not finished. {t}" for t in tables.unfinished)]
    return _section("found", "What came out, and where MID loses", lines=lines)


def _methods(tables: StudyTables) -> Section:
    key, title = "methods", "Every method at every fraction"
    if not len(tables.figures):
        return missing(key, title, "MID is not finished at any fraction.")
    shown = [
        table_of(by_fraction(tables), f"AUROC by compound. {_INTERVALS}"),
        table_of(
            by_fraction(tables, "difference"),
            "AUROC of MID minus that of the method, over the same resamples of compounds.",
        ),
        table_of(
            by_fraction(tables, metric=WITHIN),
            "AUROC within folds, their mean: what pooling adds or takes is not in it.",
        ),
        table_of(by_fraction(tables, level=TREATMENT), "AUROC by compound and dose."),
        table_of(
            by_fraction(tables, "difference", level=TREATMENT),
            "AUROC of MID minus that of the method, by compound and dose.",
        ),
        table_of(by_fraction(tables, metric="accuracy"), "Accuracy by compound, at 0.5."),
    ]
    return _section(key, title, drawings=[fraction_drawing(tables)], tables=shown)


def _doses(tables: StudyTables) -> Section:
    key, title = "doses", "Each dose alone"
    if not len(tables.doses):
        return missing(key, title, "MID is not finished at any fraction.")
    words = ["A label belongs to the compound: at low doses toxic ones look like the others."]
    shown = [
        table_of(dose_frame(tables, share), f"AUROC of each dose alone, {fraction_text(share)}.")
        for share in dict.fromkeys(tables.doses["fraction"])
    ]
    return _section(key, title, words, drawings=[dose_drawing(tables)], tables=shown)


def _curve(tables: StudyTables) -> Section:
    key, title = "patches", "Crops of a set"
    if not len(tables.curves):
        return missing(key, title, "no curve is finished.")
    words = ["MID asked with 50 random sets of n crops of a well (MID, Figure 1); wells, AUROC."]
    return _section(key, title, words, drawings=[curve_drawing(tables)])


def _attention(tables: StudyTables) -> Section:
    key, title = "attention", "Is attention at the cells that changed?"
    shown = []
    if len(tables.enrichment):
        text = "Do attended cells include the truly affected ones? 0.5 and 1 are chance."
        shown.append(table_of(enrichment_frame(tables), text))
    if len(tables.deletion):
        text = "Does the answer move more without the most attended cells than without others?"
        shown.append(table_of(deletion_frame(tables), text))
    if not shown:
        return missing(key, title, "no fraction is explained.")
    return _section(key, title, tables=shown)


def _limits(tables: StudyTables) -> Section:
    config = tables.config
    lines = [
        SIMULATED,
        f"{config.compounds} compounds, {config.doses} doses, {config.replicates} wells each, a "
        f"field of {config.size_px} px a well; one seed of plates. Another moves every figure.",
        "MID is repeated over several seeds of training and folds where nothing is to be found, "
        "and trained once elsewhere: its intervals are over compounds, not over trainings.",
        "Nets and comparators took their usual settings; none was tuned on these plates. More "
        "epochs or cells may change who is ahead.",
        "Many methods are compared at once: single intervals just beyond 0 are weak evidence.",
    ]
    if not pd.isna(tables.seconds):
        lines.append(f"All finished steps took {tables.seconds / 60:.0f} minutes.")
    return _section("limits", "What these numbers cannot tell", lines=lines)


def _section(key: str, title: str, words: list | None = None, **parts: list) -> Section:
    given = {"words": words or [], "lines": [], "drawings": [], "tables": []} | parts
    return Section(key, title, render("study.html", **given), simulated=True)
