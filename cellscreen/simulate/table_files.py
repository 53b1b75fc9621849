"""Layouts that a table describes: `load_data.csv`, DeepProfiler's `index.csv`, `images.csv`."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cellscreen.atomic import write_bytes
from cellscreen.simulate.hcs_cells import draw_hcs_scene
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_plate import HcsField, hcs_fields
from cellscreen.simulate.hcs_render import vignette
from cellscreen.simulate.hcs_tables import of_well, write_table

PathOf = Callable[[HcsConfig, HcsField, int], str]
INPUTS = "inputs"


def plain_path(config: HcsConfig, field: HcsField, channel: int) -> str:
    """Returns `<plate>/<well>_<site>_<channel>.tif`, a common template."""
    name = config.assay.channels[channel].name
    return f"{field.well.plate}/{field.well.well}_{field.site}_{name}.tif"


def deepprofiler_path(config: HcsConfig, field: HcsField, channel: int) -> str:
    """Returns the path of an image below DeepProfiler's project folder."""
    return f"{INPUTS}/images/{plain_path(config, field, channel)}"


def write_images_csv(config: HcsConfig, folder: Path) -> None:
    """Writes `images.csv`, a row an image."""
    rows = [
        {"path": plain_path(config, field, number), "channel": channel.name}
        | of_well(config, field.well, field.site)
        | {"bit_depth": config.bit_depth, "simulated": True}
        for field in hcs_fields(config)
        for number, channel in enumerate(config.assay.channels)
    ]
    write_table(pd.DataFrame(rows), folder / "images.csv")


def write_load_data(
    config: HcsConfig, folder: Path, csv_folder: Path, path_of: PathOf, plate: str = ""
) -> None:
    """Writes `load_data.csv`, and `load_data_with_illum.csv` with the true illumination functions.

    Args:
        config: the simulation.
        folder: the simulation's folder.
        csv_folder: where the tables go. Paths are relative to it where it is `folder`; else they
            are absolute, as CPJUMP1's are.
        path_of: the path of an image below `folder`.
        plate: only this plate; all of them if empty.
    """
    names = [channel.name for channel in config.assay.channels]
    rows = []
    for field in hcs_fields(config):
        if plate and field.well.plate != plate:
            continue
        row: dict[str, object] = {}
        for number, name in enumerate(names):
            image = folder / path_of(config, field, number)
            row[f"FileName_Orig{name}"] = image.name
            row[f"PathName_Orig{name}"] = _folder(image, csv_folder)
        rows.append(row | _metadata(config, field))
    table = pd.DataFrame(rows)
    write_table(table, csv_folder / "load_data.csv")
    for number, name in enumerate(names):
        path = folder / "illum" / f"SIM_Illum{name}.npy"
        write_bytes(path, _npy(vignette(config, number)))
        table[f"FileName_Illum{name}"] = path.name
        table[f"PathName_Illum{name}"] = _folder(path, csv_folder)
    write_table(table, csv_folder / "load_data_with_illum.csv")


def write_deepprofiler(config: HcsConfig, folder: Path) -> None:
    """Writes `inputs/metadata/index.csv`, and the cells' true places in `inputs/locations`."""
    rows = []
    for field in hcs_fields(config):
        images = {
            channel.name: plain_path(config, field, number)
            for number, channel in enumerate(config.assay.channels)
        }
        rows.append(_metadata(config, field) | images)
        scene = draw_hcs_scene(config, field)
        centres = scene.centres[scene.inside(config.size_px) & ~scene.dead]
        columns = [f"Nuclei_Location_Center_{axis}" for axis in "XY"]
        well = field.well
        path = folder / INPUTS / "locations" / well.plate / f"{well.well}-{field.site}-Nuclei.csv"
        write_table(pd.DataFrame(centres.round(2), columns=columns), path)
    write_table(pd.DataFrame(rows), folder / INPUTS / "metadata" / "index.csv")


def _metadata(config: HcsConfig, field: HcsField) -> dict[str, object]:
    known = of_well(config, field.well, field.site)
    first = {"plate": "Plate", "well": "Well", "site": "Site"}
    named = {f"Metadata_{first.get(name, name)}": value for name, value in known.items()}
    return named | {"Metadata_bit_depth": config.bit_depth, "Metadata_simulated": True}


def _folder(path: Path, csv_folder: Path) -> str:
    """Returns the folder of a file as a table in `csv_folder` says it."""
    inside = path.is_relative_to(csv_folder)
    return os.path.relpath(path.parent, csv_folder) if inside else os.path.abspath(path.parent)


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()
