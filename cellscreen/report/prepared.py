"""What was measured of prepared plates, and the wells that a check found suspicious."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.images.flatfield import ILLUMINATION
from cellscreen.images.scale_file import FILE, read_scales
from cellscreen.plates.table import PARQUET, read_parquet
from cellscreen.quality.quality_files import SUSPICIOUS

HOME = "plate_table"  # of a prepared plate's folder
_WELLS = ["Metadata_Plate", "Metadata_Well", "images", "flagged", "flags", "reasons"]


@dataclasses.dataclass(frozen=True)
class PreparedPlate:
    """What `cellscreen build` measured of one plate.

    Attributes:
        name: the plate.
        table: its plate table.
        lights: the light that was estimated, by channel: `(height, width)` float, mean 1.
        scales: a row a channel: `channel, low, high, low_percent, high_percent, of, images,
            stretched`; no row if the full range counts.
    """

    name: str
    table: pd.DataFrame
    lights: dict[str, np.ndarray]
    scales: pd.DataFrame


@dataclasses.dataclass(frozen=True)
class Check:
    """What `cellscreen check --deep --output` wrote.

    Attributes:
        name: of its folder.
        table: the plate table.
        wells: the suspicious wells, of `well_quality.suspicious_wells`, as texts.
    """

    name: str
    table: pd.DataFrame
    wells: pd.DataFrame


def read_prepared(root: str | Path) -> list[PreparedPlate]:
    """Reads the plates of a root folder, as given to `cellscreen build --data_dir`.

    Raises:
        DataError: there is no prepared plate, or an estimated light cannot be read.
        PlateTableError: a plate table or scale cannot be read.
    """
    homes = sorted(path.parent for path in Path(root).glob(f"*/{HOME}/{PARQUET}"))
    if not homes:
        raise DataError(
            "Expected prepared plates below this folder; there is none.",
            file=root,
            fix="Give the --data_dir of `cellscreen build`.",
        )
    return [_read_plate(home) for home in homes]


def read_check(folder: str | Path) -> Check:
    """Reads the suspicious wells of a deep check.

    Raises:
        DataError: the folder has none.
        PlateTableError: its plate table cannot be read.
    """
    folder = Path(folder)
    try:
        wells = pd.read_csv(folder / SUSPICIOUS, dtype=str, keep_default_na=False)
        missing = [name for name in _WELLS if name not in wells]
        if missing:
            raise ValueError(f"{', '.join(missing)} is missing")
    except (OSError, ValueError) as error:
        raise DataError(
            f"Expected a table of suspicious wells; it cannot be read ({error}).",
            file=folder / SUSPICIOUS,
            fix="Write it with `cellscreen check --deep --output`.",
        ) from error
    return Check(folder.name or str(folder), read_parquet(folder / PARQUET), wells[_WELLS])


def _read_plate(home: Path) -> PreparedPlate:
    table = read_parquet(home / PARQUET)
    scales = read_scales(home / FILE) if (home / FILE).is_file() else []
    name = home.parent.name
    return PreparedPlate(name, table, _lights(home, table), pd.DataFrame(scales))


def _lights(home: Path, table: pd.DataFrame) -> dict[str, np.ndarray]:
    """The functions that lie beside the plate; those of an export are not ours to draw."""
    lights: dict[str, np.ndarray] = {}
    if ILLUMINATION not in table:
        return lights
    for channel, path in table[["channel", ILLUMINATION]].drop_duplicates().itertuples(index=False):
        # The folder may have moved since: the end of the path still holds.
        here = home.joinpath(*Path(path).parts[-3:]) if path else home
        if here.is_file():
            lights[str(channel)] = _read_light(here)
    return lights


def _read_light(path: Path) -> np.ndarray:
    try:
        light = np.load(path, allow_pickle=False)
        if light.ndim != 2 or not (light > 0).all():
            raise ValueError(f"an array of {light.shape}, or not above 0")
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"Expected the light of a plate as .npy; it cannot be read ({error}).",
            file=path,
            fix="Prepare the plate again.",
        ) from error
    return light
