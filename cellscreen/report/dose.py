"""Figures of dose and controls on a real plate, as a table and a drawing."""

from __future__ import annotations

import pandas as pd

from cellscreen.report import plots
from cellscreen.report.data import ReportData, is_simulated
from cellscreen.report.section import Drawing, Section, missing, render
from cellscreen.report.texts import counted, table_of

KEY, TITLE = "dose", "Dose and controls"
_HEADINGS = {
    "rho": "Spearman ρ",
    "low": "95 % low",
    "high": "95 % high",
    "null": "± by chance (95 %)",
    "n_wells": "Wells",
    "n_doses": "Doses",
    "auc": "AUC of controls",
    "accuracy": "Accuracy of controls",
    "n_positive": "Positive wells",
    "n_negative": "Negative wells",
    "empty_negative": "Empty wells called negative",
    "n_empty": "Empty wells",
}
_NOTES = ("note", "notes")
_MOST_DRAWN = 60


def dose_figures(data: ReportData) -> Section:
    """Lists Spearman, AUC and accuracy rows, and draws the correlations if their columns are there.

    The table may have any columns, the first of which names the row. Rows with `rho`, `low` and
    `high` are drawn as intervals, `null` as the band that shuffled scores give.
    """
    if data.doses is None:
        return missing(KEY, TITLE, "no dose figures were given (--dose).")
    headings = {name: name.replace("_", " ").capitalize() for name in data.doses.columns}
    shown = data.doses.copy()
    texts = [c for c in shown.columns if shown[c].dtype == object or c in _NOTES]
    shown[texts] = shown[texts].fillna("").astype(object)
    caption = "Figures of scores against dose and controls, a row each, pooled over folds."
    return Section(
        KEY,
        TITLE,
        render(
            "dose.html",
            figures=table_of(shown, caption, headings | _HEADINGS),
            correlations=correlation_drawing(shown),
        ),
        simulated=is_simulated(data.doses),
    )


def dose_answer(doses: pd.DataFrame) -> str:
    """Says in words how many correlations are beyond chance."""
    if not {"rho", "null"} <= set(doses.columns):
        return f"{counted(len(doses), 'figure')} in the section on dose and controls."
    defined = doses.dropna(subset=["rho", "null"])
    beyond = int((defined["rho"].abs() > defined["null"]).sum())
    undefined = len(doses) - len(defined)
    rest = f"; {undefined} are undefined" if undefined else ""
    return (
        f"In {beyond} of {len(defined)} rows of the section on dose and controls it does, beyond "
        f"what shuffled scores give{rest}."
    )


def correlation_drawing(doses: pd.DataFrame) -> Drawing | None:
    """Returns the correlations as intervals; None if the table has none."""
    if not {"rho", "low", "high"} <= set(doses.columns):
        return None
    rows = doses[doses["rho"].notna()].head(_MOST_DRAWN)
    if rows.empty:
        return None
    names = [c for c in rows.columns if rows[c].dtype == object and c not in _NOTES]
    labels = [", ".join(text for text in map(str, row) if text) for row in rows[names].to_numpy()]
    found = [
        plots.Interval(label, row.rho, row.low, row.high, plots.Marker("o"))
        for label, row in zip(labels, rows.itertuples(), strict=True)
    ]
    figures = "; ".join(f"{row.label} {row.value:.2f}" for row in found)
    return plots.intervals(
        "dose-correlations",
        "Score against dose",
        found,
        label="Spearman ρ (95 % interval)",
        caption="Dots: Spearman correlation of score and dose, with bootstrap intervals over "
        "wells. Gray bars: the middle 95 % of what shuffled scores give.",
        alt=f"Spearman correlations of score and dose: {figures}.",
        bands=[float(band) for band in rows["null"].fillna(0)] if "null" in rows else (),
        width_px=520,
    )
