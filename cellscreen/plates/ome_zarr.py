"""Reads plates of the OME-Zarr HCS layout, versions 0.1 to 0.5: `<plate>.zarr/<row>/<col>/<field>`.

The metadata are small JSON files (`.zattrs` and `.zarray`, or `zarr.json`), read here without the
library zarr; only pixels need it (see `zarr_plane`). Each time, channel and z of a field is a row:
`path` is the array of full size, `page` counts its planes as they are stored, from 0. A site is the
number in its field's name, kept as it is: many plates begin with 0.

A field that is listed but not there stays, with a `problem` (see `usable`).
"""

from __future__ import annotations

import logging
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.export_rows import check_one_folder, finish_rows
from cellscreen.plates.problems import Problems
from cellscreen.plates.well_parts import well_from
from cellscreen.plates.zarr_metadata import ZarrArray, group_attributes, read_array, step_into

LOGGER = logging.getLogger(__name__)
ACQUISITION = "Metadata_acquisition"
ABSENT = "listed in the plate, the field is absent"
_NUMBERED = re.compile(r"[A-Za-z_-]*(\d+)", re.ASCII)
_OLD_AXES = ("t", "c", "z", "y", "x")
_UM = {"micrometer": 1.0, "micron": 1.0, "nanometer": 1e-3, "millimeter": 1e3, "meter": 1e6}


class _Image(NamedTuple):
    """What the metadata of one field say: its axes but for y and x, and its channels."""

    array: ZarrArray
    axes: tuple[str, ...]
    labels: list[str]
    pixel_size_um: float


class _Field(NamedTuple):
    """One field of view and where it stands."""

    folder: Path
    well: str
    site: str
    acquisition: str


def ome_zarr_sign(folder: Path) -> str | None:
    """Returns what shows that a folder is or holds OME-Zarr plates, None if nothing does."""
    plates = _plates(folder)
    if not plates:
        return None
    more = f" and {len(plates) - 1} more" if len(plates) > 1 else ""
    return f"the OME-Zarr plate {plates[0].name}{more}"


def read_ome_zarr(folder: Path) -> pd.DataFrame:
    """Reads OME-Zarr plates to a plate table.

    Args:
        folder: a plate (`….zarr`), or a folder of plates.

    Raises:
        PlateTableError: metadata cannot be read or lead out of the plate, a well is none, or two
            plates have one name; all of it is told together.

    Example:
        >>> read_ome_zarr(Path("BR00116991.zarr"))  # doctest: +SKIP
    """
    problems = Problems(folder, fix="Write the plate again, or mend its metadata.")
    rows: list[dict[str, object]] = []
    homes = []
    for plate in _plates(folder):
        metadata = group_attributes(plate)["plate"]
        name = _name(plate, metadata)
        homes.append((name, plate))
        rows += [{"Metadata_Plate": name, **row} for row in _rows(plate, metadata, problems)]
    check_one_folder(homes, problems)
    table = finish_rows(pd.DataFrame(rows), problems)
    is_one = ACQUISITION in table and table[ACQUISITION].nunique() == 1
    return table.drop(columns=ACQUISITION) if is_one else table


def _plates(folder: Path) -> list[Path]:
    """Returns the folder if it is a plate, else the plates in it."""
    if "plate" in group_attributes(folder):
        return [folder]
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir() and entry.name[0] != ".")
    return [folder / name for name in names if "plate" in group_attributes(folder / name)]


def _name(plate: Path, metadata: Any) -> str:
    named = metadata.get("name") if isinstance(metadata, dict) else None
    file = Path(os.path.abspath(plate)).name
    return str(named or file.removesuffix(".zarr").removesuffix(".ome"))


