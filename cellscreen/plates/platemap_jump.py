"""Plate maps as the JUMP consortium keeps them.

    barcode_platemap.csv      Assay_Plate_Barcode, Plate_Map_Name
    platemap/<name>.txt       well_position, broad_sample, solvent …

and tables of compounds, ORFs or guides elsewhere, joined on `broad_sample`. `mmoles_per_liter`
stays text: in published maps of this form (LINCS) it holds 0.04 to 20, the doses in µM, so its
header cannot be trusted.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen.plates.key import name_fault, plate_fault
from cellscreen.plates.platemap_cells import PLATE
from cellscreen.plates.platemap_file import FIX, MapOptions, read_map_file
from cellscreen.plates.problems import Problems
from cellscreen.plates.spreadsheet import read_cells

BARCODES, MAPS = "barcode_platemap.csv", "platemap"
MAP_NAME = "Metadata_Plate_Map_Name"
_HEADER = ("Assay_Plate_Barcode", "Plate_Map_Name")
_SUFFIXES = (".txt", ".tsv", ".csv", ".xlsx")


def read_jump_folder(
    folder: Path, options: MapOptions, compounds: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Reads the plate maps of all barcodes to a frame with a row a well of a plate.

    Args:
        folder: has `barcode_platemap.csv` and the folder `platemap`.
        options: what the maps leave unsaid.
        compounds: of `compounds.read_compounds`; None to do without.

    Raises:
        PlateTableError: the folder, a map, or what it joins is not as expected.
    """
    maps = _maps_of_barcodes(folder / BARCODES)
    read: dict[Path, pd.DataFrame] = {}
    plates = []
    for barcode, path in maps.items():
        if path not in read:
            read[path] = read_map_file(path, options, compounds)
        plates.append(read[path].assign(**{PLATE: barcode, MAP_NAME: path.stem}))
    return pd.concat(plates, ignore_index=True)


def _maps_of_barcodes(path: Path) -> dict[str, Path]:
    """Returns the file of the plate map of each barcode."""
    problems = Problems(path, FIX)
    (first, headers), *rows = read_cells(path)[0].rows.items()
    if not set(_HEADER) <= set(headers):
        expected = f"Expected the columns {', '.join(_HEADER)}; got {', '.join(headers)}."
        problems.add(expected, line=first)
        problems.raise_any()
    maps: dict[str, Path] = {}
    for line, cells in rows:
        row = dict(zip(headers, cells, strict=False))
        barcode, name = (row.get(header, "") for header in _HEADER)
        fault = plate_fault(barcode) or name_fault(name)
        found = None if fault else _map_file(path.parent / MAPS, name)
        if fault:
            problems.add(f"Expected a barcode and the name of a map ({fault}).", line=line)
        elif barcode in maps:
            problems.add("The barcode stands in an earlier line, too.", line=line, plate=barcode)
        elif found is None:
            text = f"Expected the plate map {MAPS}/{name}.txt; there is no such file."
            problems.add(text, line=line, plate=barcode)
        else:
            maps[barcode] = found
    if not rows:
        problems.add("Expected a row a plate, got a header only.")
    problems.raise_any()
    return maps


def _map_file(folder: Path, name: str) -> Path | None:
    names = [name] if Path(name).suffix in _SUFFIXES else []
    names += [name + suffix for suffix in _SUFFIXES]
    return next((folder / each for each in names if (folder / each).is_file()), None)
