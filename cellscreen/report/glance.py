"""The data at a glance: what there is of each group, and how its fields look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from cellscreen.report.data import ReportData, is_simulated
from cellscreen.report.pictures import as_pictures, field_pair
from cellscreen.report.section import Section, Table, missing, render
from cellscreen.report.texts import table_of

KEY, TITLE = "data", "The data at a glance"
ROLES = {
    "negcon": "negative control",
    "poscon": "positive control",
    "trt": "compound",
    "empty": "empty well",
}
_GROUP = {
    "Metadata_cell_line": "Cell line",
    "Metadata_hours": "Hours",
    "Metadata_condition": "Condition",
    "Metadata_control_type": "Role",
    "channel": "Channel",
}
_MOST_FIELDS = 8
_MOST_GROUPS = 60


def data_at_a_glance(data: ReportData) -> Section:
    """Counts each group of images and shows some fields beside their edge maps."""
    if not data.images:
        return missing(KEY, TITLE, "no folder of images was given (--images).")
    return Section(
        KEY,
        TITLE,
        render(
            "glance.html",
            counts=[counts_table(name, table) for name, table in data.images],
            fields=list(_shown_fields(data)),
        ),
        simulated=any(is_simulated(table) for _, table in data.images),
    )


def group_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Returns a row a group (cell line, hours, condition, role, channel): what there is of it.

    Columns that say nothing in the whole table are left out.
    """
    by = _group_columns(table)
    table = table.assign(place=table["Metadata_Plate"] + "/" + table["Metadata_Well"])
    if not by:
        by, table = ["group"], table.assign(group="all")
    groups = table.groupby(by, dropna=False, sort=True)
    counts = groups.agg(
        images=("path", "size"), wells=("place", "nunique"), plates=("Metadata_Plate", "nunique")
    )
    for column in ("batch", "pert_iname"):
        if f"Metadata_{column}" in table:
            named = table[f"Metadata_{column}"].replace("", pd.NA)
            numbers = named.groupby([table[c] for c in by], dropna=False).nunique()
            counts[column] = numbers.reindex(counts.index)
    return counts.reset_index()


def counts_table(name: str, table: pd.DataFrame) -> Table:
    """Returns `group_counts` in the words of the page."""
    counts = group_counts(table)
    more = len(counts) - _MOST_GROUPS
    shown = counts.head(_MOST_GROUPS).copy()
    for column in ("batch", "pert_iname"):
        if column in shown and not shown[column].any():
            del shown[column]
    if "Metadata_hours" in shown:
        shown["Metadata_hours"] = [f"{h:g}" for h in shown["Metadata_hours"]]
    if "Metadata_control_type" in shown:
        shown["Metadata_control_type"] = shown["Metadata_control_type"].map(role)
    shown = shown.fillna("").replace("nan", "")
    plates = table["Metadata_Plate"].nunique()
    caption = f"{name}: {len(table):,} images on {plates} plates, by group." + (
        f" The first {_MOST_GROUPS} groups; {more} more are not shown." if more > 0 else ""
    )
    headings = _GROUP | {
        "group": "Group",
        "images": "Images",
        "wells": "Wells",
        "plates": "Plates",
        "batch": "Batches",
        "pert_iname": "Treatments",
    }
    return table_of(shown, caption, headings)


def role(control_type: Any) -> str:
    """Returns a control type in words; other words stay."""
    text = "" if pd.isna(control_type) else str(control_type)
    return ROLES.get(text, text)


def chosen_fields(table: pd.DataFrame) -> pd.DataFrame:
    """Returns one plane of each look (group without its hours), at the middle of its times."""
    by = [column for column in _group_columns(table) if column != "Metadata_hours"]
    rows = []
    for _, part in table.groupby(by, dropna=False, sort=True) if by else [((), table)]:
        if "Metadata_hours" in part and part["Metadata_hours"].notna().any():
            times = sorted(part["Metadata_hours"].dropna().unique())
            part = part[part["Metadata_hours"] == times[len(times) // 2]]
        rows.append(part.iloc[len(part) // 2])
    return pd.DataFrame(rows)


def _shown_fields(data: ReportData) -> Iterator[dict]:
    """Yields the fields of all folders, at most `_MOST_FIELDS`, folders sharing them evenly."""
    share = max(1, _MOST_FIELDS // len(data.images))
    for _, table in data.images[:_MOST_FIELDS]:
        chosen = chosen_fields(table[table["path"].notna()])
        for _, plane in chosen.head(share).iterrows():
            what = _described(plane)
            pair = field_pair(plane)
            yield {"what": what, "where": pair.where, "pictures": as_pictures(pair, what)}


def _described(plane: pd.Series) -> str:
    """Returns in words what a field shows: `AC16, 48 h, hypoxia, negative control`."""
    words = []
    for column in _GROUP:
        value = plane.get(column)
        if value is None or pd.isna(value) or str(value) == "":
            continue
        is_hours, is_role = column == "Metadata_hours", column == "Metadata_control_type"
        words.append(f"{value:g} h" if is_hours else role(value) if is_role else str(value))
    return ", ".join(words) or "the data"


def _group_columns(table: pd.DataFrame) -> list[str]:
    return [c for c in _GROUP if c in table and (table[c].fillna("").astype(str) != "").any()]
