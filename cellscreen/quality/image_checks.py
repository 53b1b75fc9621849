"""Can every image be read, and do its size and type fit the others: by the headers alone."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from cellscreen.errors import ImageError
from cellscreen.images import reading
from cellscreen.images.planes import stack_files
from cellscreen.plates.folders import is_image
from cellscreen.quality.findings import Finding, of_row, of_rows
from cellscreen.quality.pixel_checks import told
from cellscreen.quality.reading_pool import Row, Watch, in_threads, unwatched

HEADER = ["width", "height", "channels", "dtype"]
NO_BIT_DEPTH = (
    "16-bit file without bit_depth: the camera's full range cannot be guessed. "
    "State it (8 to 16) by --bit_depth, or in a column bit_depth of images.csv."
)


def read_headers(
    table: pd.DataFrame, watch: Watch = unwatched
) -> tuple[pd.DataFrame, list[Finding]]:
    """Reads the header of every image.

    Args:
        table: a plate table.
        watch: is handed the results as they come and their number, and yields them on.

    Returns:
        The table with the columns `width` and `height` (pixels), `channels` and `dtype`, without
        the images that cannot be read; and an error for each of those.
    """
    headers, findings = [], []
    rows = table.to_dict("records")
    for row, header in watch(in_threads(_header, rows), len(rows)):
        if isinstance(header, ImageError):
            findings.append(of_row("error", told(header), row))
            header = (None,) * len(HEADER)
        headers.append(header)
    frame = pd.DataFrame(headers, columns=HEADER, index=table.index)
    readable = frame["width"].notna()
    return table[readable].join(frame[readable].convert_dtypes()), findings


def check_headers(images: pd.DataFrame) -> list[Finding]:
    """Checks that the images of a plate go together, and that 16-bit files say their bit depth."""
    wide = images["dtype"] != "uint8"
    stated = images["bit_depth"].notna()
    if "sensor_max" in images:
        stated |= images["sensor_max"].notna()
    named = images["channel"] != ""
    findings = of_rows("error", NO_BIT_DEPTH, images[wide & ~stated & ~named])
    findings += _without_ceiling(images[wide & ~stated & named])
    too_deep = images[~wide & (images["bit_depth"] > 8).fillna(False)]
    findings += of_rows(
        "warning", "8-bit file with a bit_depth above 8: it comes out dark.", too_deep
    )
    for _, rows in images.groupby("Metadata_Plate"):
        findings += _odd_sizes(rows)
        for _, plane in rows.groupby("channel"):
            findings += _odd_types(plane)
    return findings


def kind(channels: int, dtype: str) -> str:
    """Returns `gray uint8`, `RGB uint16` … as people call it."""
    return f"{'gray' if channels == 1 else 'RGB'} {dtype}"


def unlisted_images(folder: Path, table: pd.DataFrame) -> list[Finding]:
    """Returns a note on image files below `folder` that are in no row of the table."""
    listed = set(table["path"])
    root = os.path.abspath(folder)
    unlisted = sorted(
        path
        for parent, _, names in os.walk(root)
        for path in (os.path.join(parent, name) for name in names if is_image(Path(name)))
        if path not in listed
    )
    if not unlisted:
        return []
    text = f"Image files in the folder but in no row of the table: {len(unlisted)}, this one first."
    return [Finding("note", text, file=unlisted[0])]


def _without_ceiling(images: pd.DataFrame) -> list[Finding]:
    """Fluorescence has the scale of its plate, so that it can do without the full range."""
    text = (
        "16-bit files without bit_depth or a sensor's maximum: saturation is undefined, and only a "
        "scale of the plate's own fits (--scale=plate or negcon of `cellscreen build`). "
        "State --bit_depth if you know it."
    )
    plates = sorted(images["Metadata_Plate"].unique())
    return [Finding("warning", text, plate=str(plate)) for plate in plates]


def _odd_sizes(rows: pd.DataFrame) -> list[Finding]:
    """Images of a plate (all channels) that have another size than most of it."""
    sizes = rows["width"].astype(str) + "x" + rows["height"].astype(str)
    usual = sizes.value_counts().index[0]
    findings = []
    for size, odd in rows[sizes != usual].groupby(sizes):
        text = f"Size {size} px, where most of the plate has {usual}: one plate, one size."
        findings += of_rows("error", text, odd)
    return findings


def _odd_types(plane: pd.DataFrame) -> list[Finding]:
    """Images of a plate's channel that have another type or bit depth than most of it."""
    depths = plane["bit_depth"].astype("string").fillna("")
    kinds = pd.Series(map(kind, plane["channels"], plane["dtype"]), index=plane.index)
    kinds += (" of " + depths + " bits").where(depths != "", "")
    usual = kinds.value_counts().index[0]
    findings = []
    for odd, rows in plane[kinds != usual].groupby(kinds):
        channel = plane["channel"].iloc[0]
        where = f"of channel {channel}" if channel else "of the plate"
        text = f"Type {odd}, where most {where} is {usual}: brightness does not compare."
        findings += of_rows("warning", text, rows)
    return findings


def _header(row: Row) -> tuple[int, int, int, str]:
    path, page = stack_files(row)[0]
    header = reading.read_header(path, page=page)
    return header.width, header.height, header.channels, np.dtype(header.dtype).name