def _rows(plate: Path, metadata: Any, problems: Problems) -> Iterator[dict[str, object]]:
    """Yields the rows of a plate; those of absent fields have the channels of the others."""
    absent: list[_Field] = []
    channels: dict[str, None] = {}
    fields = list(_fields(plate, metadata, problems))
    for field in fields:
        try:
            image = _image(field.folder)
        except ValueError as error:
            problems.add(f"Expected an OME-Zarr image; got {error}.", file=field.folder)
            continue
        if image is None:
            absent.append(field)
            continue
        for row in _planes(image):
            channels[str(row["channel"])] = None
            yield {**_key(field), **row, columns.PROBLEM: ""}
    if len({field.acquisition for field in fields}) > 1:
        LOGGER.warning("%s: several acquisitions; the fields of each are sites.", plate)
    for field in absent:
        for channel in channels or ("",):
            yield {**_key(field), "path": "", "channel": channel, columns.PROBLEM: ABSENT}


def _fields(plate: Path, metadata: Any, problems: Problems) -> Iterator[_Field]:
    """Yields the fields that the plate and its wells list."""
    try:
        wells = [str(well["path"]) for well in metadata["wells"]]
    except (KeyError, TypeError):
        problems.add("Expected the metadata of a plate with wells, each with a path.", file=plate)
        return
    for path in wells:
        try:
            folder = step_into(plate, path, plate)
            row, _, column = path.strip("/").partition("/")
            well = well_from(row, column)
            images = group_attributes(folder)["well"]["images"]
            for image in images:
                place = step_into(folder, str(image["path"]), plate)
                site = _site(str(image["path"]))
                yield _Field(place, well, site, str(image.get("acquisition", "")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            text = f"Expected a well like A/1 with its images; got {path!r} ({error})."
            problems.add(text, file=plate)


def _site(name: str) -> str:
    found = _NUMBERED.fullmatch(name)
    if not found:
        raise ValueError(f"expected the number of a field; got {name!r}")
    return str(int(found[1]))


def _key(field: _Field) -> dict[str, object]:
    key: dict[str, object] = {"Metadata_Well": field.well, "Metadata_Site": field.site}
    return key | ({ACQUISITION: field.acquisition} if field.acquisition else {})


def _image(folder: Path) -> _Image | None:
    """Returns what the metadata of a field say; None where it, or its array, is absent.

    Raises:
        ValueError: the metadata are not those of an image.
    """
    attributes = group_attributes(folder)
    if not attributes:
        return None
    try:
        multiscale = attributes["multiscales"][0]
        dataset = multiscale["datasets"][0]
        axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in _axes(multiscale)]
        channels = attributes.get("omero", {}).get("channels", [])
        labels = [str(channel.get("label") or "") for channel in channels]
        steps = dataset.get("coordinateTransformations", [])
        scales = [step["scale"][-1] for step in steps if step.get("type") == "scale"]
        names = tuple(str(axis["name"]) for axis in axes)
        path = str(dataset["path"])
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"no multiscales with datasets ({error!r})") from error
    array = read_array(step_into(folder, path, folder))
    if array is None:
        return None
    if len(array.shape) != len(names) or names[-2:] != ("y", "x"):
        raise ValueError(f"the axes {', '.join(names)} of an array {array.shape}")
    factor = _UM.get(str(axes[-1].get("unit")), math.nan)
    return _Image(array, names[:-2], labels, float(scales[0]) * factor if scales else math.nan)


def _axes(multiscale: dict[str, Any]) -> Any:
    return multiscale.get("axes") or _OLD_AXES


def _planes(image: _Image) -> Iterator[dict[str, object]]:
    """Yields a row for each plane of an array, in the order they are stored."""
    sizes = dict(zip(image.axes, image.array.shape[:-2], strict=True))
    for page in range(math.prod(sizes.values())):
        place, rest = {}, page
        for axis, size in reversed(sizes.items()):
            rest, place[axis] = divmod(rest, size)
        number = place.get("c", 0)
        label = image.labels[number] if number < len(image.labels) else ""
        yield {
            "path": str(image.array.path),
            "page": page,
            "channel": label or f"C{number + 1:02d}",
            "Metadata_Plane": str(place["z"] + 1) if "z" in place else "",
            "Metadata_Timepoint": str(place["t"] + 1) if "t" in place else "",
            "pixel_size_um": image.pixel_size_um,
        }
