"""Reads DeepProfiler's `inputs/metadata/index.csv`: a row a site, a column a channel.

A column whose cells end like images is a channel, its paths relative to `inputs/images` where the
table lies in `inputs/metadata`, else to the table's folder; `replace_root` says where else. All
other columns are metadata, whether they begin with `Metadata_` or not. A site may have letters
before its number (`f01`): then it is the number, and `Metadata_site_name` keeps its name, by which
DeepProfiler calls the file of its nuclei.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cellscreen.errors import PlateTableError
from cellscreen.plates import columns
from cellscreen.plates.delimited import Sheet, read_sheet
from cellscreen.plates.file_roots import FileRoots
from cellscreen.plates.folders import SUFFIXES
from cellscreen.plates.problems import Problems
from cellscreen.plates.site_rows import (
    SITE_KEYS,
    check_one_path,
    join_tables,
    look_for_files,
    read_site_cells,
    site_column,
    unfold,
)

NAME = "index.csv"
PLACES = ("inputs/metadata", "metadata", ".")
SITE_NAME = "Metadata_site_name"
_SITE = re.compile(r"[A-Za-z]*(\d+)", re.ASCII)
_HEAD = 1 << 16


def deepprofiler_sign(folder: Path) -> str | None:
    """Returns what shows that a folder is a DeepProfiler project, None if nothing does."""
    index = index_of(folder)
    return os.path.relpath(index, folder) if index else None


def index_of(folder: Path) -> Path | None:
    """Returns the `index.csv` of a project, or of its folder `inputs` or `metadata`."""
    for place in PLACES:
        index = folder / place / NAME
        if index.is_file() and _names_sites(index):
            return index
    return None


def read_deepprofiler(folder: Path, replaced: Sequence[tuple[str, str]] = ()) -> pd.DataFrame:
    """Reads a DeepProfiler index to a plate table.

    Args:
        folder: the project, or the folder of its `index.csv`.
        replaced: where images lie now (see `FileRoots`).

    Raises:
        PlateTableError: there is no index, it lacks columns, has cells that cannot be right, or
            none of a plate's images is there; all of it is told together.

    Example:
        >>> read_deepprofiler(Path("project"), [("", "/data/images")])  # doctest: +SKIP
    """
    index = index_of(folder)
    if index is None:
        text = f"Expected {PLACES[0]}/{NAME} with the columns {', '.join(SITE_KEYS)}."
        raise PlateTableError(text, file=folder)
    problems = Problems(index, fix="Mend the table and try again.")
    sheet = read_sheet(index, problems, columns.is_known)
    channels = _check_header(sheet, problems)
    cells = pd.DataFrame(sheet.rows, columns=sheet.header, index=sheet.lines, dtype=object)
    named = {site_column(name): cells[name] for name in sheet.header if name not in channels}
    names = named["Metadata_Site"]
    if names.str.contains("[A-Za-z]").any():
        named[SITE_NAME] = names
    sites = read_site_cells(pd.DataFrame(named), sheet.delimiter, problems, _site)
    roots = FileRoots(_image_folder(index), replaced)
    paths = {name: _paths(cells[name], sites, roots, problems) for name in channels}
    table = unfold(sites, {name: pd.DataFrame({"path": column}) for name, column in paths.items()})
    check_one_path(table, problems)
    problems.raise_any()
    table = look_for_files(table, problems)
    problems.raise_any()
    return join_tables([table])


def _names_sites(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.read(_HEAD).decode("utf-8-sig", "replace").lstrip().partition("\n")[0]
    return all(name in header for name in SITE_KEYS) and "FileName_" not in header


def _image_folder(index: Path) -> Path:
    """Returns the folder that DeepProfiler starts from; the table's own where there is none."""
    beside = index.parent.parent / "images"
    return beside if index.parent.name == "metadata" and beside.is_dir() else index.parent


def _check_header(sheet: Sheet, problems: Problems) -> list[str]:
    """Returns the channels.

    Raises:
        PlateTableError: columns are missing, nameless or there twice.
    """
    seen: dict[str, str] = {}
    channels = []
    for place, header in enumerate(sheet.header):
        is_channel = not header.startswith(columns.PREFIX) and any(
            row[place].lower().endswith(SUFFIXES) for row in sheet.rows
        )
        channels += [header] if is_channel else []
        other = seen.setdefault(header if is_channel else site_column(header), header)
        if other is not header or not header:
            text = f"Two columns are {header}." if header else f"Column {place + 1} has no name."
            problems.add(text, line=1)
    missing = [name for name in SITE_KEYS if name not in seen]
    if missing:
        listed = ", ".join(sheet.header)
        problems.add(f"Expected the columns {', '.join(missing)} too; got {listed}.", line=1)
    if not channels:
        problems.add("Expected a row a site, and a column of image files a channel.", line=1)
    if any(problem.line == 1 for problem in problems.found):
        problems.raise_any()
    return channels


def _paths(
    cells: pd.Series, sites: pd.DataFrame, roots: FileRoots, problems: Problems
) -> pd.Series:
    found: list[str | None] = []
    for line, text in cells.items():
        try:
            if text and not text.lower().endswith(SUFFIXES):
                raise ValueError("the path of an image")
            found.append(roots.place(text))
        except ValueError as error:
            problems.add_row(sites, line, f"Expected {cells.name} to be {error}; got {text!r}.")
            found.append(None)
    return pd.Series(found, index=cells.index, dtype=object)


def _site(text: str) -> str:
    found = _SITE.fullmatch(text)
    if not found:
        raise ValueError("digits, like 1, with letters before them or not")
    return found[1]
