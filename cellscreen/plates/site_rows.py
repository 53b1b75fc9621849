"""Tables with a row a site and a column a channel, unfolded to a row an image."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pandas as pd

from cellscreen.plates import columns, values
from cellscreen.plates.file_roots import LISTED_ABSENT, find_files, is_remote
from cellscreen.plates.problems import Problems
from cellscreen.plates.rows import check_rows
from cellscreen.plates.usable import warn_of_problems


def _signed(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise ValueError("a number, or blank") from None


def _whole(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit()):
        raise ValueError("a whole number, or blank")
    return int(text) if text else None


LOGGER = logging.getLogger(__name__)
ILLUMINATION = "illumination"
SITE_KEYS = ("Metadata_Plate", "Metadata_Well", "Metadata_Site")
_MEASURED: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(columns.NUMBERS, _signed),
    **dict.fromkeys(columns.WHOLE_NUMBERS, _whole),
}
_VENDOR = {name.casefold(): name for name in _MEASURED}


def site_column(header: str) -> str:
    """Returns the plate table's name of a column that says something of a whole site.

    Example:
        >>> [site_column(header) for header in ("Metadata_well", "Metadata_pixel_size_um", "dose")]
        ['Metadata_Well', 'pixel_size_um', 'Metadata_dose']
    """
    bare = header.strip().removeprefix(columns.PREFIX)
    name = _VENDOR.get(bare.casefold()) or columns.column_of(header)
    return columns.PREFIX + bare if name in ("path", "channel") else name


def read_site_cells(
    cells: pd.DataFrame, delimiter: str, problems: Problems, site: Callable[[str], str]
) -> pd.DataFrame:
    """Returns the metadata of sites as values; what is not known stays text.

    Args:
        cells: strings with the plate table's column names; the index is the line.
        delimiter: what stands between the cells; with a comma there is no decimal comma.
        problems: gets cells that cannot be read, and rows that contradict another.
        site: parses `Metadata_Site`.
    """
    parsers = _parsers(delimiter) | {"Metadata_Site": site}
    table = cells.copy()
    for name in (name for name in cells if name in parsers):
        table[name] = values.parse_column(cells, name, parsers[name], problems)
    # The row of a site stands for all its channels: one empty channel, a path of its own each.
    check_rows(table.assign(path=None, channel=""), cells, problems)
    return table


def read_channel_cells(
    cells: pd.DataFrame, sites: pd.DataFrame, delimiter: str, problems: Problems
) -> pd.DataFrame:
    """Returns what is said of one channel as values; what is not known stays text.

    Args:
        cells: strings with the plate table's column names; the index is the line.
        sites: of `read_site_cells`, to name plates and wells.
        delimiter: as for `read_site_cells`.
        problems: gets cells that cannot be read.
    """
    table, parsers = cells.copy(), _parsers(delimiter)
    for name in (name for name in cells if name in parsers):
        named = sites[["Metadata_Plate", "Metadata_Well"]].assign(**{name: cells[name]})
        table[name] = values.parse_column(named, name, parsers[name], problems)
    return table


def unfold(sites: pd.DataFrame, channels: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Returns a row for each site and channel, in the order of lines, then of channels.

    Args:
        sites: metadata of sites; the index is the line.
        channels: for each channel its own columns, `path` among them, with the same index.
    """
    tables = []
    for channel, own in channels.items():
        kept = sites.drop(columns=[name for name in own if name in sites])
        # As objects: a column that is empty in one channel only would change its type.
        tables.append(pd.concat([kept.assign(channel=channel), own.astype(object)], axis=1))
    return pd.concat(tables).sort_index(kind="stable")


def check_one_path(images: pd.DataFrame, problems: Problems) -> None:
    """Notes files that stand for two images; the index of `images` is the line."""
    keys = ["path", "page"] if "page" in images else ["path"]
    first: dict[tuple[object, ...], tuple[object, str]] = {}
    twice = images[images["path"].notna() & images.duplicated(keys, keep=False)]
    for line, row in zip(twice.index, twice.to_dict("records"), strict=True):
        here = (line, row["channel"])
        there = first.setdefault(tuple(row[key] for key in keys), here)
        if there != here:
            text = f"The same file as channel {there[1] or '(no name)'} of line {there[0]}"
            place = {"plate": row["Metadata_Plate"], "well": row["Metadata_Well"]}
            problems.add(f"{text}: {row['path']}.", line=line, **place)


def check_one_table(tables: Mapping[Path, pd.DataFrame], problems: Problems) -> None:
    """Notes plates that stand in two files."""
    first: dict[str, Path] = {}
    for path, table in tables.items():
        for plate in table["Metadata_Plate"].unique():
            other = first.setdefault(plate, path)
            if other != path:
                text = f"Expected the rows of a plate in one file; others are in {other}."
                problems.add(text, file=path, plate=plate)


def join_tables(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Returns the rows of several files as one plate table; text that one lacks is ""."""
    typed = [columns.plate_table(table) for table in tables]
    joined = pd.concat(typed, ignore_index=True) if len(typed) > 1 else typed[0]
    for name in (name for name in joined if joined[name].dtype == object):
        blank = False if name == columns.SIMULATED else ""
        joined[name] = joined[name].where(joined[name].notna(), blank)
    if columns.SIMULATED in joined:
        joined[columns.SIMULATED] = joined[columns.SIMULATED].astype(bool)
    return columns.plate_table(joined)


def look_for_files(images: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Returns rows with the `problem` of files that are absent, if any is.

    A plate none of whose files is there, and an illumination function that is not there, are noted
    in `problems` with the way to say where the files lie.
    """
    found = find_files(path for path in images["path"] if path)
    remote = sum(map(is_remote, images["path"]))
    if remote:
        LOGGER.info("%s: %d addresses are not looked up.", problems.source, remote)
    images = images.assign(path=[found[path][0] for path in images["path"]])
    faults = pd.Series([found[path][1] for path in found], index=[found[path][0] for path in found])
    faults = images["path"].map(faults[~faults.index.duplicated()])
    for plate, of_plate in faults.groupby(images["Metadata_Plate"], sort=False):
        if (of_plate == LISTED_ABSENT).all():
            first = images.loc[images["Metadata_Plate"] == plate, "path"].iloc[0]
            problems.add(f"None of {len(of_plate)} files is there: {_moved(first)}", plate=plate)
    _check_illumination(images, problems)
    if not (faults != "").any():
        return images
    images = images.assign(**{columns.PROBLEM: faults})
    if not problems.found:
        warn_of_problems(images)
    return images


def _check_illumination(images: pd.DataFrame, problems: Problems) -> None:
    if ILLUMINATION not in images:
        return
    paths = [path for path in images[ILLUMINATION].unique() if path]
    for path, (_, fault) in find_files(paths).items():
        if fault:
            problems.add(f"An illumination function cannot be used ({fault}): {_moved(path)}")


def _moved(path: str) -> str:
    folder = path.rpartition("/")[0]
    return f"{path}. If the files lie elsewhere now, set replace_root to {folder}=<folder now>."


def _parsers(delimiter: str) -> dict[str, Callable[[str], object]]:
    number = values.number(decimal_comma=delimiter != ",")
    return {
        "Metadata_Plate": values.plate,
        "Metadata_Well": values.well,
        "Metadata_Plane": values.optional_name,
        "Metadata_Timepoint": values.optional_name,
        "bit_depth": values.bit_depth,
        columns.HOURS: number,
        columns.CONCENTRATION: number,
        columns.SIMULATED: values.flag,
        **{name: values.word(words) for name, words in columns.VOCABULARIES.items()},
        **_MEASURED,
    }
