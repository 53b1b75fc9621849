"""Can every image be read, and do its size and type fit the others: headers, or all pixels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from cellscreen.errors import ImageError
from cellscreen.images import reading
from cellscreen.plates.folders import is_image
from cellscreen.quality.findings import Finding, of_row, of_rows

Result = TypeVar("Result")
Row = dict[Any, Any]
Watch = Callable[[Iterable[Any], int], Iterable[Any]]
HEADER = ["width", "height", "channels", "dtype"]
THREADS = 8
NO_BIT_DEPTH = (
    "16-bit file without bit_depth: the camera's full range cannot be guessed. "
    "State it (8 to 16) in a column bit_depth of images.csv."
)


def unwatched(items: Iterable[Any], total: int) -> Iterable[Any]:
    """The `Watch` that shows no progress."""
    del total
    return items


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
    for row, header in watch(_in_threads(_header, table), len(table)):
        if isinstance(header, ImageError):
            findings.append(of_row("error", _text(header), row))
            header = (None,) * len(HEADER)
        headers.append(header)
    frame = pd.DataFrame(headers, columns=HEADER, index=table.index)
    readable = frame["width"].notna()
    return table[readable].join(frame[readable].convert_dtypes()), findings


def check_headers(images: pd.DataFrame) -> list[Finding]:
    """Checks that the images of a plate go together, and that 16-bit files say their bit depth."""
    wide = images["dtype"] != "uint8"
    stated = images["bit_depth"].notna()
    findings = of_rows("error", NO_BIT_DEPTH, images[wide & ~stated])
    too_deep = images[~wide & (images["bit_depth"] > 8).fillna(False)]
    findings += of_rows(
        "warning", "8-bit file with a bit_depth above 8: it comes out dark.", too_deep
    )
    for plate, rows in images.groupby("Metadata_Plate"):
        findings += _odd_sizes(rows)
        for _, plane in rows.groupby("channel"):
            kinds = sorted(set(map(kind, plane["channels"], plane["dtype"])))
            if len(kinds) > 1:
                text = f"Images of several types in one channel: {', '.join(kinds)}."
                findings.append(Finding("warning", text, plate=str(plate)))
    return findings


def kind(channels: int, dtype: str) -> str:
    """Returns `gray uint8`, `RGB uint16` … as people call it."""
    return f"{'gray' if channels == 1 else 'RGB'} {dtype}"


def check_pixels(images: pd.DataFrame, watch: Watch = unwatched) -> list[Finding]:
    """Decodes every image; checks its values against its bit depth and for copies.

    Args:
        images: rows of a plate table whose headers were read.
        watch: as for `read_headers`.
    """
    findings: list[Finding] = []
    first_with: dict[str, Row] = {}
    for row, result in watch(_in_threads(_pixels, images), len(images)):
        if isinstance(result, ImageError):
            findings.append(of_row("error", _text(result), row))
            continue
        digest, is_flat = result
        if is_flat:
            findings.append(of_row("warning", "All pixels have one value: an empty image.", row))
        twin = first_with.setdefault(digest, row)
        if twin is not row and not is_flat:
            text = f"The same pixels as {twin['path']}: one of them is in the wrong place."
            findings.append(of_row("warning", text, row))
    return findings


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


def _odd_sizes(rows: pd.DataFrame) -> list[Finding]:
    """Images of a plate (all channels) that have another size than most of it."""
    sizes = rows["width"].astype(str) + "x" + rows["height"].astype(str)
    usual = sizes.value_counts().index[0]
    findings = []
    for size, odd in rows[sizes != usual].groupby(sizes):
        text = f"Size {size} px, where most of the plate has {usual}: one plate, one size."
        findings += of_rows("error", text, odd)
    return findings


def _in_threads(
    read: Callable[[Row], Result], table: pd.DataFrame
) -> Iterator[tuple[Row, Result | ImageError]]:
    """Yields every row with what `read` returned for it, or with the ImageError it raised."""

    def attempt(row: Row) -> tuple[Row, Result | ImageError]:
        try:
            return row, read(row)
        except ImageError as error:
            return row, error

    pool = ThreadPoolExecutor(THREADS)
    try:
        yield from pool.map(attempt, table.to_dict("records"))
    finally:
        pool.shutdown(cancel_futures=True)


def _header(row: Row) -> tuple[int, int, int, str]:
    header = reading.read_header(row["path"])
    return header.width, header.height, header.channels, np.dtype(header.dtype).name


def _pixels(row: Row) -> tuple[str, bool]:
    """Returns the digest of an image's pixels and whether they all have one value."""
    place = {"plate": row["Metadata_Plate"], "well": row["Metadata_Well"]}
    image = reading.read_image(row["path"], **place)
    depth: int | None = None if pd.isna(row["bit_depth"]) else int(row["bit_depth"])
    if image.dtype == np.uint8 or depth is not None:
        reading.check_bit_depth(image, depth, file=row["path"], **place)
    digest = hashlib.blake2b(repr((image.shape, image.dtype.name)).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest(), bool(image.min() == image.max())


def _text(error: ImageError) -> str:
    return f"{error.problem} {error.fix}".strip()
