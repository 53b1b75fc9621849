"""Ways to lay simulated plates out on disk, each as a microscope or a tool would.

`channel_names` tells what a layout calls the channels, where it is not our name.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cellscreen.errors import ConfigError
from cellscreen.simulate.harmony_files import harmony_folder, harmony_path, write_harmony_index
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_plate import HcsField
from cellscreen.simulate.image_files import tiff_bytes, zarr_chunk
from cellscreen.simulate.imagexpress_files import imagexpress_path, write_htd
from cellscreen.simulate.table_files import (
    deepprofiler_path,
    plain_path,
    write_deepprofiler,
    write_images_csv,
    write_load_data,
)
from cellscreen.simulate.vendor_sites import wells_of_plates
from cellscreen.simulate.yokogawa_files import write_yokogawa_files, yokogawa_path
from cellscreen.simulate.zarr_files import write_zarr_metadata, zarr_path

_INCUCYTE_COLOURS = {488: "green", 561: "orange", 640: "nir", 405: "red"}


@dataclass(frozen=True)
class VendorLayout:
    """One layout.

    Attributes:
        path: path of a channel's image below the simulation's folder.
        write_index: writes what lies beside the images, into that folder.
        encode: makes the bytes of a file of an image and its µm/px.
    """

    path: Callable[[HcsConfig, HcsField, int], str]
    write_index: Callable[[HcsConfig, Path], None]
    encode: Callable[[np.ndarray, float], bytes] = tiff_bytes


def incucyte_path(config: HcsConfig, field: HcsField, channel: int) -> str:
    """Returns the path of an image in an Incucyte export, a folder a colour."""
    well = field.well
    name = f"{well.plate}_{well.well[0]}{int(well.well[1:])}_{field.site}_00d00h00m.tif"
    return f"{well.plate}/{_colours(config)[channel]}/{name}"


def channel_names(config: HcsConfig, layout: str) -> dict[str, str]:
    """Returns the name on disk of each channel and the assay's; empty where they are the same.

    Raises:
        ConfigError: the layout cannot hold the assay's channels.

    Example:
        >>> channel_names(HcsConfig(), "incucyte")
        {'red': 'DNA', 'orange': 'MMP', 'green': 'ROS'}
    """
    if layout != "incucyte":
        return {}
    names = [channel.name for channel in config.assay.channels]
    return dict(zip(_colours(config), names, strict=True))


def _colours(config: HcsConfig) -> list[str]:
    colours = [_INCUCYTE_COLOURS[channel.excitation_nm] for channel in config.assay.channels]
    if len(set(colours)) < len(colours):
        raise ConfigError(
            f"Expected channels of different colours for the layout incucyte, got those of "
            f"{config.assay.name}: {', '.join(colours)}.",
            fix="Choose another --layout, or --kind=cardiotox.",
        )
    return colours


def _no_index(config: HcsConfig, folder: Path) -> None:
    """The names say it all."""


def _harmony(config: HcsConfig, folder: Path, version: int) -> None:
    for plate, wells in wells_of_plates(config):
        write_harmony_index(config, folder / harmony_folder(plate), wells, version)


def _imagexpress(config: HcsConfig, folder: Path) -> None:
    for plate, wells in wells_of_plates(config):
        write_htd(config, folder / plate, wells)


def _yokogawa(config: HcsConfig, folder: Path) -> None:
    for plate, wells in wells_of_plates(config):
        write_yokogawa_files(config, folder / plate, wells)


def _ome_zarr(config: HcsConfig, folder: Path) -> None:
    for plate, wells in wells_of_plates(config):
        write_zarr_metadata(config, folder / f"{plate}.zarr", wells)


def _load_data(config: HcsConfig, folder: Path) -> None:
    write_load_data(config, folder, folder, plain_path)


def _cpjump1_path(config: HcsConfig, field: HcsField, channel: int) -> str:
    return f"images/{harmony_path(config, field, channel)}"


def _cpjump1(config: HcsConfig, folder: Path) -> None:
    """Writes an index a plate, and `load_data_csv/<plate>/` with absolute paths."""
    _harmony(config, folder / "images", version=5)
    for plate, _ in wells_of_plates(config):
        write_load_data(config, folder, folder / "load_data_csv" / plate, _cpjump1_path, plate)


LAYOUTS = {
    "harmony": VendorLayout(harmony_path, functools.partial(_harmony, version=5)),
    "harmony_v1": VendorLayout(harmony_path, functools.partial(_harmony, version=1)),
    "harmony_v7": VendorLayout(harmony_path, functools.partial(_harmony, version=7)),
    "cpjump1": VendorLayout(_cpjump1_path, _cpjump1),
    "imagexpress": VendorLayout(imagexpress_path, _imagexpress),
    "yokogawa": VendorLayout(yokogawa_path, _yokogawa),
    "incucyte": VendorLayout(incucyte_path, _no_index),
    "ome_zarr": VendorLayout(zarr_path, _ome_zarr, zarr_chunk),
    "load_data": VendorLayout(plain_path, _load_data),
    "deepprofiler": VendorLayout(deepprofiler_path, write_deepprofiler),
    "template": VendorLayout(plain_path, _no_index),
    "images_csv": VendorLayout(plain_path, write_images_csv),
}
"""The layouts by name, as in --layout; the template is `{plate}/{well}_{site}_{channel}.tif`."""
