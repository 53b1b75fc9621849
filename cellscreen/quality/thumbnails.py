"""Thumbnails of suspicious wells beside a usual one, on the scale of their plate and channel."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import cv2
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from cellscreen.errors import ImageError
from cellscreen.images.gray import to_gray
from cellscreen.images.planes import read_stack
from cellscreen.quality.heat_maps import as_png
from cellscreen.quality.reading_pool import in_threads

SHOWN = 12  # wells of a plate
_WRAP = 28  # characters
_SIDE = 192  # pixels of a thumbnail
_USUAL = 5  # images that a channel's scale comes from
_PERCENTILES = (1.0, 99.8)
_FIELD = ["Metadata_Well", "Metadata_Site", "Metadata_Plane", "Metadata_Timepoint"]
_STYLE = {"font.size": 8, "text.parse_math": False}


def draw_thumbnails(
    table: pd.DataFrame, quality: pd.DataFrame, wells: pd.DataFrame
) -> bytes | None:
    """Draws the worst field of each suspicious well of one plate, a row a well, channels across.

    The first row is a usual field. All pictures of a channel have the scale of its usual images
    (1st to 99.8th percentile), so that dim and glaring ones look it. Only what is shown is read.

    Args:
        table: the plate table of the plate.
        quality: of `well_quality.quality_table`, with the index of `table`.
        wells: of `well_quality.suspicious_wells`; its first 12 wells of the plate are drawn.

    Returns:
        A PNG; None where no image of the plate could be read.
    """
    plate = table["Metadata_Plate"].iloc[0]
    shown = wells[wells["Metadata_Plate"] == plate].head(SHOWN)
    channels = sorted(table["channel"].unique())
    usual = _usual_images(quality)
    if not usual:
        return None
    fields = [_usual_field(quality, usual)]
    fields += [_worst_field(quality, well) for well in shown["Metadata_Well"]]
    wanted = table[_in_fields(table, fields) | table.index.isin(usual)]
    pictures = dict(_pictures(wanted))
    scales = {name: _scale(table, usual, pictures, name) for name in channels}
    texts = [f"usual: {_named(fields[0])}"]
    for field, flags in zip(fields[1:], shown["flags"], strict=True):
        texts.append("\n".join([_named(field), *textwrap.wrap(flags, _WRAP)]))
    what = "suspicious wells, worst field of each" if len(shown) else "no suspicious well"
    title = f"Plate {plate}: {what}"
    return _drawn(wanted, pictures, scales, fields, texts, title + simulated_note(table))


def simulated_note(table: pd.DataFrame) -> str:
    """Returns ` (simulated)` where a table says so of any image, else nothing."""
    simulated = "Metadata_simulated" in table and table["Metadata_simulated"].any()
    return " (simulated)" if simulated else ""


def _usual_images(quality: pd.DataFrame) -> list[int]:
    """Rows without a flag and with an intensity next to their channel's median, a few a channel."""
    chosen = []
    for _, rows in quality[quality["intensity"].notna()].groupby("channel"):
        good = rows[rows["flags"] == ""]
        good = good if len(good) else rows
        distance = (good["intensity"] - good["intensity"].median()).abs()
        chosen += list(distance.sort_values(kind="stable").index[:_USUAL])
    return chosen


def _usual_field(quality: pd.DataFrame, usual: list[int]) -> tuple:
    """The field of the first usual image whose field has no flag in any channel."""
    flagged = set(map(tuple, quality.loc[quality["flags"] != "", _FIELD].to_numpy()))
    fields = list(map(tuple, quality.loc[usual, _FIELD].to_numpy()))
    return next((field for field in fields if field not in flagged), fields[0])


def _worst_field(quality: pd.DataFrame, well: str) -> tuple:
    """The field of a well with most flags."""
    rows = quality[quality["Metadata_Well"] == well]
    flags = rows["flags"].str.count(";") + (rows["flags"] != "")
    fields = flags.groupby([rows[name] for name in _FIELD], sort=False).sum()
    return fields.index[int(fields.to_numpy().argmax())]


def _in_fields(table: pd.DataFrame, fields: list[tuple]) -> pd.Series:
    wanted = set(fields)
    own = map(tuple, table[_FIELD].to_numpy())
    return pd.Series([field in wanted for field in own], index=table.index, dtype=bool)


def _pictures(rows: pd.DataFrame) -> Iterator[tuple[int, np.ndarray]]:
    """Yields the index and the small gray picture of every row that can be read."""
    for row, picture in in_threads(_picture, rows.reset_index(names="_row").to_dict("records")):
        if not isinstance(picture, ImageError):
            yield row["_row"], picture


def _picture(row: dict) -> np.ndarray:
    image = to_gray(read_stack(row))
    shrink = _SIDE / max(image.shape)
    if shrink >= 1:
        return image
    size = [max(1, round(side * shrink)) for side in image.shape[::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _scale(
    table: pd.DataFrame, usual: list[int], pictures: dict[int, np.ndarray], channel: str
) -> tuple[float, float]:
    rows = [row for row in usual if row in pictures and table.at[row, "channel"] == channel]
    if not rows:
        return 0.0, 255.0
    values = np.concatenate([pictures[row].ravel() for row in rows])
    low, high = np.percentile(values, _PERCENTILES)
    return float(low), float(max(high, low + 1))


def _drawn(
    table: pd.DataFrame,
    pictures: dict[int, np.ndarray],
    scales: dict[str, tuple[float, float]],
    fields: list[tuple],
    texts: list[str],
    title: str,
) -> bytes:
    with matplotlib.rc_context(_STYLE):
        size = (1.9 * len(scales) + 2.3, 1.9 * len(fields) + 0.6)
        figure = Figure(figsize=size, layout="constrained")
        figure.suptitle(title)
        widths = {"width_ratios": [1.2] + [1] * len(scales)}
        shape = (len(fields), len(scales) + 1)
        grid = figure.subplots(*shape, squeeze=False, gridspec_kw=widths)
        for line, field, text in zip(grid, fields, texts, strict=True):
            line[0].text(0, 0.5, text, va="center", fontsize=8)
            for axes in line:
                axes.set_axis_off()
            rows = table[_in_fields(table, [field])]
            for axes, (channel, scale) in zip(line[1:], scales.items(), strict=True):
                axes.set_title(channel if text is texts[0] else "", fontsize=8)
                own = rows.index[rows["channel"] == channel]
                picture = pictures.get(own[0]) if len(own) else None
                if picture is None:
                    axes.text(0.5, 0.5, "no image", ha="center")
                else:
                    axes.imshow(picture, cmap="gray", vmin=scale[0], vmax=scale[1])
        return as_png(figure)


def _named(field: tuple) -> str:
    well, site, plane, time = field
    parts = [f"plane {plane}" if plane else "", f"time {time}" if time else ""]
    return ", ".join(part for part in (f"{well} site {site}", *parts) if part)
