"""Reads existing label images: TIFF, PNG or OME-Zarr labels, CellProfiler's object images."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from cellscreen.cells.place import Place
from cellscreen.errors import ConfigError, ImageError
from cellscreen.images.header import MAX_PIXELS
from cellscreen.images.reading import read_image

_NAMES = ("plate", "well", "site")
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SAVE = "In CellProfiler: ConvertObjectsToImage as uint16, then SaveImages with 16 bits, TIFF."


def label_path(template: str, place: Place) -> Path:
    """Fills a template of paths.

    Args:
        template: as `labels/{plate}/{well}_{site}.tif`.
        place: the field.

    Raises:
        ConfigError: another name in braces, or one that this field has no value for.

    Example:
        >>> label_path("out/{plate}/{well}_{site}.tif", Place("P1", "A01", "2")).as_posix()
        'out/P1/A01_2.tif'
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in _NAMES or not getattr(place, name):
            raise ConfigError(
                f"Expected {{plate}}, {{well}} or {{site}} in {template!r}; got {{{name}}}"
                + (", which this field does not have." if name in _NAMES else "."),
                **place.named(),
            )
        return getattr(place, name)

    return Path(re.sub(r"\{([^}]*)\}", value, template))


def read_labels(path: str | Path, shape: tuple[int, int], place: Place | None = None) -> np.ndarray:
    """Reads a label image of a field.

    Args:
        path: of 8, 16 or 32 bits, one page. Numbers may have gaps.
        shape: height and width of the field.
        place: the field, named in errors.

    Returns:
        `(height, width)` whole numbers as stored, 0 the ground.

    Raises:
        ImageError: the file is missing or damaged, of another size than the field, in colours,
            of numbers with fractions, below 0, or compressed with losses.

    Example:
        >>> read_labels("A01_1_nuclei.tif", (1080, 1080)).max()  # doctest: +SKIP
        188
    """
    path, named = Path(path), (place or Place()).named(file=path)
    if path.suffix.lower() in (".jpg", ".jpeg", ".jxl"):
        raise ImageError("Expected TIFF or PNG: JPEG changes numbers.", **named, fix=_SAVE)
    if not path.exists():
        raise ImageError(
            "The field's label image is missing.",
            **named,
            fix="Correct the template, or segment the field by another method.",
        )
    labels = _wide_tiff(path, named)
    if labels is None:
        labels = read_image(path, plate=named["plate"], well=named["well"])
    if labels.ndim != 2:
        raise ImageError("Expected a gray label image; it is in colours.", **named, fix=_SAVE)
    if labels.shape != tuple(shape):
        raise ImageError(
            f"Expected labels of {shape[1]}×{shape[0]} pixels, as the field; got "
            f"{labels.shape[1]}×{labels.shape[0]}.",
            **named,
            fix="Save them at the size of the images.",
        )
    if labels.dtype.kind == "i" and labels.min(initial=0) < 0:
        raise ImageError(f"Expected numbers of 0 and more; got {labels.min()}.", **named)
    return labels


def _wide_tiff(path: Path, named: dict[str, Any]) -> np.ndarray | None:
    """The pixels of a TIFF of more than 16 bits; None for any other file, which others read."""
    if path.is_dir():
        return None
    with path.open("rb") as file:
        if file.read(4) not in _TIFF:
            return None
    try:
        with tifffile.TiffFile(path) as tiff:
            page: Any = tiff.pages[0]
            kind, bits = np.dtype(page.dtype).kind, page.bitspersample
            if kind in "ui" and bits <= 16 and str(page.dtype) != "int16":
                return None
            _check_wide(tiff, page, named)
            return page.asarray(maxworkers=1)
    except (tifffile.TiffFileError, ValueError, OSError, KeyError, IndexError) as error:
        raise ImageError(f"The TIFF cannot be read: {error}.", **named) from error


def _check_wide(tiff: tifffile.TiffFile, page: Any, named: dict[str, Any]) -> None:
    if np.dtype(page.dtype).kind not in "ui":
        text = f"Expected whole numbers as labels; the TIFF holds {page.dtype}."
        raise ImageError(text, **named, fix=_SAVE)
    if len(tiff.pages) != 1:
        raise ImageError(f"Expected one label image; got {len(tiff.pages)} pages.", **named)
    if page.imagewidth * page.imagelength > MAX_PIXELS:
        promised = f"{page.imagewidth}×{page.imagelength}"
        raise ImageError(f"The header promises {promised} pixels.", **named)
