"""CPJUMP1's folders: `images/<plate>__…-MeasurementN`, `load_data_csv`, `metadata/platemaps`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from cellscreen.errors import PlateTableError
from cellscreen.plates.columns import HOURS, SIMULATED
from cellscreen.plates.controls import ControlRules
from cellscreen.plates.platemap import read_platemap
from cellscreen.plates.platemap_file import MapOptions
from cellscreen.plates.platemap_join import join_platemap
from cellscreen.plates.read_options import ReadOptions
from cellscreen.plates.table import read_plate_table

CORE_FILE_NAME = "Metadata_CoreFileName"
# The compound plates' empty wells hold DMSO; those of ORFs and guides hold untreated cells.
RULES = MapOptions(ControlRules("DMSO", except_maps=(("*orf*", "empty"), ("*crispr*", "empty"))))
_NAME = re.compile(r"(r\d{2,}c\d{2,}f\d{2,})p\d{2,}-ch(\d+)")
_FIX = "Give --manual_dir, CPJUMP1's folder, or a folder with a plate_table.parquet."


def read_cpjump1(folder: Path, plate: str) -> pd.DataFrame:
    """Reads one plate of CPJUMP1 with its plate map.

    Channels are called as in the plate's `load_data`, where there is one, else as in its index.

    Args:
        folder: has `images/` (or `images/<batch>/images/`), and may have `load_data_csv/` and
            `metadata/`.
        plate: the barcode, `BR00116991`.

    Raises:
        PlateTableError: there is no such plate, or several measurements of it; or images, index or
            plate map cannot be read.

    Example:
        >>> read_cpjump1(Path("CPJUMP1"), "BR00116991")  # doctest: +SKIP
    """
    table = read_plate_table(_measurement(folder, plate), ReadOptions(format="harmony"))
    names = _load_data_names(folder, plate)
    if names:
        table["channel"] = [names.get(Path(path).name, old) for path, old in zip(
            table["path"], table["channel"], strict=True)]  # fmt: skip
    table = _with_experiment(table, folder, plate)
    barcodes = sorted(folder.glob("metadata/**/barcode_platemap.csv"))
    for maps in barcodes:
        if plate in maps.read_text(encoding="utf-8-sig"):
            compounds = _compound_tables(folder)
            table = join_platemap(table, read_platemap(maps.parent, RULES, compounds))[0]
    # A plate is simulated or not, whatever its wells without a compound say.
    said = table.get(SIMULATED, pd.Series(False, index=table.index)).any()
    table[SIMULATED] = bool(said) or (folder / "SIMULATED.txt").is_file()
    return table


def with_core_file_names(table: pd.DataFrame) -> pd.DataFrame:
    """Adds paper 002's key of a field, and puts channels in the order of their numbers.

    Args:
        table: a plate table of Harmony's files.

    Returns:
        The rows, channel 1 of a field first, with `Metadata_CoreFileName` (`r01c01f01`).

    Raises:
        PlateTableError: a file is not called as Harmony calls it.
    """
    found = [_NAME.match(Path(path).name) for path in table["path"]]
    for path, match in zip(table["path"], found, strict=True):
        if match is None:
            raise PlateTableError(
                "Expected a file called r01c01f01p01-ch1sk1fk1fl1.tiff.",
                file=path,
                fix="Use the dataset hcs for images that are called otherwise.",
            )
    parts = [(match[1], int(match[2])) for match in found if match]
    table = table.assign(**{CORE_FILE_NAME: [core for core, _ in parts]})
    order = pd.Series([number for _, number in parts], index=table.index)
    return table.loc[order.sort_values(kind="stable").index].reset_index(drop=True)


def _measurement(folder: Path, plate: str) -> Path:
    found = [
        path
        for pattern in ("images", "images/*/images")
        for path in sorted(folder.glob(f"{pattern}/{plate}__*"))
        if path.is_dir()
    ]
    if len(found) != 1:
        there = sorted({path.name.partition("__")[0] for path in folder.glob("images/*__*")})
        listed = ", ".join(path.name for path in found) or f"none (there are {_some(there)})"
        raise PlateTableError(
            f"Expected one measurement images/{plate}__…-MeasurementN; got {listed}.",
            file=folder,
            plate=plate,
            fix=_FIX,
        )
    return found[0]


def _with_experiment(table: pd.DataFrame, folder: Path, plate: str) -> pd.DataFrame:
    """Cell line and hours of a plate by `experiment-metadata.tsv`, where there is one."""
    for path in sorted(folder.glob("**/experiment-metadata.tsv")):
        said = pd.read_csv(path, sep="\t", dtype=str).drop_duplicates("Assay_Plate_Barcode")
        rows = said[said["Assay_Plate_Barcode"] == plate]
        for theirs, ours in (("Cell_type", "Metadata_cell_line"), ("Time", HOURS)):
            if len(rows) and theirs in rows:
                value = rows[theirs].iloc[0]
                table = table.assign(**{ours: float(value) if ours == HOURS else value})
    return table


def _load_data_names(folder: Path, plate: str) -> dict[str, str]:
    """The channel of each file by a plate's `load_data.csv`; empty where there is none."""
    names: dict[str, str] = {}
    for path in sorted(folder.glob(f"load_data_csv/**/{plate}*/load_data.csv")):
        cells = pd.read_csv(path, dtype=str)
        for column in (name for name in cells if str(name).startswith("FileName_Orig")):
            channel = str(column).removeprefix("FileName_Orig")
            names |= dict.fromkeys(cells[column].dropna(), channel)
    return names


def _compound_tables(folder: Path) -> list[Path]:
    """The tables of compounds, ORFs and guides."""
    tables = sorted(folder.glob("metadata/**/*_metadata*.tsv"))
    return [path for path in tables if "broad_sample" in pd.read_csv(path, sep="\t", nrows=0)]


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:5]) + (", …" if len(listed) > 5 else "") if listed else "no plates"
