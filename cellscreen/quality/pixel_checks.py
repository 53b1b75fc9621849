"""Every image decoded once: damage, copies, bit depth, and the measures of its quality."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
import pandas as pd

from cellscreen.errors import ImageError
from cellscreen.images import reading
from cellscreen.images.gray import to_gray
from cellscreen.images.levels import sensor_ceiling
from cellscreen.images.planes import read_stack
from cellscreen.images.stretched import Extremes, extremes, stretched
from cellscreen.quality.findings import Finding, of_row
from cellscreen.quality.image_quality import MEASURES, ImageQuality, measure_image
from cellscreen.quality.reading_pool import Row, Watch, in_threads, unwatched

UNREADABLE = "unreadable"


class _Pixels(NamedTuple):
    """What is kept of an image once its pixels are gone."""

    digest: str
    ends: Extremes
    quality: ImageQuality


def check_pixels(
    images: pd.DataFrame, watch: Watch = unwatched
) -> tuple[pd.DataFrame, list[Finding]]:
    """Decodes every image, measures it, and checks its values and whether it is a copy.

    Args:
        images: rows of a plate table whose headers were read.
        watch: is handed the results as they come and their number, and yields them on.

    Returns:
        The rows with the columns of `ImageQuality` and `unreadable` (why, "" where it was read,
        else all measures are NaN); and what was found.
    """
    measured: list[dict] = []
    findings: list[Finding] = []
    seen: list[tuple[Row, _Pixels]] = []
    rows = images.to_dict("records")
    for row, result in watch(in_threads(_look, rows), len(rows)):
        if isinstance(result, ImageError):
            findings.append(of_row("error", told(result), row))
            measured.append({"empty": False, UNREADABLE: result.problem})
        else:
            seen.append((row, result))
            measured.append(vars(result.quality) | {UNREADABLE: ""})
    names = [*MEASURES, "empty", UNREADABLE]
    frame = pd.DataFrame(measured, columns=names, index=images.index)
    return images.join(frame), findings + _copies(seen) + _stretched(seen)


def told(error: ImageError) -> str:
    """The text of an error apart from its place, which the finding has."""
    return f"{error.problem} {error.fix}".strip()


def _look(row: Row) -> _Pixels:
    image = read_stack(row)
    depth: int | None = None if pd.isna(row["bit_depth"]) else int(row["bit_depth"])
    if image.dtype == np.uint8 or depth is not None:
        place = {"plate": row["Metadata_Plate"], "well": row["Metadata_Well"]}
        reading.check_bit_depth(image, depth, file=row["path"], **place)
    digest = hashlib.blake2b(repr((image.shape, image.dtype.name)).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(image).data)
    quality = measure_image(image, sensor_ceiling(row, image.dtype))
    return _Pixels(digest.hexdigest(), extremes(to_gray(image)), quality)


def _copies(seen: list[tuple[Row, _Pixels]]) -> list[Finding]:
    """Images of one value throughout, and others with the pixels of an earlier one."""
    findings = []
    first_with: dict[str, Row] = {}
    for row, pixels in seen:
        if pixels.ends.lowest == pixels.ends.highest:
            findings.append(of_row("warning", "All pixels have one value: an empty image.", row))
            continue
        twin = first_with.setdefault(pixels.digest, row)
        if twin is not row:
            text = f"The same pixels as {twin['path']}: one of them is in the wrong place."
            findings.append(of_row("warning", text, row))
    return findings


def _stretched(seen: list[tuple[Row, _Pixels]]) -> list[Finding]:
    """Plates and channels whose images were stretched one by one."""
    ends: dict[tuple[str, str], list[Extremes]] = {}
    for row, pixels in seen:
        ends.setdefault((row["Metadata_Plate"], row["channel"]), []).append(pixels.ends)
    findings = []
    for (plate, channel), of_channel in ends.items():
        if reason := stretched(of_channel):
            text = f"Channel {channel}: {reason}" if channel else reason
            findings.append(Finding("warning", text, plate=plate))
    return findings
