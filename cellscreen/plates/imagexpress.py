"""Reads ImageXpress exports: `<plate>_<well>[_s<site>][_w<wavelength>][_t<time>][GUID].tif`.

A GUID touches what stands before it: `w49DE56250-…` is wavelength 4. Site and wavelength are
missing where there is one; then they are 1. Times and planes also come from folders
`TimePoint_n/ZStep_n`. Thumbnails are left out, and counted. Upper and lower case are one.

The plate is what its files begin with. An `.HTD` of the same name names its wavelengths (else they
are w1, w2, …) and says which wells, sites and wavelengths should be there: what is not is in the
table with a `problem` (see `usable`).
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.export_files import check_links, files_below
from cellscreen.plates.export_rows import check_one_folder, finish_rows, number_text
from cellscreen.plates.imagexpress_htd import Plan, read_htd
from cellscreen.plates.key import normalize_well, well_position
from cellscreen.plates.problems import Problems

LOGGER = logging.getLogger(__name__)
DEEPEST = 4
LOOKED_AT = 500
ABSENT = "planned in the .HTD, no file"
_GUID = r"_?\[?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\]?"
_NAME = re.compile(
    r"(?P<plate>.+?)_(?P<well>[a-z]{1,2}\d{2})(?:_s(?P<site>\d+))?(?:_w(?P<wave>\d{1,2}))?"
    rf"(?:_t(?P<time>\d+))?(?:_z(?P<plane>\d+))?(?P<thumb>_thumb)?(?:{_GUID})?\.tiff?",
    re.IGNORECASE,
)
_TELLING = re.compile(rf"_s\d+|_w\d{{1,2}}|_thumb|{_GUID}", re.IGNORECASE)
_FOLDER = re.compile(r"(timepoint|zstep)_(\d+)", re.IGNORECASE)


class ImageName(NamedTuple):
    """What the name of an ImageXpress file says; "" for what it does not."""

    plate: str
    well: str
    site: str
    wavelength: str
    time: str
    plane: str
    is_thumbnail: bool


def parse_imagexpress(name: str) -> ImageName | None:
    """Returns what a file's name says, None if it follows another grammar.

    Example:
        >>> parse_imagexpress("P1_A01_s2_w49DE56250-2E4B-4C11-9C6A-0123456789AB.tif")[:4]
        ('P1', 'A01', '2', '4')
    """
    found = _NAME.fullmatch(name)
    if not found or not well_position(found["well"]):
        return None
    return ImageName(
        plate=found["plate"],
        well=normalize_well(found["well"]),
        site=number_text(found["site"] or ""),
        wavelength=number_text(found["wave"] or ""),
        time=number_text(found["time"] or ""),
        plane=number_text(found["plane"] or ""),
        is_thumbnail=found["thumb"] is not None,
    )


def imagexpress_sign(folder: Path) -> str | None:
    """Returns what shows that a folder is an ImageXpress export, None if nothing does.

    A name like `x_A01.tif` is common: without site, wavelength or GUID an `.HTD` or a folder
    `TimePoint_n` must be there too.
    """
    files = list(islice(files_below(folder, DEEPEST), LOOKED_AT))
    plain = ""
    for path in files:
        if parse_imagexpress(path.name):
            if _TELLING.search(path.name):
                return f"ImageXpress names like {path.name}"
            plain = plain or path.name
    telling = any(path.suffix.casefold() == ".htd" for path in files)
    telling |= any(_FOLDER.fullmatch(path.parent.name) for path in files)
    return f"ImageXpress names like {plain}" if plain and telling else None


def read_imagexpress(folder: Path, channels: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Reads ImageXpress plates to a plate table.

    Args:
        folder: a plate's folder, or a folder of them.
        channels: the lab's names of the wavelengths (see `rename_channels`).

    Raises:
        PlateTableError: no image, two files for one image, or two folders for one plate; all of
            it is told together.

    Example:
        >>> read_imagexpress(Path("BR1_Plate_2734"))  # doctest: +SKIP
    """
    problems = Problems(folder, fix="Read one plate folder at a time, or mend the names.")
    files = list(files_below(folder, DEEPEST))
    rows = pd.DataFrame(_rows(files))
    if rows.empty:
        return finish_rows(rows, problems)
    check_links(map(Path, rows["path"]), _home, problems)
    homes = {
        (plate, _home(Path(path)))
        for plate, path in zip(rows["Metadata_Plate"], rows["path"], strict=True)
    }
    check_one_folder(sorted(homes), problems)
    plans = {path.stem.casefold(): read_htd(path) for path in files if _is_htd(path)}
    only = next(iter(plans.values())) if len(plans) == len(homes) == 1 else None
    tables = []
    for plate, images in rows.groupby("Metadata_Plate", sort=False):
        plan = plans.get(str(plate).casefold()) or only
        images = _planned(images, plan) if plan else images
        tables.append(images.assign(channel=_names(images["wavelength"], plan)))
    table = pd.concat(tables, ignore_index=True).drop(columns="wavelength")
    return finish_rows(table, problems, channels)


