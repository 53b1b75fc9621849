"""What the rows of a table must not say together: one image twice, one well in two ways."""

from __future__ import annotations

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.problems import Problems
from cellscreen.plates.values import MISSING

_TIME = "Metadata_Timepoint"
_OF_A_WELL = (
    *columns.TEXTS,
    columns.CONDITION,
    columns.CONTROL_TYPE,
    columns.CONCENTRATION,
)


def check_rows(table: pd.DataFrame, cells: pd.DataFrame, problems: Problems) -> None:
    """Notes rows that contradict another row, each with the line of the other.

    Args:
        table: columns of a plate table, None where a cell could not be read; the index is the
            line in the source.
        cells: the same as the source writes it.
        problems: gets the contradictions.
    """
    faulty = table.index.isin([problem.line for problem in problems.found])
    _check_wells(table[~faulty], problems)
    _check_compounds(table, cells, problems)
    named = table.dropna(subset=[name for name in columns.PLANE if name in table])
    repeated = _check_images(named, cells["Metadata_Well"], problems)
    _check_paths(named[~repeated], problems)
    _check_channels(named[~repeated], problems)


def _check_images(table: pd.DataFrame, raw_wells: pd.Series, problems: Problems) -> pd.Series:
    """Notes rows of the same plane; returns which rows repeat an earlier one."""
    keys = [name for name in columns.PLANE if name in table]
    planes = table[keys].assign(Metadata_Site=table["Metadata_Site"].str.lstrip("0"))
    for line, first in _first_lines(planes[planes.duplicated(keys, keep=False)], keys).items():
        if line == first:
            continue
        wells = str(raw_wells.at[line]), str(raw_wells.at[first])
        spelt = f" (well {wells[0]} here, {wells[1]} there)" if wells[0] != wells[1] else ""
        same = "plate, well and site" + (" and channel" if "channel" in table else "")
        hint = "" if "channel" in table else " Has the site channels? Then add a column channel."
        problems.add_row(table, line, f"The same {same} as line {first}{spelt}.{hint}")
    return planes.duplicated(keys)


def _check_paths(table: pd.DataFrame, problems: Problems) -> None:
    twice = table[table["path"].notna() & table.duplicated("path", keep=False)]
    for line, first in _first_lines(twice, ["path"]).items():
        if line != first:
            problems.add_row(table, line, f"The same path as line {first}.")


def _check_channels(table: pd.DataFrame, problems: Problems) -> None:
    if "channel" not in table:
        return
    keys = [name for name in columns.KEY if name in table]
    several = table.duplicated(keys, keep=False) & (table["channel"] == "")
    for line in table.index[several]:
        problems.add_row(table, line, "The channel is empty, but this site has other images.")


def _check_wells(table: pd.DataFrame, problems: Problems) -> None:
    """A well holds one culture; with timepoints, one at a time."""
    keys = ["Metadata_Plate", "Metadata_Well", "Metadata_Timepoint"][: 2 + (_TIME in table)]
    wells = table.groupby(keys, sort=False, dropna=False).ngroup()
    for column in (name for name in _OF_A_WELL if name in table):
        pairs = pd.DataFrame({"well": wells, "value": table[column]}).drop_duplicates()
        pairs = pairs[pairs["well"].duplicated(keep=False)]
        for line, first in _first_lines(pairs, ["well"]).items():
            if line == first:
                continue
            values = table.at[first, column], table.at[line, column]
            name = column.removeprefix(columns.PREFIX)
            text = f"One well with two values of {name}: {values[1]!r}, and {values[0]!r} in line"
            problems.add_row(table, line, f"{text} {first}.")


def _check_compounds(table: pd.DataFrame, cells: pd.DataFrame, problems: Problems) -> None:
    if columns.CONTROL_TYPE not in table:
        return
    treated = cells[table[columns.CONTROL_TYPE] == "trt"]
    for column in (columns.CONCENTRATION, "Metadata_pert_iname"):
        if column in treated:
            name = column.removeprefix(columns.PREFIX)
            for line in treated.index[treated[column].str.casefold().isin(MISSING)]:
                text = (
                    f"Expected a {name} for a treated well (trt); got {cells.at[line, column]!r}."
                )
                problems.add_row(table, line, text)


def _first_lines(rows: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Returns, for every line of `rows`, the first line with the same values of `keys`."""
    lines = pd.Series(rows.index, index=rows.index)
    return lines.groupby([rows[key] for key in keys], sort=False, dropna=False).transform("min")
