"""Writes plate tables for other programs: CellProfiler's `load_data.csv`, DeepProfiler's index.

`table.write_plate_table` writes parquet. What these readers take in comes out again, and the other
way round, but for flat-field profiles and images with a `problem`.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

import pandas as pd

from cellscreen.atomic import replacing
from cellscreen.plates import columns
from cellscreen.plates.deepprofiler import NAME
from cellscreen.plates.deepprofiler import PLACES as INDEX_PLACES
from cellscreen.plates.file_roots import is_remote
from cellscreen.plates.folding import FoldedPlate, fold
from cellscreen.plates.load_data import WITH_ILLUM
from cellscreen.plates.load_data_header import ADDRESS, FILE, FOLDER, FRAME, image_of
from cellscreen.plates.problems import Problems
from cellscreen.plates.site_rows import ILLUMINATION, SITE_KEYS

LOGGER = logging.getLogger(__name__)
_IMAGE_NAME = re.compile(r"\w*", re.ASCII)
_FILES = ("path", "page", ILLUMINATION, "flatfield")
_RENAME = "Name the channels anew, by a map of channels."


def write_load_data(table: pd.DataFrame, folder: Path) -> list[Path]:
    """Writes `load_data.csv`, with illumination functions `load_data_with_illum.csv`.

    CellProfiler's LoadData reads it with the base folder None. Several plates get a folder each.
    Paths are absolute; addresses stand in `URL_` columns. What differs between the channels of a
    site is `Metadata_<name>_Orig<channel>`; flat-field profiles are left out.

    Args:
        table: a plate table.
        folder: where to.

    Returns:
        The files written.

    Raises:
        PlateTableError: a site lacks a channel, a channel has a name that CellProfiler does not
            take, or its images are no files; all of a plate is told together.

    Example:
        >>> write_load_data(table, Path("for_cellprofiler"))  # doctest: +SKIP
    """
    plates = list(table.groupby("Metadata_Plate", sort=False))
    files = []
    for plate, rows in plates:
        home = folder / str(plate) if len(plates) > 1 else folder
        problems = Problems(home, fix=_RENAME)
        for channel in rows["channel"].unique():
            if not _IMAGE_NAME.fullmatch(channel):
                text = "Expected channels of letters a to z, digits and _, as CellProfiler does"
                problems.add(f"{text}; got {channel!r}.", plate=str(plate))
        problems.raise_any()
        problems.fix = "Leave such sites out, or complete them."
        folded = fold(rows, columns.KEY, problems)
        has_functions = ILLUMINATION in rows and (rows[ILLUMINATION] != "").any()
        files.append(home / f"load_data{WITH_ILLUM if has_functions else ''}.csv")
        _write(_load_data(folded, problems), files[-1])
    return files


def write_deepprofiler(table: pd.DataFrame, project: Path, images_root: Path | None = None) -> Path:
    """Writes `inputs/metadata/index.csv` of a DeepProfiler project.

    Args:
        table: a plate table of one plane and time a site, all plates with the same channels.
        project: the project's folder.
        images_root: what paths start from, as the project's config says (its `paths.images`);
            `inputs/images` by default.

    Returns:
        The file written.

    Raises:
        PlateTableError: a site lacks a channel or has several planes, an image lies elsewhere, or
            a channel has no name; all of it is told together.

    Example:
        >>> write_deepprofiler(table, Path("project"), Path("/data/images"))  # doctest: +SKIP
    """
    root = os.path.abspath(images_root or project / "inputs" / "images")
    problems = Problems(project, fix="Project planes, name channels, or give images_root.")
    folded = fold(table, SITE_KEYS, problems)
    wide = folded.sites.rename(columns=_header)
    lost: set[str] = set()
    for channel, own in folded.channels.items():
        if not channel or channel.startswith(columns.PREFIX) or channel in wide:
            problems.add(f"Expected a channel with a name of its own; got {channel!r}.")
        if "page" in own and own["page"].notna().any():
            problems.add("Expected one image a file; DeepProfiler reads no pages.")
        outside = own.loc[~own["path"].str.startswith(root + os.sep), "path"]
        if len(outside):
            problems.add(
                f"Expected images below {root}; {len(outside)} are not: {outside.iloc[0]}."
            )
        wide[channel] = own["path"].str[len(root) + 1 :]
        lost |= set(map(str, own)) - {"path", "page"}
    problems.raise_any()
    if lost:
        LOGGER.warning("DeepProfiler has no place for: %s.", ", ".join(sorted(lost)))
    return _write(wide, project / INDEX_PLACES[0] / NAME)


def _load_data(folded: FoldedPlate, problems: Problems) -> pd.DataFrame:
    """Returns the columns of LoadData: files, the site, what differs between channels."""
    files: dict[str, pd.Series] = {}
    rest: dict[str, pd.Series] = {}
    for channel, own in folded.channels.items():
        image = image_of(channel)
        files |= _file_columns(own["path"], image)
        if "page" in own and own["page"].notna().any():
            files[f"{FRAME}_{image}"] = own["page"]
        functions = own[ILLUMINATION] if ILLUMINATION in own else pd.Series("", own.index)
        if (functions != "").all():
            files |= _file_columns(functions, image_of(channel, "Illum"))
        elif (functions != "").any():
            problems.add(f"Some images of channel {channel} have no illumination function.")
        for name in (name for name in map(str, own) if name not in _FILES):
            rest[f"{_header(name)}_{image}"] = own[name]
        if "flatfield" in own:
            LOGGER.info("The flat-field profiles of channel %s are left out.", channel)
    problems.raise_any()
    return pd.DataFrame({**files, **folded.sites.rename(columns=_header), **rest})


def _file_columns(paths: pd.Series, image: str) -> dict[str, pd.Series]:
    if paths.map(is_remote).any():
        return {f"{ADDRESS}_{image}": paths.map(_address)}
    parts = paths.str.rpartition("/")
    return {f"{FILE}_{image}": parts[2], f"{FOLDER}_{image}": parts[0].replace("", "/")}


def _address(path: str) -> str:
    return path if is_remote(path) else Path(path).as_uri()


def _header(name: str) -> str:
    return name if name.startswith(columns.PREFIX) else columns.PREFIX + name


def _write(table: pd.DataFrame, path: Path) -> Path:
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    return path
