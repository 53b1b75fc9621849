"""From images to wells: typical values, counts of flags, and the wells to look at."""

from __future__ import annotations

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.key import image_key
from cellscreen.quality.image_quality import MEASURES
from cellscreen.quality.outliers import FLAGS, flag_images
from cellscreen.quality.pixel_checks import UNREADABLE
from cellscreen.quality.plate_wells import WELL

SUSPICIOUS = [*WELL, "images", "flagged", "flags", "reasons"]
_CHANNEL = ["Metadata_Plate", "channel"]
_REASONS = 3  # of a well that are told


def quality_table(measured: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Returns the quality of every row of a plate table.

    Args:
        measured: of `pixel_checks.check_pixels`; its index is that of `table`.
        table: the plate table; rows that `measured` lacks have the reason in `problem`, and get
            NaN and the flag `unreadable`.

    Returns:
        A row an image plane: `key` (see `plates.key.image_key`), `Metadata_Plate`, `_Well`,
        `_Site`, `_Plane`, `_Timepoint`, `channel`, where the table has it `Metadata_simulated`, the
        measures of `ImageQuality`, `empty`, `flags` (with `;`, of `outliers.FLAGS`) and `reasons`.
    """
    named = [name for name in (*columns.PLANE, columns.SIMULATED) if name in table]
    rows = table[named].join(measured[[*MEASURES, "empty", UNREADABLE]])
    rows = rows.astype(dict.fromkeys(MEASURES, float))
    rows["empty"] = rows["empty"].eq(True)
    rows[UNREADABLE] = rows[UNREADABLE].fillna(table[columns.PROBLEM])
    keys = [image_key(*values) for values in rows[list(columns.KEY)].astype(str).to_numpy()]
    rows.insert(0, "key", keys)
    return flag_images(rows).drop(columns=UNREADABLE)


def well_medians(quality: pd.DataFrame) -> pd.DataFrame:
    """Returns the median of each measure over the images of a plate, channel and well.

    Args:
        quality: of `quality_table`.

    Returns:
        By (plate, channel, well): the measures, and `flagged`, the share of images with a flag.
    """
    by = [*_CHANNEL, "Metadata_Well"]
    shares = quality.assign(flagged=quality["flags"] != "").groupby(by)["flagged"].mean()
    return quality.groupby(by)[list(MEASURES)].median().join(shares)


def channel_summary(quality: pd.DataFrame) -> pd.DataFrame:
    """Returns a row a plate and channel: images, flagged ones, and the median of each measure."""
    grouped = quality.assign(flagged=quality["flags"] != "").groupby(_CHANNEL, sort=False)
    counts = grouped["flagged"].agg(images="size", flagged="sum")
    return counts.join(grouped[list(MEASURES)].median()).reset_index()


def suspicious_wells(quality: pd.DataFrame) -> pd.DataFrame:
    """Lists the wells with flagged images, those with the largest share of them first.

    Args:
        quality: of `quality_table`.

    Returns:
        `Metadata_Plate`, `Metadata_Well`, `images`, `flagged` (how many of them), `flags` (each
        with its number of images and channels) and `reasons` (of the first images).
    """
    images = quality.groupby(list(WELL)).size()
    flagged = quality[quality["flags"] != ""]
    rows = []
    for _, found in flagged.groupby(list(WELL), sort=False):
        plate, well = found[list(WELL)].iloc[0]
        reasons = [f"{_place(row)}: {row['reasons']}" for row in found.to_dict("records")]
        told = " ".join(reasons[:_REASONS])
        rows.append((plate, well, images[plate, well], len(found), _flags(found), told))
    wells = pd.DataFrame(rows, columns=SUSPICIOUS)
    share = -(wells["flagged"] / wells["images"])
    return wells.loc[share.sort_values(kind="stable").index].reset_index(drop=True)


def _flags(found: pd.DataFrame) -> str:
    told = []
    for flag in FLAGS:
        having = found[found["flags"].str.split(";").map(lambda flags, flag=flag: flag in flags)]
        if len(having):
            channels = [name for name in sorted(having["channel"].unique()) if name]
            told.append(f"{flag} {len(having)}" + (f" ({', '.join(channels)})" if channels else ""))
    return ", ".join(told)


def _place(row: dict) -> str:
    names = ("Metadata_Site", "Metadata_Plane", "Metadata_Timepoint")
    parts = [f"{name[9:].lower()} {row[name]}" for name in names if row[name]]
    return " ".join([*parts, row["channel"]]).strip()