def _rows(files: list[Path]) -> Iterator[dict[str, object]]:
    """Yields a row for each image; logs what is left out."""
    thumbnails, others = 0, []
    for path in files:
        name = parse_imagexpress(path.name)
        if name is None:
            others += [path] if path.suffix.casefold() in (".tif", ".tiff") else []
            continue
        if name.is_thumbnail:
            thumbnails += 1
            continue
        numbers = {found[1].casefold(): found[2] for found in _numbered_folders(path)}
        yield {
            "path": os.path.abspath(path),
            "Metadata_Plate": name.plate,
            "Metadata_Well": name.well,
            "Metadata_Site": name.site or "1",
            "Metadata_Timepoint": name.time or number_text(numbers.get("timepoint", "")),
            "Metadata_Plane": name.plane or number_text(numbers.get("zstep", "")),
            "wavelength": int(name.wavelength or 1),
            columns.PROBLEM: "",
        }
    if thumbnails:
        LOGGER.info("%d thumbnails are left out.", thumbnails)
    if others:
        LOGGER.warning("%d TIFF files have other names, like %s.", len(others), others[0])


def _numbered_folders(path: Path) -> list[re.Match[str]]:
    return [found for folder in path.parts[:-1] if (found := _FOLDER.fullmatch(folder))]


def _home(path: Path) -> Path:
    """Returns the plate's folder: that above TimePoint_n/ZStep_n."""
    home = path.parent
    while _FOLDER.fullmatch(home.name):
        home = home.parent
    return home


def _is_htd(path: Path) -> bool:
    return path.suffix.casefold() == ".htd"


def _planned(images: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Returns a plate's images, and a row with a problem for each that was planned in vain."""
    keys = ["Metadata_Well", "Metadata_Site", "wavelength"]
    wells = plan.wells or tuple(images["Metadata_Well"].unique())
    sites = [str(site) for site in range(1, plan.sites + 1)] or images["Metadata_Site"].unique()
    waves = list(plan.wavelengths) or images["wavelength"].unique()
    planned = pd.MultiIndex.from_product([wells, sites, waves], names=keys)
    absent = planned.difference(pd.MultiIndex.from_frame(images[keys]), sort=False)
    first = images.sort_values(["Metadata_Timepoint", "Metadata_Plane"]).iloc[0]
    rows = absent.to_frame(index=False).assign(path="", **{columns.PROBLEM: ABSENT})
    for name in ("Metadata_Plate", "Metadata_Timepoint", "Metadata_Plane"):
        rows[name] = first[name]
    return pd.concat([images, rows], ignore_index=True) if len(rows) else images


def _names(wavelengths: pd.Series, plan: Plan | None) -> pd.Series:
    """Returns the wavelengths' names; those without a name of their own are w1, w2, …"""
    given = plan.wavelengths if plan else {}
    names = {number: f"w{number}" for number in wavelengths.unique()}
    for number, name in given.items():
        if name:
            alone = list(given.values()).count(name) == 1
            names[number] = name if alone else f"{name} w{number}"
    return wavelengths.map(names)
