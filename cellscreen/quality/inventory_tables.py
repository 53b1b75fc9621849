"""The tables of an inventory: what there is of plates, cultures, sizes, classes and compounds."""

from __future__ import annotations

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.columns import CONDITION, CONTROL_TYPE
from cellscreen.plates.groups import row_groups
from cellscreen.quality.design_checks import (
    BATCH,
    COMPOUND,
    HOURS,
    LINE,
    culture_names,
    is_vehicle,
    labelled_rows,
)
from cellscreen.quality.image_checks import kind

ITEM = {LINE: "cell line", HOURS: "hours", CONDITION: "condition", CONTROL_TYPE: "control"}


def count_totals(table: pd.DataFrame) -> dict[str, int]:
    """Counts images, wells, plates and, where stated, batches and simulated images."""
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


def count_groups(table: pd.DataFrame) -> pd.DataFrame:
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


def count_plates(table: pd.DataFrame, wells: pd.DataFrame) -> pd.DataFrame:
    """What each plate holds and lacks; `wells` is of `plate_wells.count_wells`."""
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
                "channels": ", ".join(channels) if any(channels) else "",
                "planes": rows["Metadata_Plane"].nunique(),
                "times": rows["Metadata_Timepoint"].nunique(),
                "sites lacking": int(of_wells["lacking"].sum()),
                "unusable": int(of_wells["unusable"].sum()),
            }
        )
    return pd.DataFrame(counted)


def count_sizes(images: pd.DataFrame) -> pd.DataFrame:
    """Counts images per channel, size, type and bit depth, of a table with headers."""
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


def count_classes(table: pd.DataFrame, label_column: str | None, group_by: str) -> pd.DataFrame:
    """Counts images and groups per culture and class of a training."""
    rows = labelled_rows(table, label_column)
    groups = row_groups(rows, group_by)
    named = pd.DataFrame({"culture": culture_names(rows), "class": rows["label"], "group": groups})
    counted = named.groupby(["culture", "class"])["group"].agg(images="size", groups="nunique")
    return counted.reset_index().rename(columns={"groups": f"groups by {group_by}"})


def count_compounds(table: pd.DataFrame) -> pd.DataFrame:
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
