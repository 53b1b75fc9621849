"""Is everything there: columns, values, channels of a site, sites of a well; and spelt one way."""

from __future__ import annotations

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.columns import CONDITION, CONTROL_TYPE
from cellscreen.quality.design_checks import BATCH, COMPOUND, HOURS, LINE
from cellscreen.quality.findings import Finding, of_wells

_SPELT = ("Metadata_Plate", LINE, BATCH, COMPOUND)
_USUAL_SHARE = 0.75
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
    findings = []
    for column, need in _NEEDS.items():
        name = column.removeprefix(columns.PREFIX)
        if column not in table:
            findings.append(Finding("note", f"No column {name}: needed for {need}."))
        elif column in (LINE, CONDITION, HOURS, BATCH):
            blank = table[table[column].isna() | (table[column] == "")]
            findings += of_wells("warning", f"No {name}: needed for {need}.", blank)
    for _, rows in table.groupby("Metadata_Plate"):
        findings += _missing_channels(rows)
    return findings + _missing_sites(table)


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
    sites = rows[list(columns.KEY)].drop_duplicates()
    for channel in sorted(rows["channel"].unique()):
        having = rows[rows["channel"] == channel].set_index(list(columns.KEY)).index
        lacking = sites[~sites.set_index(list(columns.KEY)).index.isin(having)]
        for site in lacking.to_dict("records"):
            text = f"Channel {channel or '(no name)'} is missing at site {site['Metadata_Site']}."
            place = site["Metadata_Plate"], site["Metadata_Well"]
            findings.append(Finding("warning", text, plate=place[0], well=place[1]))
    return findings


def _missing_sites(table: pd.DataFrame) -> list[Finding]:
    """Wells with fewer sites than most of their plate, if sites do not vary by design."""
    control = table[CONTROL_TYPE] if CONTROL_TYPE in table else pd.Series("", index=table.index)
    findings = []
    for _, alike in table.groupby(control):
        sites = alike.groupby(["Metadata_Plate", "Metadata_Well"])["Metadata_Site"].nunique()
        usual = sites.groupby("Metadata_Plate").transform(lambda counts: counts.mode().iloc[-1])
        if (sites == usual).mean() < _USUAL_SHARE:
            continue
        counted = pd.DataFrame({"sites": sites, "usual": usual})[sites < usual].reset_index()
        for row in counted.to_dict("records"):
            text = f"{row['sites']} of the {row['usual']} sites that most wells of the plate have."
            place = row["Metadata_Plate"], row["Metadata_Well"]
            findings.append(Finding("warning", text, plate=place[0], well=place[1]))
    return findings
