"""The paths of one image or function in a LoadData file: name and folder, or an address."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cellscreen.plates.file_roots import FileRoots
from cellscreen.plates.load_data_header import ADDRESS, FILE, FOLDER
from cellscreen.plates.problems import Problems


def image_paths(
    cells: pd.DataFrame,
    headers: Mapping[str, str],
    sites: pd.DataFrame,
    roots: FileRoots,
    problems: Problems,
) -> pd.Series:
    """Returns the path of an image or function in every row, None where there cannot be one.

    Args:
        cells: strings, a row a site; the index is the line.
        headers: which of them hold the file's name, folder and address; {} gives "" throughout.
        sites: of `site_rows.read_site_cells`, to name plates and wells.
        roots: where paths lie.
        problems: gets cells that are no path.
    """
    if not headers:
        return pd.Series("", index=cells.index, dtype=object)
    blank = pd.Series("", index=cells.index)
    given = {kind: cells[name] for kind, name in headers.items()}
    addresses, folders = given.get(ADDRESS, blank), given.get(FOLDER, blank)
    found: list[str | None] = []
    for line, address, folder, name in zip(
        cells.index, addresses, folders, given.get(FILE, blank), strict=True
    ):
        try:
            found.append(_path(address, folder, name, roots))
        except ValueError as error:
            header = headers[ADDRESS] if address or FILE not in headers else headers[FILE]
            text = f"{folder}/{name}" if folder and not address else address or name
            problems.add_row(sites, line, f"Expected {header} to be {error}; got {text!r}.")
            found.append(None)
    return pd.Series(found, index=cells.index, dtype=object)


def _path(address: str, folder: str, name: str, roots: FileRoots) -> str:
    if address:
        return roots.place_address(address)
    if not name:
        raise ValueError("the name of a file (it is empty)")
    return roots.place(f"{folder.rstrip('/')}/{name}" if folder else name)
