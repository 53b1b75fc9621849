"""The OME-Zarr layout, version 0.4: `<plate>.zarr/<row>/<column>/<site>/0`, a chunk a channel.

The store is plain JSON and zlib, written without the library; Zarr 2 and 3 read it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from cellscreen.atomic import write_text
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_plate import HcsField, HcsWell

_VERSION = "0.4"


def zarr_path(config: HcsConfig, field: HcsField, channel: int) -> str:
    """Returns the path of a channel's chunk below the simulation's folder."""
    return f"{field.well.plate}.zarr/{_place(field.well)}/{field.site}/0/{channel}/0/0"


def write_zarr_metadata(config: HcsConfig, folder: Path, wells: Sequence[HcsWell]) -> None:
    """Writes the groups and arrays of one plate, whose chunks are there.

    Args:
        config: the simulation.
        folder: the plate's, `<plate>.zarr`.
        wells: the wells of one plate.
    """
    sites = [str(site) for site in range(1, config.sites + 1)]
    _write_group(folder, {"plate": _plate(config, wells)})
    for row in sorted({_place(well).partition("/")[0] for well in wells}):
        _write_group(folder / row, None)
    for well in wells:
        place = folder / _place(well)
        images = [{"path": site, "acquisition": 0} for site in sites]
        _write_group(place, {"well": {"images": images, "version": _VERSION}})
        for site in sites:
            _write_group(place / site, _image(config))
            _write_json(place / site / "0" / ".zarray", _array(config))


def _plate(config: HcsConfig, wells: Sequence[HcsWell]) -> dict[str, object]:
    rows = list(dict.fromkeys(_place(well).partition("/")[0] for well in wells))
    columns = sorted({int(_place(well).partition("/")[2]) for well in wells})
    return {
        "name": wells[0].plate,
        "version": _VERSION,
        "field_count": config.sites,
        "acquisitions": [{"id": 0, "name": "simulated"}],
        "rows": [{"name": row} for row in rows],
        "columns": [{"name": str(column)} for column in columns],
        "wells": [
            {
                "path": _place(well),
                "rowIndex": rows.index(_place(well).partition("/")[0]),
                "columnIndex": columns.index(well.column + 1),
            }
            for well in wells
        ],
    }


def _image(config: HcsConfig) -> dict[str, object]:
    um = config.assay.um_per_px
    space = {"type": "space", "unit": "micrometer"}
    scale = {"coordinateTransformations": [{"type": "scale", "scale": [1.0, um, um]}]}
    return {
        "multiscales": [
            {
                "version": _VERSION,
                "name": "simulated",
                "axes": [
                    {"name": "c", "type": "channel"},
                    {"name": "y", **space},
                    {"name": "x", **space},
                ],
                "datasets": [{"path": "0", **scale}],
            }
        ],
        "omero": {"channels": [{"label": channel.name} for channel in config.assay.channels]},
    }


def _array(config: HcsConfig) -> dict[str, object]:
    size = config.size_px
    return {
        "zarr_format": 2,
        "shape": [len(config.assay.channels), size, size],
        "chunks": [1, size, size],
        "dtype": "<u2",
        "order": "C",
        "fill_value": 0,
        "filters": None,
        "compressor": {"id": "zlib", "level": 1},
        "dimension_separator": "/",
    }


def _write_group(folder: Path, attributes: dict[str, object] | None) -> None:
    _write_json(folder / ".zgroup", {"zarr_format": 2})
    if attributes is not None:
        _write_json(folder / ".zattrs", attributes)


def _write_json(path: Path, value: dict[str, object]) -> None:
    write_text(path, json.dumps(value, indent=1) + "\n")


def _place(well: HcsWell) -> str:
    """Returns row and column as folders, `A/1`."""
    return f"{well.well[:-2]}/{well.column + 1}"
