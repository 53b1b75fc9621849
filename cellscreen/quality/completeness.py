"""Is everything there: columns, values, channels of a site, sites of a well; and spelt one way."""

from __future__ import annotations

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.columns import CONDITION, CONTROL_TYPE
from cellscreen.plates.usable import problems_by_well, usable
from cellscreen.quality.design_checks import BATCH, COMPOUND, HOURS, LINE
from cellscreen.quality.findings import Finding, of_rows, of_wells
from cellscreen.quality.plate_wells import WELL as _WELL
from cellscreen.quality.plate_wells import empty_places, usual_sites

_SITE = [*_WELL, "Metadata_Site", "Metadata_Timepoint"]
_SPELT = ("Metadata_Plate", LINE, BATCH, COMPOUND)
_NEEDS = {
    LINE: "training on one group and the vote",
    CONDITION: "training on hypoxia",
    HOURS: "the dataset hypoxia",
    BATCH: "the vote",
    COMPOUND: "the vote",
    CONTROL_TYPE: "the vote",
}


def check_missing(table: pd.DataFrame) -> list[Finding]:
    """Says what is not there: columns, values, channels of a site, sites of a well."""
    findings = _missing_columns(table)
    for _, rows in table.groupby("Metadata_Plate"):
        findings += _missing_channels(rows) + _missing_planes(rows) + _missing_wells(rows)
    return findings + _missing_sites(table)


def check_unusable(table: pd.DataFrame) -> list[Finding]:
    """Tells, well by well, what an index lists and nobody can use; an error if that is all."""
    findings = []
    for row in problems_by_well(table).to_dict("records"):
        of_channels = f", channels {row['channels']}" if row["channels"] else ""
        text = f"Listed, but not usable: {row['problem']} (sites {row['sites']}{of_channels})."
        place = row["Metadata_Plate"], row["Metadata_Well"]
        findings.append(Finding("warning", text, plate=place[0], well=place[1]))
    for plate in sorted(set(table["Metadata_Plate"]) - set(usable(table)["Metadata_Plate"])):
        findings.append(Finding("error", "No image of this plate can be used.", plate=plate))
    return findings


def check_twice(table: pd.DataFrame) -> list[Finding]:
    """Finds two rows of one image plane: plate, well, site, plane, time and channel."""
    keys = list(columns.PLANE)
    repeated = table[table.duplicated(keys)]
    first = table.drop_duplicates(keys).set_index(keys)["path"]
    findings = []
    for row in repeated.to_dict("records"):
        other = first[tuple(row[key] for key in keys)]
        text = "A second image of one plate, well, site, plane, time and channel; the first is "
        findings += of_rows("error", f"{text}{other}.", pd.DataFrame([row]))
    return findings


def _missing_columns(table: pd.DataFrame) -> list[Finding]:
    findings = []
    if not any(column in table for column in _NEEDS):
        text = "Nothing is known of the wells: no condition, compound or control."
        return [Finding("note", f"{text} A plate map tells it (--platemap).")]
    for column, need in _NEEDS.items():
        name = column.removeprefix(columns.PREFIX)
        if column not in table:
            findings.append(Finding("note", f"No column {name}: needed for {need}."))
        elif column in (LINE, CONDITION, HOURS, BATCH):
            blank = table[table[column].isna() | (table[column] == "")]
            findings += of_wells("warning", f"No {name}: needed for {need}.", blank)
    return findings


def check_spelling(table: pd.DataFrame) -> list[Finding]:
    """Finds names that differ in upper and lower case only: one thing that counts as two."""
    findings = []
    wells = table["Metadata_Plate"] + "/" + table["Metadata_Well"]
    names = {"well": wells} | {name: table[name] for name in _SPELT if name in table}
    for column, values in names.items():
        spelt = pd.Series(values.unique(), dtype=object)
        for _, several in spelt.groupby(spelt.str.casefold()):
            if len(several) > 1:
                name = column.removeprefix(columns.PREFIX).lower()
                text = f"One {name} in several spellings? {', '.join(sorted(several))}."
                findings.append(Finding("warning", text))
    return findings


def _missing_channels(rows: pd.DataFrame) -> list[Finding]:
    """Sites of one plate that lack a channel that the plate has."""
    findings = []
    sites = rows[_SITE].drop_duplicates()
    for channel in sorted(rows["channel"].unique()):
        having = rows[rows["channel"] == channel].set_index(_SITE).index
        for site in sites[~sites.set_index(_SITE).index.isin(having)].to_dict("records"):
            text = f"Channel {channel or '(no name)'} is missing at {_place(site)}."
            place = site["Metadata_Plate"], site["Metadata_Well"]
            findings.append(Finding("warning", text, plate=place[0], well=place[1]))
    return findings


def _missing_planes(rows: pd.DataFrame) -> list[Finding]:
    """Stacks and time series of one plate that are shorter than most of it; each channel alone."""
    counts = {"planes": (_SITE, "Metadata_Plane"), "times": (_SITE[:-1], "Metadata_Timepoint")}
    findings = []
    for name, (of, column) in counts.items():
        grouped = rows.groupby([*of, "channel"], sort=False)[column]
        found = grouped.nunique().reset_index()
        most = found.groupby("channel")[column].transform(lambda values: values.mode().max())
        for row, usual in zip(found.to_dict("records"), most, strict=True):
            if row[column] >= usual:
                continue
            where = _place(row if name == "planes" else row | {column: ""})
            where += f", channel {row['channel']}" if row["channel"] else ""
            text = f"{row[column]} of the {usual} {name} that most of the plate has ({where})."
            place = row["Metadata_Plate"], row["Metadata_Well"]
            findings.append(Finding("warning", text, plate=place[0], well=place[1]))
    return findings


def _place(row: dict) -> str:
    time = row.get("Metadata_Timepoint")
    return f"site {row['Metadata_Site']}" + (f", time {time}" if time else "")


def _missing_wells(rows: pd.DataFrame) -> list[Finding]:
    """Wells of one plate without images in the midst of those with images."""
    text = "No image of this well, though most wells around it have images."
    plate = str(rows["Metadata_Plate"].iloc[0])
    places = empty_places(rows["Metadata_Well"].unique())
    return [Finding("warning", text, plate=plate, well=well) for well in places]


def _missing_sites(table: pd.DataFrame) -> list[Finding]:
    """Wells with fewer sites than most of their plate, if sites do not vary by design."""
    sites = table.groupby(list(_WELL))["Metadata_Site"].nunique()
    counted = pd.DataFrame({"sites": sites, "usual": usual_sites(table)}).reset_index()
    findings = []
    for row in counted[counted["sites"] < counted["usual"]].to_dict("records"):
        text = f"{row['sites']} of the {row['usual']} sites that most wells of the plate have."
        place = row["Metadata_Plate"], row["Metadata_Well"]
        findings.append(Finding("warning", text, plate=place[0], well=place[1]))
    return findings
