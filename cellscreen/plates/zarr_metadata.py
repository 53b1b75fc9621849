"""The JSON files of a Zarr store, versions 2 and 3, read without the library."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellscreen.errors import PlateTableError
from cellscreen.plates.listed_files import relative_fault

LARGEST = 1 << 26  # bytes of one JSON file; a plate of 1,536 wells has a third of a megabyte


@dataclass(frozen=True)
class ZarrArray:
    """What the metadata of an array promise.

    Attributes:
        path: its folder.
        shape: of all axes; the last two are height and width in pixels.
        dtype: as NumPy calls it, like "uint16".
    """

    path: Path
    shape: tuple[int, ...]
    dtype: str


def group_attributes(folder: Path) -> dict[str, Any]:
    """Returns the OME attributes of a group, {} where the folder is none.

    Raises:
        PlateTableError: the file is there and no JSON object.
    """
    if (folder / "zarr.json").is_file():
        attributes = _read(folder / "zarr.json").get("attributes", {})
        ome = attributes.get("ome", attributes) if isinstance(attributes, dict) else {}
        return ome if isinstance(ome, dict) else {}
    if (folder / ".zattrs").is_file():
        return _read(folder / ".zattrs")
    return {}


def read_array(folder: Path) -> ZarrArray | None:
    """Returns the shape and type of an array, None where the folder is none.

    Raises:
        PlateTableError: the file is there and no JSON object.
        ValueError: it is not the metadata of an array of whole numbers of 8 or 16 bits.
    """
    if (folder / "zarr.json").is_file():
        said = _read(folder / "zarr.json")
        dtype = said.get("data_type")
    elif (folder / ".zarray").is_file():
        said = _read(folder / ".zarray")
        dtype = {"|u1": "uint8", "<u1": "uint8", "<u2": "uint16", ">u2": "uint16"}.get(
            str(said.get("dtype")), said.get("dtype")
        )
    else:
        return None
    shape = said.get("shape")
    if not isinstance(shape, list) or not all(type(n) is int and n > 0 for n in shape):
        raise ValueError(f"an array of the shape {shape!r}")
    if dtype not in ("uint8", "uint16"):
        raise ValueError(f"pixels of the type {dtype!r}; expected uint8 or uint16")
    return ZarrArray(Path(os.path.abspath(folder)), tuple(shape), str(dtype))


def step_into(folder: Path, path: str, root: Path) -> Path:
    """Returns a folder that metadata name.

    Raises:
        ValueError: it would lie, or link, outside `root`.
    """
    fault = relative_fault(path) or (None if path.strip("/") else "it is empty")
    if fault:
        raise ValueError(f"the path {path!r}: {fault}")
    below = folder / path
    real, home = os.path.realpath(below), os.path.realpath(root)
    if os.path.commonpath([real, home]) != home:
        raise ValueError(f"the path {path!r}: it is a link that leaves the plate, to {real}")
    return below


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it has more than {LARGEST} bytes")
        found = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(found, dict):
            raise ValueError("it is no JSON object")
    except (ValueError, RecursionError) as error:
        raise PlateTableError(
            f"Expected the metadata of a Zarr store; {error}.",
            file=path,
            fix="Write the plate again.",
        ) from error
    return found
