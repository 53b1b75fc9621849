"""From a plate table as it was read to one whose images compare: planes, light, intensity scale.

Done once a plate, before conversion and before scoring, and kept beside it: the estimated light as
`.npy`, the scale as `plate_scale.csv`, the finished table as `plate_table.parquet`.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from cellscreen.atomic import write_text
from cellscreen.images.flatfield import ILLUMINATION
from cellscreen.images.illumination import with_illumination
from cellscreen.images.planes import stack_table
from cellscreen.images.plate_scale import plate_scales
from cellscreen.images.scale_file import FILE, with_scale, write_scales
from cellscreen.plates.table import read_parquet, write_plate_table
from cellscreen.plates.usable import usable_plates
from cellscreen.records.table_fingerprint import table_fingerprint

LOGGER = logging.getLogger(__name__)
TABLE, SAID = "plate_table.parquet", "preparation.json"
FLATFIELD = "flatfield"


@dataclass(frozen=True)
class Preparation:
    """How a plate's images are made comparable."""

    z: str = "max"  # planes of a stack: max (projection), focus (the sharpest), or a plane's name
    flatfield: Literal["stated", "estimate", "none"] = "stated"  # light: the export's, ours, none
    scale: Literal["full", "plate", "negcon"] = "full"  # 8 bits of: bit depth, plate, its controls


def prepare_plate(table: pd.DataFrame, preparation: Preparation, folder: Path) -> pd.DataFrame:
    """Prepares the images of one plate; a second call with the same takes up what the first left.

    Args:
        table: the plate's rows; images with a `problem` are left out.
        preparation: what is wanted.
        folder: the plate's folder for what is measured.

    Returns:
        A row an image, with `stack`, `illumination`, `low` and `high` where they apply.

    Raises:
        PlateTableError: planes or controls are missing.
        ImageError: an image cannot be read.
    """
    table = usable_plates(table).dropna(axis="columns", how="all").reset_index(drop=True)
    said = json.dumps([dataclasses.asdict(preparation), table_fingerprint(table)])
    if _says(folder / SAID, said) and (folder / TABLE).is_file():
        return read_parquet(folder / TABLE)
    table = _plain(table, preparation)
    if preparation.flatfield == "estimate":
        table = with_illumination(table, folder)
    if preparation.scale != "full":
        scales = plate_scales(table, of=preparation.scale)
        write_scales(scales, folder / FILE)
        table = with_scale(table, scales)
    write_plate_table(table, folder / TABLE)
    write_text(folder / SAID, said)
    return read_parquet(folder / TABLE)


def prepare_plates(table: pd.DataFrame, preparation: Preparation, folder: Path) -> pd.DataFrame:
    """Prepares the images of every plate for scoring; see `prepare_plate`.

    Args:
        table: a plate table.
        preparation: what is wanted.
        folder: gets a folder a plate for what is measured; nothing where nothing is.
    """
    table = usable_plates(table)
    if preparation.flatfield != "estimate" and preparation.scale == "full":
        return _plain(table.reset_index(drop=True), preparation)
    plates = [
        prepare_plate(rows, preparation, folder / str(plate))
        for plate, rows in table.groupby("Metadata_Plate", sort=False)
    ]
    return pd.concat(plates, ignore_index=True)


def _plain(table: pd.DataFrame, preparation: Preparation) -> pd.DataFrame:
    """What follows from the table alone: planes, and whether the export's light counts."""
    if (table["Metadata_Plane"] != "").any():
        table = stack_table(table, preparation.z)
    if preparation.flatfield == "none":
        table = table.drop(columns=[FLATFIELD, ILLUMINATION], errors="ignore")
    return table


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
