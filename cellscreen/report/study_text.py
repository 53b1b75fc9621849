"""A study as Markdown, for a terminal or a repository."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen.atomic import write_text
from cellscreen.comparators.levels import TREATMENT
from cellscreen.comparators.study_tables import StudyTables
from cellscreen.comparators.study_words import SIMULATED, findings, fraction_text, loses
from cellscreen.report.study_frames import by_fraction, deletion_frame, dose_frame, enrichment_frame


def study_text(tables: StudyTables) -> str:
    """What came out of a study, as Markdown.

    Example:
        >>> print(study_text(read_study("study", StudyConfig())))  # doctest: +SKIP
    """
    lines = ["# Study on simulated cardiotoxicity plates", "", f"**SIMULATED.** {SIMULATED}", ""]
    lines += [f"- {line}" for line in (*findings(tables), *loses(tables))]
    lines += [f"- Not finished. {line}" for line in tables.unfinished]
    if len(tables.figures):
        lines += _part("AUROC by compound [95 % over compounds]", by_fraction(tables))
        lines += _part("AUROC of MID minus the method's, paired", by_fraction(tables, "difference"))
        lines += _part("AUROC by compound and dose", by_fraction(tables, level=TREATMENT))
    for share in dict.fromkeys(tables.doses["fraction"]) if len(tables.doses) else ():
        heading = f"AUROC of each dose alone, {fraction_text(share)}"
        lines += _part(heading, dose_frame(tables, share))
    if len(tables.curves):
        lines += _part("AUROC of MID's wells by crops of a set", _curve(tables))
    if len(tables.enrichment):
        lines += _part("Attention and truly affected cells", enrichment_frame(tables))
    if len(tables.deletion):
        lines += _part("Deletion of attended cells", deletion_frame(tables))
    if not pd.isna(tables.seconds):
        lines += ["", f"All finished steps took {tables.seconds / 60:.0f} minutes."]
    return "\n".join(lines) + "\n"


def write_study_text(tables: StudyTables, path: str | Path) -> None:
    """Writes `study_text`, whole or not at all."""
    write_text(path, study_text(tables))


def _part(heading: str, frame: pd.DataFrame) -> list[str]:
    rows = [list(frame.columns), ["---"] * len(frame.columns), *frame.to_numpy(str).tolist()]
    return ["", f"## {heading}", "", *(f"| {' | '.join(row)} |" for row in rows)]


def _curve(tables: StudyTables) -> pd.DataFrame:
    rows = tables.curves[tables.curves["metric"] == "auroc"]
    wide = rows.pivot_table(index="crops", columns="fraction", values="averaged")
    wide.columns = [fraction_text(share) for share in wide.columns.astype(float)]
    texts = wide.map(lambda value: "undefined" if pd.isna(value) else f"{value:.3f}")
    return texts.reset_index().astype({"crops": str}).rename(columns={"crops": "Crops"})
