"""Reads the index of one Harmony measurement: `Index.idx.xml`, `Index.ref.xml` or `Index.xml`.

Up to V5 every `Image` carries its channel's name, pixel size and exposure; later ones keep them
once, by `ChannelID`, in `Maps/Map/Entry` (or in `Channel`). Both are read from every version.
"""

from __future__ import annotations

import logging
import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import pandas as pd

from cellscreen.errors import PlateTableError
from cellscreen.plates.export_rows import well_of
from cellscreen.plates.harmony_flatfield import flatfield_json
from cellscreen.plates.problems import Problems
from cellscreen.plates.xml_stream import elements, local_name, root_of

LOGGER = logging.getLogger(__name__)
VERSIONS = (1, 5, 7)
_ROOT = "EvaluationInputData"
_VERSION = re.compile(r"HarmonyV(\d+)")
_KEY = {
    "FieldID": "Metadata_Site",
    "PlaneID": "Metadata_Plane",
    "TimepointID": "Metadata_Timepoint",
    "ChannelID": "channel_id",
}
_MICRO = {"m": 1e6, "mm": 1e3, "um": 1.0, "µm": 1.0, "nm": 1e-3}
_SECONDS = {"s": 1.0, "ms": 1e-3}
_QUANTITIES = {
    "ImageResolutionX": ("pixel_size_um", _MICRO, "m"),
    "PositionX": ("position_x_um", _MICRO, "m"),
    "PositionY": ("position_y_um", _MICRO, "m"),
    "PositionZ": ("position_z_um", _MICRO, "m"),
    "ExposureTime": ("exposure_s", _SECONDS, "s"),
    "MeasurementTimeOffset": ("elapsed_hours", {"s": 1 / 3600, "ms": 1 / 3.6e6}, "s"),
}
_TEXTS = {"ChannelName": "channel", "State": "state", "URL": "url"}
_SIXTEEN_BITS = 65535
_COLUMNS = ("url", "state", "Metadata_Well", *_KEY.values(), "channel", "page", "sensor_max")
_COLUMNS = (*_COLUMNS, *(column for column, _, _ in _QUANTITIES.values()))


@dataclass(frozen=True)
class HarmonyIndex:
    """What one index says.

    Attributes:
        file: the index.
        plate: the plate's name in the index; "" if it has none.
        started: when the measurement began, as the index writes it; "" if it does not.
        images: a row an image: `url`, `state`, `Metadata_Well`, `_Site`, `_Plane`, `_Timepoint`,
            `channel`, `channel_id`, `page`, the quantities of `columns.MICROSCOPE`, `flatfield`.
    """

    file: Path
    plate: str
    started: str
    images: pd.DataFrame


def read_index(path: Path, problems: Problems) -> HarmonyIndex:
    """Reads an index in one pass; memory goes with the number of images, not of bytes.

    Args:
        path: the index.
        problems: gets images whose place cannot be read.

    Raises:
        PlateTableError: the file is no XML (see `xml_stream`), or no Harmony index.
    """
    _check_root(path)
    header: dict[str, str] = {}
    shared: dict[str, dict[str, object]] = {}
    images: dict[str, list[object]] = {name: [] for name in _COLUMNS}
    for element in elements(path, ("Image", "Entry", "Channel", "Plate")):
        name = local_name(element.tag)
        if name == "Plate":
            header |= {local_name(child.tag): _text(child) for child in element}
        elif name == "Image" and len(element):
            _add_image(element, images, path, problems)
        elif name != "Image":
            _describe_channel(element, shared, path, problems)
    told = {name: cells for name, cells in images.items() if any(c is not None for c in cells)}
    table = _with_shared(pd.DataFrame(told), shared)
    plate = header.get("Name") or header.get("PlateID") or ""
    return HarmonyIndex(path, plate, header.get("MeasurementStartTime", ""), table)


def _check_root(path: Path) -> None:
    root = root_of(path)
    found = _VERSION.search(root.tag)
    if local_name(root.tag) != _ROOT:
        raise PlateTableError(
            f"Expected a Harmony index, with <{_ROOT}> outside; got <{local_name(root.tag)}>.",
            file=path,
        )
    version = found[1] if found else "unknown"
    if version not in map(str, VERSIONS):
        LOGGER.warning("%s: Harmony version %s has not been tried; read like V7.", path, version)


