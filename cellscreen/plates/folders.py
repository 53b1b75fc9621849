"""Reads the folder convention `<cell_line>/<hours>H/<normoxia|hypoxia>/[well_]*.tif|png|jpg`.

The well of an image stands before the first underscore of its name. It is a letter A to P and a
number 1 to 24 (`A01_`, `a1_`: at most a 384-well plate), or dish or well with a number (`dish-03_`,
`well 7_`; `well-B02_` is B02). Nothing else is a well: not `img_001.tif`, `s1_…`, `t48_…` or
`dish_001.tif`, and not the name of the cell line (`B16_01.tif` in the folder B16). Where no name of
a folder has a well, the folder is one well called `folder`, for images of one dish must not pass
for several; where only some names have one, it is an error.

Sites are numbered from 1 within a well by the sorted file names, numbers within names by value.
Hidden files and folders are passed over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.key import name_fault, normalize_well, plate_fault
from cellscreen.plates.problems import Problems

SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".jxl")
CONVENTION = "<cell_line>/<hours>H/<normoxia|hypoxia>/[well_]*.tif|png|jpg"
FOLDER_WELL = "folder"
_HOURS = re.compile(r"(\d+(?:\.\d+)?)h", re.IGNORECASE)
_POSITION = r"[A-P]0?(?:[1-9]|1\d|2[0-4])"
_WELL = re.compile(rf"(?:well[- ]?)?({_POSITION})", re.IGNORECASE)
_DISH = re.compile(r"(?:dish|well)[- ]?[A-Z]?\d+", re.IGNORECASE)


class Culture(NamedTuple):
    """One folder of images: a cell line, a time and a condition."""

    folder: Path
    cell_line: str
    hours: float
    condition: str

    @property
    def batch(self) -> str:
        """Both conditions of a cell line and time."""
        return f"{self.cell_line}_{self.hours:g}H"

    @property
    def plate(self) -> str:
        """The images of one folder."""
        return f"{self.batch}_{self.condition}"


def is_image(path: Path) -> bool:
    """Whether a file's name says that it is an image; hidden ones never are."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def well_of_name(stem: str, cell_line: str = "") -> str | None:
    """Returns the well that a file name (without suffix) begins with; None if it has none.

    Example:
        >>> [well_of_name(stem) for stem in ("a1_03", "dish-03_x", "img_001", "AC16_1", "s1_2")]
        ['A01', 'dish-03', None, None, None]
    """
    prefix, underscore, _ = stem.partition("_")
    if not underscore or prefix.casefold() == cell_line.casefold():
        return None
    position = _WELL.fullmatch(prefix)
    if position:
        return normalize_well(position[1])
    return prefix if _DISH.fullmatch(prefix) else None


def culture_sign(root: Path) -> str | None:
    """Returns what shows that `root` follows the convention, None if nothing does."""
    for line in _folders(root):
        for time in _folders(line):
            if _HOURS.fullmatch(time.name):
                return f"folders like {line.name}/{time.name}"
    return None


def read_folders(root: Path) -> pd.DataFrame:
    """Reads the images of a folder convention to a plate table.

    Raises:
        PlateTableError: a folder or file does not follow the convention; all are told together.
    """
    problems = Problems(root, fix=f"Arrange the images as {CONVENTION}, or write an images.csv.")
    cultures = list(_cultures(root, problems))
    rows = [row for culture in cultures for row in _rows(culture, problems)]
    _check_plates(cultures, problems)
    if not rows and not problems.found:
        problems.add("Expected images, found none in any folder.")
    problems.raise_any()
    return columns.plate_table(pd.DataFrame(rows))


def _cultures(root: Path, problems: Problems) -> Iterator[Culture]:
    """Yields the folders of images; notes those that lie where none should be."""
    conditions = columns.VOCABULARIES[columns.CONDITION]
    for line in _folders(root):
        times = {f: found[1] for f in _folders(line) if (found := _HOURS.fullmatch(f.name))}
        if not times:
            continue
        _check_no_images(line, problems)
        for other in (folder for folder in _folders(line) if folder not in times):
            _check_no_images(other, problems, "Expected <hours>H, like 48H", deep=True)
        for time, hours in times.items():
            _check_no_images(time, problems)
            for folder in _folders(time):
                condition = folder.name.casefold()
                if condition in conditions:
                    yield Culture(folder, line.name, float(hours), condition)
                else:
                    expected = f"Expected a condition, {' or '.join(conditions)}"
                    problems.add(f"{expected}; got {folder.name!r}.", file=folder)


def _check_no_images(
    folder: Path, problems: Problems, expected: str = "", deep: bool = False
) -> None:
    files = folder.rglob("*") if deep else folder.iterdir()
    stray = sum(is_image(path) for path in files)
    if stray:
        expected = expected or f"Expected images in {CONVENTION} only"
        problems.add(f"{expected}; images in this folder: {stray}.", file=folder)


def _rows(culture: Culture, problems: Problems) -> Iterator[dict[str, object]]:
    paths = sorted(filter(is_image, culture.folder.iterdir()), key=_natural)
    for folder in _folders(culture.folder):
        _check_no_images(folder, problems, "Expected no folder below the condition", deep=True)
    wells = {path: well_of_name(path.stem, culture.cell_line) for path in paths}
    without = [path for path in paths if wells[path] is None]
    if without and len(without) < len(paths):
        text = f"{len(without)} of {len(paths)} names in this folder have no well, this one first."
        problems.add(text, file=without[0], plate=culture.plate)
    sites: dict[str, int] = {}
    seen: dict[str, Path] = {}
    for path in paths:
        well = wells[path] or FOLDER_WELL
        sites[well] = sites.get(well, 0) + 1
        twin = seen.setdefault(path.stem.casefold(), path)
        if twin is not path:
            problems.add(f"The same name as {twin.name}.", file=path, plate=culture.plate)
        fault = name_fault(path.name)
        if fault:
            text = f"A file's name cannot be used ({fault}): {path.name!a}."
            problems.add(text, file=path.parent, plate=culture.plate)
        yield {
            "path": os.path.abspath(path),
            "Metadata_Plate": culture.plate,
            "Metadata_Well": well,
            "Metadata_Site": str(sites[well]),
            "Metadata_cell_line": culture.cell_line,
            "Metadata_condition": culture.condition,
            "Metadata_hours": culture.hours,
            "Metadata_batch": culture.batch,
        }


def _check_plates(cultures: list[Culture], problems: Problems) -> None:
    """Plates become directories, one a culture."""
    folders: dict[str, Path] = {}
    for culture in cultures:
        fault = plate_fault(culture.plate)
        if fault:
            problems.add(f"Expected a name that a plate can have ({fault}).", file=culture.folder)
        other = folders.setdefault(culture.plate, culture.folder)
        if other != culture.folder:
            problems.add(f"The same cell line, time and condition as {other}.", file=culture.folder)


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sorts `s2` before `s10`: runs of digits by value, letters regardless of case first."""
    parts = re.split(r"(\d+)", path.name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts] + [
        (0, path.name)
    ]


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.is_dir() and entry.name[0] != "."]
    return [folder / name for name in sorted(names)]
