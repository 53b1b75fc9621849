"""What a check writes: the plate table, counts by well, and for a deep one all of quality."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from cellscreen.atomic import replacing, write_bytes
from cellscreen.errors import PlateTableError
from cellscreen.plates.coverage import Coverage
from cellscreen.plates.table import PARQUET, write_plate_table
from cellscreen.quality.heat_maps import draw_heat_maps
from cellscreen.quality.image_quality import MEASURES
from cellscreen.quality.outliers import FLAGS
from cellscreen.quality.position_effects import all_effects
from cellscreen.quality.thumbnails import draw_thumbnails, simulated_note
from cellscreen.quality.well_quality import suspicious_wells, well_medians

QUALITY, SUSPICIOUS, EFFECTS = "quality.csv", "suspicious_wells.csv", "position_effects.csv"
WELLS, COVERAGE = "wells.csv", "coverage.csv"
HEAT_MAPS, THUMBNAILS = "heat_maps", "thumbnails"
_TEXTS = ("key", "channel", "flags", "reasons")
_UNFIT = re.compile(r"[^\w.-]+")


def write_tables(
    table: pd.DataFrame, wells: pd.DataFrame, coverage: Coverage | None, folder: Path
) -> None:
    """Writes what indexes and headers tell.

    Args:
        table: the plate table, to `plate_table.parquet`.
        wells: of `plate_wells.count_wells`, to `wells.csv`.
        coverage: of the join with a plate map, to `coverage.csv`.
        folder: is made if it is not there.
    """
    write_plate_table(table, folder / PARQUET)
    _write_csv(wells.reset_index(), folder / WELLS)
    if coverage is not None:
        frame = coverage.frame()
        for name in ("without_map", "without_images", "duplicates"):
            frame[name] = frame[name].map(" ".join)
        _write_csv(frame, folder / COVERAGE)


def write_quality(table: pd.DataFrame, quality: pd.DataFrame, folder: Path) -> None:
    """Writes `quality.csv`, suspicious wells, position effects, heat maps and thumbnails.

    Args:
        table: the plate table.
        quality: of `well_quality.quality_table`, with the index of `table`.
        folder: is made if it is not there.
    """
    medians, wells = well_medians(quality), suspicious_wells(quality)
    note = simulated_note(table)
    _write_csv(quality, folder / QUALITY)
    _write_csv(wells, folder / SUSPICIOUS)
    _write_csv(all_effects(medians), folder / EFFECTS)
    for (plate, channel), rows in medians.groupby(level=[0, 1]):
        picture = draw_heat_maps(rows.droplevel([0, 1]), f"{plate} {channel}{note}")
        if picture is not None:
            write_bytes(folder / HEAT_MAPS / f"{_file_name(str(plate), str(channel))}.png", picture)
    for plate, rows in table.groupby("Metadata_Plate"):
        picture = draw_thumbnails(rows, quality.loc[rows.index], wells)
        if picture is not None:
            write_bytes(folder / THUMBNAILS / f"{_file_name(str(plate))}.png", picture)


def read_quality(path: str | Path) -> pd.DataFrame:
    """Reads a `quality.csv`, every name as text and "" where it is blank.

    Raises:
        PlateTableError: it cannot be read, or lacks a column.

    Example:
        >>> bad = read_quality("checked/quality.csv").query("flags != ''")  # doctest: +SKIP
    """
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        needed = [*_TEXTS, "empty", *MEASURES]
        missing = [name for name in needed if name not in frame]
        if missing:
            raise ValueError(f"{', '.join(missing)} is missing")
        for name in MEASURES:
            frame[name] = pd.to_numeric(frame[name].where(frame[name] != ""))
    except (OSError, ValueError) as error:
        raise PlateTableError(
            f"Expected a table of image quality; got one that cannot be read ({error}).",
            file=path,
            fix="Write it again with cellscreen check --deep --output.",
        ) from error
    unknown = set(frame["flags"].str.split(";").explode()) - {"", *FLAGS}
    if unknown:
        raise PlateTableError(
            f"Expected the flags {', '.join(FLAGS)}; got {', '.join(sorted(unknown))}.", file=path
        )
    return frame.assign(empty=frame["empty"] == "True")


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.6g")


def _file_name(*parts: str) -> str:
    return "_".join(_UNFIT.sub("-", part) for part in parts if part)