def _add_image(
    element: Element, images: dict[str, list[object]], path: Path, problems: Problems
) -> None:
    """Adds the values of one `Image` to the columns, or a problem if its place cannot be read."""
    row, column = "", ""
    values: dict[str, object] = {"url": "", "state": ""}
    for child in element:
        name = local_name(child.tag)
        if name == "Row":
            row = _text(child)
        elif name == "Col":
            column = _text(child)
        elif name in _KEY:
            values[_KEY[name]] = _text(child)
        else:
            _take(child, name, values, path, problems)
    try:
        values["Metadata_Well"] = well_of(_whole(row), _whole(column))
        for name in ("Metadata_Site", "Metadata_Plane", "Metadata_Timepoint", "channel_id"):
            text = values.get(name, "")
            required = name == "Metadata_Site"
            values[name] = sys.intern(str(_whole(str(text)))) if text or required else ""
    except ValueError as error:
        url = values["url"] or "(no URL)"
        text = (
            f"Image {url}: expected row, column, field, plane, timepoint and channel, each {error}."
        )
        problems.add(text, file=path)
        return
    for name, cells in images.items():
        cells.append(values.get(name))


def _take(
    child: Element, name: str, values: dict[str, object], path: Path, problems: Problems
) -> None:
    """Takes what is known of one child of an `Image` or of a channel's description."""
    try:
        if name in _TEXTS:
            values[_TEXTS[name]] = _text(child)
        if name == "URL" and child.get("BufferNo"):
            values["page"] = _whole(str(child.get("BufferNo")))
        elif name == "MaxIntensity":
            # V7 counts the levels: 65536, which no 16-bit pixel can hold.
            values["sensor_max"] = min(_whole(_text(child)), _SIXTEEN_BITS)
        elif name in _QUANTITIES:
            column, units, usual = _QUANTITIES[name]
            values[column] = _quantity(_text(child), units, child.get("Unit") or usual)
    except ValueError as error:
        problems.add(f"Expected {name} to be {error}.", file=path)


def _describe_channel(
    element: Element, shared: dict[str, dict[str, object]], path: Path, problems: Problems
) -> None:
    """Adds one `Entry` or `Channel` to what is known of its channel; the first word counts."""
    children = {local_name(child.tag): child for child in element}
    channel = element.get("ChannelID") or element.get("id") or ""
    if "ChannelID" in children:
        channel = _text(children["ChannelID"])
    values: dict[str, object] = {}
    for name, child in children.items():
        if name == "FlatfieldProfile":
            values["flatfield"] = _flatfield(_text(child), channel, path)
        elif name not in ("State", "URL"):
            _take(child, name, values, path, problems)
    if channel.isdecimal():
        known = shared.setdefault(str(int(channel)), {})
        known |= {name: value for name, value in values.items() if name not in known}


def _with_shared(images: pd.DataFrame, shared: Mapping[str, dict[str, object]]) -> pd.DataFrame:
    """Fills what an image does not say itself from its channel's description."""
    if images.empty:
        return images
    for name in dict.fromkeys(name for values in shared.values() for name in values):
        by_channel = {channel: values.get(name) for channel, values in shared.items()}
        common = images["channel_id"].map(by_channel)
        images[name] = (
            images[name].where(images[name].notna(), common) if name in images else common
        )
    return images


def _flatfield(text: str, channel: str, path: Path) -> str | None:
    try:
        return flatfield_json(text)
    except ValueError as error:
        LOGGER.warning(
            "%s: the flat-field profile of channel %s cannot be read: %s.", path, channel, error
        )
        return None


def _quantity(text: str, units: Mapping[str, float], unit: str) -> float:
    if unit not in units:
        raise ValueError(f"in {' or '.join(units)}; got {unit!r}")
    try:
        value = float(text) * units[unit]
    except ValueError:
        raise ValueError(f"a number; got {text!r}") from None
    return value if math.isfinite(value) else math.nan


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"a whole number; got {text!r}")
    return int(text)


def _text(element: Element) -> str:
    return sys.intern((element.text or "").strip())
