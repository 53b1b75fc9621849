"""Stacks of planes to one image each: maximum projection, one plane, or the plane in best focus.

`stack_table` makes a plate table of planes into one of images, from the table alone; `read_stack`
then reads one of them plane by plane, so that two planes are in memory however many there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError, ImageError
from cellscreen.images.reading import read_image
from cellscreen.plates import columns
from cellscreen.plates.problems import Problems

STACK, PROJECTION = "stack", columns.PREFIX + "projection"
MAXIMUM, FOCUS = "max", "focus"
_PLANE = columns.PREFIX + "Plane"
_PLATE, _WELL = columns.PREFIX + "Plate", columns.PREFIX + "Well"
_IMAGE = [name for name in columns.PLANE if name != _PLANE]
_FIX = "Copy the missing planes, or choose one plane that every well has."


def stack_table(table: pd.DataFrame, z: str, *, partial: bool = False) -> pd.DataFrame:
    """Makes a row for each image of a plate table with a row for each plane.

    Args:
        table: a plate table without unusable rows (see `plates.usable`).
        z: `max` (maximum projection), `focus` (the plane in best focus), or a plane's name.
        partial: whether stacks may have fewer planes than most of their plate and channel; a
            maximum over fewer planes is darker, so that by default they may not.

    Returns:
        The first row of each stack, `Metadata_Plane` "", with the columns `stack` (JSON text, a
        list of path and page of each plane) and `Metadata_projection` (`max of 5`, `plane 3`).
        Images without planes stay as they are, projection "".

    Raises:
        ConfigError: no row has the plane `z`.
        PlateTableError: planes are missing; all wells concerned are told together.

    Example:
        >>> stack_table(table, "max")["Metadata_projection"].unique()  # doctest: +SKIP
        array(['max of 5'], dtype=object)
    """
    if not (table[_PLANE] != "").any():
        return table.assign(**{PROJECTION: ""})
    if z not in (MAXIMUM, FOCUS):
        _check_plane(table, z)
    stacks = table.groupby(_IMAGE, sort=False, dropna=False)
    counts = stacks[_PLANE].transform("nunique")
    if not partial:
        _check_whole(table, z, counts)
    if z not in (MAXIMUM, FOCUS):
        table = table[table[_PLANE] == z].reset_index(drop=True)
        return table.assign(**{PROJECTION: f"plane {z}", _PLANE: ""})
    files = [list(pair) for pair in zip(table["path"], _pages(table), strict=True)]
    listed = pd.Series(files, index=table.index).groupby(stacks.ngroup()).agg(list)
    first = stacks.head(1)
    numbers = stacks.ngroup()[first.index]
    texts = [json.dumps(listed[number], ensure_ascii=False) for number in numbers]
    said = [f"{z} of {count}" for count in counts[first.index]]
    return first.assign(**{STACK: texts, PROJECTION: said, _PLANE: ""}).reset_index(drop=True)


def read_stack(row: Mapping[Any, Any]) -> np.ndarray:
    """Reads the image of a row of a plate table, projected if the row is a stack.

    Args:
        row: a row of a plate table; `page` is the page of a file of several, from 0.

    Returns:
        `(height, width)`, or `(height, width, 3)` RGB; uint8 or uint16.

    Raises:
        ImageError: a file cannot be read, or the planes differ in size or type.

    Example:
        >>> read_stack(stack_table(table, "max").iloc[0])  # doctest: +SKIP
    """
    planes = _planes(row, stack_files(row))
    in_focus = str(row.get(PROJECTION, "")).startswith(FOCUS)
    return _in_focus(planes) if in_focus else _maximum(planes)


def stack_files(row: Mapping[Any, Any]) -> list[tuple[str, int | None]]:
    """The file and page of each plane of a row; one of them where it is no stack."""
    text = row.get(STACK)
    if isinstance(text, str) and text:
        return [(path, page) for path, page in json.loads(text)]
    page = row.get("page")
    return [(row["path"], None if page is None or pd.isna(page) else int(page))]


def focus(image: np.ndarray) -> float:
    """How sharp a plane is: the variance of its Laplacian, after 2×2 means against the noise.

    Only planes of one stack compare: it rises with brightness and with the number of cells.

    Args:
        image: `(height, width)` or `(height, width, 3)`, uint8 or uint16.

    Returns:
        0 or more, in squared gray levels.
    """
    height, width = image.shape[:2]
    half = (max(width // 2, 1), max(height // 2, 1))
    small = cv2.resize(image.astype(np.float32), half, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(small, cv2.CV_32F).var(dtype=np.float64))


def _check_whole(table: pd.DataFrame, z: str, counts: pd.Series) -> None:
    """Tells the wells that have fewer planes than most of their plate and channel, or not `z`."""
    if z in (MAXIMUM, FOCUS):
        wanted = counts.groupby([table[_PLATE], table["channel"]]).transform(_most)
        texts = [f"{most} planes; got {count}" for most, count in zip(wanted, counts, strict=True)]
        lacks = counts < wanted
    else:
        of_plane = (table[_PLANE] == z).groupby([table[name] for name in _IMAGE])
        lacks = ~of_plane.transform("any")
        texts = [f"a plane {z}; there is none"] * len(table)
    lacking = table.assign(text=texts)[lacks].drop_duplicates(_IMAGE)
    problems = Problems(Path(str(table["path"].iloc[0])).parent, fix=_FIX)
    for row in lacking.to_dict("records"):
        text = f"Expected {row['text']} ({_place(row)})."
        problems.add(text, plate=row[_PLATE], well=row[_WELL])
    problems.raise_any()


def _check_plane(table: pd.DataFrame, z: str) -> None:
    if not (table[_PLANE] == z).any():
        names = ", ".join(table[_PLANE].unique()[:20])
        raise ConfigError(f"Expected z max, focus, or one of the planes {names}; got {z!r}.")


def _most(counts: pd.Series) -> int:
    return int(counts.mode().max())


def _place(row: Mapping[Any, Any]) -> str:
    names = {"site": columns.PREFIX + "Site", "timepoint": columns.PREFIX + "Timepoint"}
    told = [f"{word} {row[name]}" for word, name in names.items() if row[name]]
    return ", ".join([*told, *([f"channel {row['channel']}"] if row["channel"] else [])])


def _pages(table: pd.DataFrame) -> list[int | None]:
    if "page" not in table:
        return [None] * len(table)
    return [None if pd.isna(page) else int(page) for page in table["page"]]


def _planes(row: Mapping[Any, Any], files: list[tuple[str, int | None]]) -> Iterator[np.ndarray]:
    """Yields the planes of a stack, all of the first one's size and type."""
    first: tuple[tuple[int, ...], np.dtype] | None = None
    for path, page in files:
        plane = read_image(path, page=page, plate=row.get(_PLATE), well=row.get(_WELL))
        first = first or (plane.shape, plane.dtype)
        if (plane.shape, plane.dtype) != first:
            raise ImageError(
                f"Expected a plane of {first[0]} {first[1]}, as the first of its stack; got "
                f"{plane.shape} {plane.dtype}.",
                file=path,
                plate=row.get(_PLATE),
                well=row.get(_WELL),
            )
        yield plane


def _maximum(planes: Iterator[np.ndarray]) -> np.ndarray:
    highest = next(planes)
    for plane in planes:
        np.maximum(highest, plane, out=highest)
    return highest


def _in_focus(planes: Iterator[np.ndarray]) -> np.ndarray:
    best = next(planes)
    sharpest = focus(best)
    for plane in planes:
        sharpness = focus(plane)
        if sharpness > sharpest:
            best, sharpest = plane, sharpness
    return best
