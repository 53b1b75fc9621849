"""Reads plate maps: what is in each well, whatever the laboratory keeps it in.

Three kinds, found by looking: a JUMP folder (`platemap_jump`), a list with a row a well
(`platemap_list`) and pictures of the plate, a block a variable (`platemap_grid`), the last two as
CSV, TSV or XLSX. All become one frame with a row a well: `Metadata_Plate` ("" holds for every
plate), `Metadata_Well` (A01), `Metadata_pert_iname`, `Metadata_concentration_um` (float, where the
map has concentrations), `Metadata_control_type`, `Metadata_control_word` (the source's own word)
and every other column as text. `platemap_join` brings it together with the images.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cellscreen.errors import PlateTableError
from cellscreen.plates.compounds import read_compounds
from cellscreen.plates.platemap_file import MapOptions, read_map_file
from cellscreen.plates.platemap_jump import BARCODES, read_jump_folder


def read_platemap(
    path: str | Path, options: MapOptions | None = None, compounds: Sequence[str | Path] = ()
) -> pd.DataFrame:
    """Reads a plate map, or the plate maps of a JUMP folder.

    Args:
        path: a file (.csv, .tsv, .txt, .xlsx), or a folder with `barcode_platemap.csv`.
        options: what the map leaves unsaid; the default leaves nothing to a rule.
        compounds: tables of compounds, ORFs or guides, joined on `broad_sample`.

    Returns:
        A row a well, as the module says, in the order of the map.

    Raises:
        PlateTableError: something cannot be read, or cannot be right; all problems of a file are
            told together, with line or cell, plate and well.

    Example:
        >>> read_platemap("map.xlsx", MapOptions(ControlRules("DMSO")))  # doctest: +SKIP
    """
    path, options = Path(path), options or MapOptions()
    tables = read_compounds(compounds) if compounds else None
    if not path.is_dir():
        return read_map_file(path, options, tables)
    if not (path / BARCODES).is_file():
        raise PlateTableError(
            f"Expected a plate map, or a folder with {BARCODES}; the folder has none.", file=path
        )
    return read_jump_folder(path, options, tables)
