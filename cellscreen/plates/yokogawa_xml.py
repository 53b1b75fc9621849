"""Reads the XML files of Yokogawa's CellVoyager: `.mlf` (images), `.mrf` and `.mes` (channels)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree.ElementTree import Element

from cellscreen.plates.xml_stream import elements, local_name

IMAGE, ERROR = "IMG", "ERR"


@dataclass(frozen=True)
class Channel:
    """What is known of one channel: its dye or target, sensor and exposure."""

    name: str = ""
    pixel_size_um: float | None = None
    bit_depth: int | None = None
    exposure_s: float | None = None


def read_records(path: Path) -> Iterator[dict[str, str]]:
    """Yields the attributes of each `MeasurementRecord` without their namespace, and its `text`.

    Raises:
        PlateTableError: the file is no XML (see `xml_stream`).
    """
    for element in elements(path, ("MeasurementRecord",)):
        yield {**_attributes(element), "text": (element.text or "").strip()}


def read_channels(details: Path | None, settings: Path | None) -> dict[str, Channel]:
    """Returns the channels by number.

    Args:
        details: the `.mrf`: pixel size and bit depth.
        settings: the `.mes`: the channels' targets, and exposures in ms.

    Raises:
        PlateTableError: a file is no XML (see `xml_stream`).
    """
    channels: dict[str, Channel] = {}
    for element in elements(details, ("MeasurementChannel",)) if details else ():
        values = _attributes(element)
        bits = values.get("InputBitDepth", "")
        channels[values.get("Ch", "")] = Channel(
            pixel_size_um=_number(values.get("HorizontalPixelDimension", "")),
            bit_depth=int(bits) if bits in map(str, range(8, 17)) else None,
        )
    for element in elements(settings, ("Channel",)) if settings else ():
        values = _attributes(element)
        milliseconds = _number(values.get("ExposureTime", ""))
        channels[values.get("Ch", "")] = replace(
            channels.get(values.get("Ch", ""), Channel()),
            name=values.get("Target") or values.get("Fluorophore") or "",
            exposure_s=None if milliseconds is None else milliseconds / 1000,
        )
    return channels


def read_names(details: Path) -> tuple[str, str]:
    """Returns the plate's name and the name of the `.mes` file that an `.mrf` tells; "" if not."""
    plate = settings = ""
    for element in elements(details, ("MeasurementSamplePlate", "MeasurementDetail")):
        values = _attributes(element)
        plate = values.get("Name", plate)
        settings = values.get("MeasurementSettingFileName", settings)
    return plate, settings


def _attributes(element: Element) -> dict[str, str]:
    return {local_name(name): value for name, value in element.attrib.items()}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
