"""Attention maps and galleries as PNG files, and the same inside the page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cellscreen.atomic import write_bytes
from cellscreen.explain.composite import scale_bar
from cellscreen.report.section import Picture

_DPI = 100
_COLOURS = "plasma"  # dark blue to bright yellow, as MID's Fig. 3b; readable without red and green
_HIGH = 99.0
_JPEG_QUALITY = 88
_STYLE = {"font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": 10}


def attention_png(
    picture: np.ndarray, cells: pd.DataFrame, measure: str, um_per_px: float | None, title: str
) -> bytes:
    """Draws cells as dots over their field, the brighter, the more the net attends to them.

    Args:
        picture: `(height, width, 3)` uint8, the field.
        cells: a row a cell: `x_px`, `y_px` and the measure, 1 being the mean of its bag; cells
            without one are drawn as crosses.
        measure: the column that is drawn.
        um_per_px: side of a pixel, for the scale bar; None where it is not known.
        title: above the field.

    Returns:
        The PNG's bytes, the same for the same field.
    """
    height, width = picture.shape[:2]
    side = 6.4
    values = cells[measure].to_numpy(float)
    known = ~np.isnan(values)
    top = float(np.percentile(values[known], _HIGH)) if known.any() else 2.0
    with matplotlib.rc_context(_STYLE):
        made = Figure((side + 1.3, side * height / width + 0.5), dpi=_DPI, layout="constrained")
        axes = made.subplots()
        axes.imshow(picture, interpolation="nearest")
        unknown = cells[~known]
        axes.plot(unknown["x_px"], unknown["y_px"], "x", color="white", markersize=4)
        dots = axes.scatter(
            cells["x_px"][known],
            cells["y_px"][known],
            c=values[known],
            cmap=_COLOURS,
            vmin=0,
            vmax=max(top, 1.0),
            s=34,
            edgecolors="black",
            linewidths=0.8,
        )
        made.colorbar(dots, ax=axes, fraction=0.046, label="Attention (1: mean of the bag)")
        _finish(axes, (height, width), um_per_px, title)
        return _png(made)


def sheet_png(
    sheet: np.ndarray, crop_size: int, um_per_px: float | None, title: str, scale: int = 1
) -> bytes:
    """Draws a sheet of crops with a title and a scale bar as long as fits into one crop.

    Args:
        sheet: `(height, width, 3)` uint8, of `cell_gallery.montage`.
        crop_size: side of a crop, px.
        um_per_px: side of a pixel; None where it is not known.
        title: above the sheet.
        scale: how many times larger each pixel is drawn.
    """
    height, width = (side * scale for side in sheet.shape[:2])
    with matplotlib.rc_context(_STYLE):
        made = Figure((max(width, 420) / _DPI, (height + 30) / _DPI), dpi=_DPI)
        made.text(0.005, 1 - 4 / (height + 30), title, va="top", ha="left")
        left = made.add_axes((0, 0, width / max(width, 420), height / (height + 30)))
        left.imshow(sheet, interpolation="nearest", aspect="auto")
        left.set_axis_off()
        _bar(left, crop_size, crop_size, um_per_px)
        return _png(made)


def write_png(data: bytes, folder: Path, name: str) -> Path:
    """Writes a PNG into a folder, whole or not at all; returns its path."""
    path = folder / f"{name}.png"
    write_bytes(path, data)
    return path


def page_picture(data: bytes, alt: str) -> Picture:
    """A PNG as the page holds it: a JPEG inside, a fraction of its size.

    Args:
        data: the PNG's bytes.
        alt: its content in words.
    """
    image = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    uri = f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode('ascii')}"
    return Picture(uri, alt, image.shape[1], image.shape[0])


def _finish(axes: Axes, size: tuple[int, int], um_per_px: float | None, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_xlim(-0.5, size[1] - 0.5)
    axes.set_ylim(size[0] - 0.5, -0.5)
    axes.set_axis_off()
    _bar(axes, size[1], size[0], um_per_px)


def _bar(axes: Axes, width: int, height: int, um_per_px: float | None) -> None:
    """A white bar with its length, dark-edged, at the lower left of an area of that size."""
    length, text = scale_bar(width, um_per_px)
    left, thick = 0.04 * width, max(1.0, 0.012 * height)
    top = 0.95 * height - thick
    bar = Rectangle((left, top), length, thick, facecolor="white", edgecolor="black", linewidth=0.5)
    axes.add_patch(bar)
    written = axes.text(
        left, top - 0.015 * height, text, color="white", va="bottom", fontsize=8, parse_math=False
    )
    written.set_bbox({"facecolor": "black", "alpha": 0.55, "pad": 1.0, "linewidth": 0})


def _png(made: Figure) -> bytes:
    buffer = io.BytesIO()
    made.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()
