"""Does the experiment hold together: classes, groups for folds, vehicle controls, both lines."""

from __future__ import annotations

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.columns import CONDITION, CONTROL_TYPE
from cellscreen.plates.folders import FOLDER_WELL
from cellscreen.plates.groups import LEAKY, row_groups
from cellscreen.quality.findings import Finding, Level, of_rows

LINE, HOURS = "Metadata_cell_line", columns.HOURS
BATCH, COMPOUND = "Metadata_batch", "Metadata_pert_iname"


def labelled_rows(table: pd.DataFrame, label_column: str | None) -> pd.DataFrame:
    """Returns the rows to train on with a column `label`.

    Args:
        table: a plate table.
        label_column: all rows with a value in it; None: `condition`, without the wells of a screen
            (those with a control type), which are scored and not trained on.

    Raises:
        ConfigError: no such column.
    """
    if label_column is None and CONDITION not in table:
        return table[:0].assign(label="")
    column = columns.metadata_column(table, label_column or CONDITION)
    label = table[column].astype(str).where(table[column].notna(), "")
    chosen = label != ""
    if label_column is None and CONTROL_TYPE in table:
        chosen &= table[CONTROL_TYPE] == ""
    return table[chosen].assign(label=label[chosen])


def culture_names(table: pd.DataFrame) -> pd.Series:
    """Returns `AC16 48 h` for every row, from what columns there are."""
    lines = table[LINE] if LINE in table else pd.Series("", index=table.index)
    names = lines.where(lines != "", "images")
    if HOURS in table:
        hours = table[HOURS].map(lambda value: "" if pd.isna(value) else f" {value:g} h")
        names = names + hours
    return names


def check_classes(
    table: pd.DataFrame, label_column: str | None, group_by: str = "well"
) -> list[Finding]:
    """Checks that each culture has two classes, and enough groups of each for honest folds."""
    rows = labelled_rows(table, label_column)
    groups = row_groups(rows, group_by)
    findings = of_rows(
        "error", f"No value of {group_by}, by which folds are made.", rows[groups.isna()]
    )
    level: Level = "error" if label_column else "warning"
    for name, part in rows.groupby(culture_names(rows)):
        classes = groups[part.index].groupby(part["label"]).nunique()
        if len(classes) < 2:
            text = f"{name}: all images are {classes.index[0]}; a training needs two classes."
            findings.append(Finding(level, text))
        if classes.min() < 2 and group_by != LEAKY:
            findings.append(Finding("warning", f"{name}: {_no_fold(part, classes, group_by)}"))
    if group_by == LEAKY and len(rows):
        text = "Folds by site are leaky: images of one well are trained on and tested on."
        findings.append(Finding("warning", text))
    return findings + _check_confounded(rows, label_column or "condition")


def check_controls(table: pd.DataFrame) -> list[Finding]:
    """Checks that compounds have a vehicle control and images in each cell line (II.D)."""
    if CONTROL_TYPE not in table:
        return []
    rows = table.assign(**{name: "" for name in (LINE, BATCH, COMPOUND) if name not in table})
    treated = rows[rows[CONTROL_TYPE] == "trt"]
    vehicle = rows[is_vehicle(rows)]
    have = set(zip(vehicle[LINE], vehicle[BATCH], strict=True))
    findings = []
    for line, batch in sorted(set(zip(treated[LINE], treated[BATCH], strict=True)) - have):
        hypoxic = ", condition=hypoxia" if CONDITION in table else ""
        text = f"No vehicle control (control_type=negcon{hypoxic}) for the compounds of cell line"
        findings.append(Finding("error", f"{text} {line or '?'}, batch {batch or '?'}."))
    return findings + _check_lines(treated)


def is_vehicle(rows: pd.DataFrame) -> pd.Series:
    """Which rows are the vehicle control of a screen: negcon, in hypoxia where that is stated."""
    vehicle = rows[CONTROL_TYPE] == "negcon"
    return vehicle & (rows[CONDITION] == "hypoxia") if CONDITION in rows else vehicle


def _no_fold(part: pd.DataFrame, classes: pd.Series, group_by: str) -> str:
    if group_by == "well" and (part["Metadata_Well"] == FOLDER_WELL).all():
        cause = "the file names have no well (A01_1.tif, dish-03_1.tif)"
    else:
        cause = f"{classes.idxmin()} has {classes.min()} group by {group_by}"
    return f"{cause}, so no honest fold exists; only --fold_by=site, marked leaky, trains."


def _check_confounded(rows: pd.DataFrame, label: str) -> list[Finding]:
    label = label.removeprefix(columns.PREFIX)
    of_plate = rows.groupby("Metadata_Plate")["label"].nunique()
    if rows["label"].nunique() < 2 or (of_plate > 1).any():
        return []
    text = f"Every plate holds one {label} only: what a net learns of {label} may be the plate's."
    return [Finding("note", f"{text} Repeats on more plates tell them apart.")]


def _check_lines(treated: pd.DataFrame) -> list[Finding]:
    lines = sorted(set(treated[LINE]) - {""})
    if len(treated) and len(lines) < 2:
        return [Finding("note", "Compounds of one cell line: a vote takes two.")]
    findings = []
    for compound, rows in treated.groupby(COMPOUND):
        present = sorted(set(rows[LINE]) - {""})
        if len(present) < 2:
            where = f"images in {', '.join(present) or 'no line'} only"
            text = f"Compound {str(compound) or '?'} has {where}: it gets no vote."
            findings.append(Finding("warning", text))
    return findings
