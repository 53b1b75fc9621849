"""Figures of dose and controls on a real plate, as a table and a drawing."""

from __future__ import annotations

import dataclasses

import pandas as pd

from cellscreen.report import plots
from cellscreen.report.data import ReportData, is_simulated
from cellscreen.report.section import Drawing, Section, Table, missing, render
from cellscreen.report.texts import counted, table_of

KEY, TITLE = "dose", "Dose and controls"
_HEADINGS = {
    "rho": "Spearman ρ",
    "low": "95 % low",
    "high": "95 % high",
    "null": "± by chance",
    "p": "p",
    "n_wells": "Wells",
    "n_doses": "Doses",
    "auc": "AUC of controls",
    "accuracy": "Accuracy of controls",
    "n_positive": "Positive wells",
    "n_negative": "Negative wells",
    "empty_negative": "Empty wells called negative",
    "n_empty": "Empty wells",
}
_INTERVAL = ("rho", "low", "high")
_EXTRA = ("low", "high", "null", "p")
_NOTES = ("note", "notes")
_MOST_DRAWN = 60


def dose_figures(data: ReportData) -> Section:
    """Lists Spearman, AUC and accuracy rows, and draws the correlations if their columns are there.

    The table may have any columns, the first of which names the row. Rows with `rho`, `low` and
    `high` are drawn as intervals, `null` as the band that shuffled scores give; `rho` may hold
    other figures in rows without an interval.
    """
    if data.doses is None:
        return missing(KEY, TITLE, "no dose figures were given (--dose).")
    return Section(
        KEY,
        TITLE,
        render(
            "dose.html",
            figures=figures_table(data.doses),
            correlations=correlation_drawing(data.doses),
        ),
        simulated=is_simulated(data.doses),
    )


def figures_table(doses: pd.DataFrame) -> Table:
    """Returns all rows; what a row has no use for is blank, what it lacks is "undefined"."""
    headings = {name: name.replace("_", " ").capitalize() for name in doses.columns} | _HEADINGS
    caption = "Figures of scores against dose and controls, a row each, pooled over folds."
    texts = _texts(doses)
    shown = doses.assign(**{name: doses[name].fillna("").astype(object) for name in texts})
    other = doses.reindex(columns=["rho"])["rho"].notna() & ~_correlations(doses)
    if other.any():
        headings["rho"] = "Value"
    table = table_of(shown, caption, headings)
    blank = {place for place, name in enumerate(doses.columns) if name in _EXTRA}
    rows = [
        tuple("" if is_other and place in blank else text for place, text in enumerate(row))
        for row, is_other in zip(table.rows, other, strict=True)
    ]
    return dataclasses.replace(table, rows=tuple(rows))


def dose_answer(doses: pd.DataFrame) -> str:
    """Says in words how many correlations are beyond chance."""
    if not {*_INTERVAL, "null"} <= set(doses.columns):
        return f"{counted(len(doses), 'figure')} in the section on dose and controls."
    defined = doses[_correlations(doses)]
    beyond = int((defined["rho"].abs() > defined["null"]).sum())
    undefined = int(doses["rho"].isna().sum())
    rest = f"; {undefined} are undefined" if undefined else ""
    return (
        f"In {beyond} of {len(defined)} correlations of the section on dose and controls it does, "
        f"beyond what shuffled scores give{rest}."
    )


def correlation_drawing(doses: pd.DataFrame) -> Drawing | None:
    """Returns the correlations as intervals; None if the table has none."""
    rows = doses[_correlations(doses)].head(_MOST_DRAWN)
    if rows.empty:
        return None
    named = rows[[name for name in _texts(rows) if name not in _NOTES]].fillna("").astype(str)
    labels = [", ".join(text for text in row if text) for row in named.to_numpy()]
    found = [
        plots.Interval(label, rho, low, high, plots.Marker("o"))
        for label, (rho, low, high) in zip(labels, rows[list(_INTERVAL)].to_numpy(), strict=True)
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
        width_px=440,
    )


def _correlations(doses: pd.DataFrame) -> pd.Series:
    """Returns which rows are correlations with their interval."""
    return doses.reindex(columns=_INTERVAL).notna().all(axis=1)


def _texts(doses: pd.DataFrame) -> list[str]:
    numeric = pd.api.types.is_numeric_dtype
    return [name for name in doses.columns if name in _NOTES or not numeric(doses[name])]
