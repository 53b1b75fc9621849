"""What a folder of images holds and whether it can be worked with: counts, then findings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.columns import CONDITION, CONTROL_TYPE
from cellscreen.plates.groups import row_groups
from cellscreen.plates.usable import usable
from cellscreen.quality.completeness import (
    check_missing,
    check_spelling,
    check_twice,
    check_unusable,
)
from cellscreen.quality.design_checks import (
    BATCH,
    COMPOUND,
    HOURS,
    LINE,
    check_classes,
    check_controls,
    culture_names,
    is_vehicle,
    labelled_rows,
)
from cellscreen.quality.findings import LEVELS, Finding
from cellscreen.quality.image_checks import (
    check_headers,
    kind,
    read_headers,
    unlisted_images,
)
from cellscreen.quality.pixel_checks import check_pixels
from cellscreen.quality.plate_wells import count_wells
from cellscreen.quality.reading_pool import Watch, unwatched
from cellscreen.quality.well_quality import quality_table

ITEM = {LINE: "cell line", HOURS: "hours", CONDITION: "condition", CONTROL_TYPE: "control"}


@dataclass(frozen=True)
class Inventory:
    """What was found; every frame can be printed as it is.

    Attributes:
        totals: counts of images, wells, plates, batches, and of simulated images.
        groups: a row for each cell line, time, condition and control type that occurs.
        plates: a row a plate: what it holds, and how much of it is missing.
        wells: by plate and well, of `plate_wells.count_wells`.
        sizes: a row for each channel, image size, type and bit depth that occurs.
        classes: a row for each culture and class, with the groups that folds are made of.
        compounds: a row for each cell line and batch of a screen.
        findings: errors first.
        quality: of `well_quality.quality_table`, if all images were decoded.
    """

    totals: dict[str, int]
    groups: pd.DataFrame
    plates: pd.DataFrame
    wells: pd.DataFrame
    sizes: pd.DataFrame
    classes: pd.DataFrame
    compounds: pd.DataFrame
    findings: tuple[Finding, ...]
    quality: pd.DataFrame | None = None

    @property
    def is_usable(self) -> bool:
        """Whether nothing is an error."""
        return all(finding.level != "error" for finding in self.findings)


def take_inventory(
    table: pd.DataFrame,
    label_column: str | None = None,
    group_by: str = "well",
    deep: bool = False,
    watch: Watch = unwatched,
    folder: Path | None = None,
) -> Inventory:
    """Looks at every image of a plate table and at the design behind them.

    Args:
        table: a plate table.
        label_column: the column of the classes; None: `condition`, leaving out a screen's wells.
        group_by: what is never in two folds; see `plates.groups.row_groups`.
        deep: also decode every image, check its values and measure its quality.
        watch: shows progress; see `pixel_checks.check_pixels`.
        folder: is searched for images that are in no row.

    Raises:
        ConfigError: `label_column` or `group_by` is no column of the table.
    """
    design = check_classes(table, label_column, group_by) + check_controls(table)
    design += check_missing(table) + check_spelling(table) + check_twice(table)
    design += check_unusable(table)
    if folder is not None:
        design += unlisted_images(folder, table)
    images, findings = read_headers(usable(table), watch)
    findings += check_headers(images)
    quality = None
    if deep:
        measured, found = check_pixels(images, watch)
        quality = quality_table(measured, table, _unread(table, findings))
        findings += found
    wells = count_wells(table)
    return Inventory(
        totals=_totals(table),
        groups=_groups(table),
        plates=_plates(table, wells),
        wells=wells,
        sizes=_sizes(images),
        classes=_classes(table, label_column, group_by),
        compounds=_compounds(table),
        findings=tuple(sorted(findings + design, key=lambda found: LEVELS.index(found.level))),
        quality=quality,
    )


def _unread(table: pd.DataFrame, findings: list[Finding]) -> pd.Series:
    """Why images could not be decoded: a problem of the index, or what their header said."""
    told = {finding.file: finding.text for finding in findings if finding.level == "error"}
    noted = table[columns.PROBLEM].fillna("") if columns.PROBLEM in table else ""
    reasons = table["path"].map(told).fillna("")
    return reasons.where(reasons != "", noted)


def _totals(table: pd.DataFrame) -> dict[str, int]:
    totals = {
        "images": len(table),
        "wells": row_groups(table, "well").nunique(),
        "plates": table["Metadata_Plate"].nunique(),
    }
    if BATCH in table:
        totals["batches"] = table[BATCH].nunique()
    if columns.SIMULATED in table:
        totals["simulated"] = int(table[columns.SIMULATED].sum())
    return totals


def _groups(table: pd.DataFrame) -> pd.DataFrame:
    """Counts per cell line x hours x condition x control type, of those that are there."""
    rows = table.assign(well=row_groups(table, "well"))
    by = [name for name in ITEM if name in table]
    counted = []
    for values, part in rows.groupby(by, dropna=False) if by else [((), rows)]:
        counts = part.groupby("well").size()
        named = {ITEM[name]: value for name, value in zip(by, values, strict=True)}
        counted.append(
            named
            | {"wells": len(counts), "images": len(part), "images a well": _range(counts)}
            | {"plates": part["Metadata_Plate"].nunique()}
            | ({"batches": part[BATCH].nunique()} if BATCH in table else {})
        )
    return pd.DataFrame(counted)


def _plates(table: pd.DataFrame, wells: pd.DataFrame) -> pd.DataFrame:
    """What each plate holds and lacks."""
    counted = []
    for plate, rows in table.groupby("Metadata_Plate", sort=False):
        of_wells = wells.loc[plate]
        channels = sorted(rows["channel"].unique())
        counted.append(
            {
                "plate": plate,
                "wells": len(of_wells),
                "images": int(of_wells["images"].sum()),
                "sites a well": _range(rows.groupby("Metadata_Well")["Metadata_Site"].nunique()),
                "channels": " ".join(channels) if any(channels) else "",
                "planes": rows["Metadata_Plane"].nunique(),
                "times": rows["Metadata_Timepoint"].nunique(),
                "sites lacking": int(of_wells["lacking"].sum()),
                "unusable": int(of_wells["unusable"].sum()),
            }
        )
    return pd.DataFrame(counted)


def _sizes(images: pd.DataFrame) -> pd.DataFrame:
    if images.empty:
        return pd.DataFrame()
    described = pd.DataFrame(
        {
            "channel": images["channel"],
            "size (px)": images["width"].astype(str) + " x " + images["height"].astype(str),
            "type": list(map(kind, images["channels"], images["dtype"])),
            "bit depth": images["bit_depth"].astype("string").fillna(""),
            "plates": images["Metadata_Plate"],
        }
    )
    by = list(described.columns[:-1])
    sizes = described.groupby(by)["plates"].agg(images="size", plates="nunique").reset_index()
    return sizes if (sizes["channel"] != "").any() else sizes.drop(columns="channel")


def _classes(table: pd.DataFrame, label_column: str | None, group_by: str) -> pd.DataFrame:
    rows = labelled_rows(table, label_column)
    groups = row_groups(rows, group_by)
    named = pd.DataFrame({"culture": culture_names(rows), "class": rows["label"], "group": groups})
    counted = named.groupby(["culture", "class"])["group"].agg(images="size", groups="nunique")
    return counted.reset_index().rename(columns={"groups": f"groups by {group_by}"})


def _compounds(table: pd.DataFrame) -> pd.DataFrame:
    """Compounds and vehicle wells of a screen, per cell line and batch."""
    if CONTROL_TYPE not in table or COMPOUND not in table:
        return pd.DataFrame()
    rows = table.assign(well=row_groups(table, "well"))
    rows = rows.assign(**{name: "" for name in (LINE, BATCH) if name not in table})
    counted = []
    for (line, batch), part in rows.groupby([LINE, BATCH]):
        treated = part[part[CONTROL_TYPE] == "trt"]
        if treated.empty:
            continue
        of_compound = treated.groupby(COMPOUND)
        counted.append(
            {
                "cell line": line,
                "batch": batch,
                "compounds": of_compound.ngroups,
                "images a compound": _range(of_compound.size()),
                "wells a compound": _range(of_compound["well"].nunique()),
                "vehicle wells": part.loc[is_vehicle(part), "well"].nunique(),
            }
        )
    return pd.DataFrame(counted)


def _range(counts: pd.Series) -> str:
    low, high = counts.min(), counts.max()
    return f"{low}" if low == high else f"{low}-{high}"
