"""What the readers of all microscopes do alike with the rows they found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.channels import rename_channels
from cellscreen.plates.key import name_fault, plate_fault
from cellscreen.plates.problems import Problems
from cellscreen.plates.usable import warn_of_problems

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLATE, _WELL = "Metadata_Plate", "Metadata_Well"
_PARTS = ("Metadata_Plane", "Metadata_Timepoint")


def well_of(row: int, column: int) -> str:
    """Returns the well at a row and column, both counted from 1.

    Raises:
        ValueError: there is no such well on a plate of up to 1,536 wells.

    Example:
        >>> well_of(1, 2), well_of(32, 48)
        ('A02', 'AF48')
    """
    if not (1 <= row <= 32 and 1 <= column <= 48):
        raise ValueError(f"a row from 1 to 32 and a column from 1 to 48; got {row} and {column}")
    before, letter = divmod(row - 1, 26)
    return f"{'A' if before else ''}{LETTERS[letter]}{column:02d}"


def number_text(text: str) -> str:
    """Returns digits without leading zeros: sites, planes and timepoints of one spelling."""
    return str(int(text)) if text else ""


def finish_rows(
    rows: pd.DataFrame, problems: Problems, channels: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Returns the rows of a microscope's export as a plate table, checked and in order.

    Plane and timepoint are "" on a plate that has one of them, so that the same plate has the same
    keys whichever microscope wrote it. Rows go by plate, well, site, timepoint and plane.

    Args:
        rows: a row an image plane, with the columns of a plate table.
        problems: what was found so far.
        channels: the lab's names of the channels (see `rename_channels`).

    Raises:
        PlateTableError: something is in `problems`, or the rows contradict each other; all of it
            is told together.
    """
    if rows.empty and not problems.found:
        problems.add("Expected images; the export has none.")
    problems.raise_any()
    rows = rows if columns.PROBLEM in rows else rows.assign(**{columns.PROBLEM: ""})
    table = _without_repeated(columns.plate_table(rows)).copy()
    for name in _PARTS:
        table.loc[table.groupby(_PLATE)[name].transform("nunique") == 1, name] = ""
    _check_names(table, problems)
    check_twins(table, problems)
    table = rename_channels(table, channels, problems)
    problems.raise_any()
    warn_of_problems(table)
    keys = [_PLATE, _WELL, "Metadata_Site", "Metadata_Timepoint", "Metadata_Plane"]
    return table.sort_values(keys, key=_in_order, kind="stable", ignore_index=True)


def check_one_folder(folders: Iterable[tuple[str, Path]], problems: Problems) -> None:
    """Notes plates that come from two folders: two measurements are not one plate.

    Args:
        folders: plate and folder.
        problems: gets a line for each further folder of a plate.
    """
    first: dict[str, Path] = {}
    for plate, folder in dict.fromkeys(folders):
        other = first.setdefault(plate, folder)
        if other != folder:
            text = f"Expected one measurement of a plate; another is in {other}."
            problems.add(text, file=folder, plate=plate)


def _without_repeated(table: pd.DataFrame) -> pd.DataFrame:
    """Leaves out failures without a file that were tried again, with or without success."""
    # A row with a file goes first, so that it is the failure that repeats it.
    failed = table["path"] == ""
    order = pd.concat([table[~failed], table[failed]])
    repeated = order.duplicated(list(columns.PLANE)) & (order["path"] == "")
    return table[~repeated.reindex(table.index)]


def check_twins(table: pd.DataFrame, problems: Problems) -> None:
    """Notes two files of one image, and one file of two images, naming both."""
    for rows in _repeated(table, list(columns.PLANE)):
        files = _two([str(path) or "(no file)" for path in rows["path"]])
        text = f"Two files for one image ({_place(rows.iloc[0])}): {files}."
        problems.add(text, plate=rows.iloc[0][_PLATE], well=rows.iloc[0][_WELL])
    pages = ["page"] if "page" in table else []
    for rows in _repeated(table[table["path"] != ""], ["path", *pages]):
        images = _two([f"{row[_WELL]} {_place(row)}" for _, row in rows.head(2).iterrows()])
        text = f"One file for two images ({images}): {rows.iloc[0]['path']}."
        problems.add(text, plate=rows.iloc[0][_PLATE], well=rows.iloc[0][_WELL])


def _repeated(table: pd.DataFrame, keys: list[str]) -> Iterator[pd.DataFrame]:
    twice = table[table.duplicated(keys, keep=False)]
    for _, rows in twice.groupby(keys, sort=False, dropna=False):
        yield rows


def _place(row: pd.Series) -> str:
    parts = {"site": "Metadata_Site", "plane": _PARTS[0], "timepoint": _PARTS[1]}
    parts["channel"] = "channel"
    return ", ".join(f"{word} {row[name]}" for word, name in parts.items() if row[name])


def _two(names: list[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return " and ".join(names[:2]) + more


def _check_names(table: pd.DataFrame, problems: Problems) -> None:
    for plate in table[_PLATE].unique():
        fault = plate_fault(plate)
        if fault:
            text = f"Expected a plate's name that a directory can have ({fault}); got {plate!r}."
            problems.add(text)
    for path in table["path"].unique():
        fault = name_fault(Path(path).name) if path else None
        if fault:
            problems.add(f"A file's name cannot be used ({fault}): {path!a}.")


def _in_order(values: pd.Series) -> pd.Series:
    """Sorts sites by value and wells by row, then column: B01 before AA01."""
    if values.name == _PLATE:
        return values
    if values.name == _WELL:
        return values.str.len().astype(str) + values
    return pd.to_numeric(values.replace("", "0"))
