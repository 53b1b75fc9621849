"""Plate map files, understood: wells, names, concentrations in µM and control types."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from cellscreen.errors import ConfigError, PlateTableError
from cellscreen.plates import columns, values
from cellscreen.plates.compounds import add_compounds
from cellscreen.plates.concentrations import concentrations
from cellscreen.plates.controls import CONTROL_WORD, SAMPLE, ControlRules, control_types
from cellscreen.plates.key import well_position
from cellscreen.plates.platemap_cells import NAME, PLATE, UNIT, WELL, MapCells
from cellscreen.plates.platemap_grid import find_blocks, read_grid
from cellscreen.plates.platemap_list import header_row, read_list
from cellscreen.plates.problems import Problems
from cellscreen.plates.spreadsheet import read_cells
from cellscreen.plates.units import check_unit
from cellscreen.plates.well_list import list_wells

LOGGER = logging.getLogger(__name__)
FIX = "Mend the plate map and try again."
GENE = "Metadata_gene"
_FIRST = (PLATE, WELL, NAME, columns.CONCENTRATION, columns.CONTROL_TYPE, CONTROL_WORD)


@dataclass(frozen=True)
class MapOptions:
    """What a user says of a plate map that the map itself does not.

    Attributes:
        controls: what a well without a perturbation is, and which names are controls.
        concentration_unit: unit of concentrations where the map states none.
        treated_concentration_um: concentration of treated wells where the map has no column of
            concentrations; None where it is not known.
    """

    controls: ControlRules = field(default_factory=ControlRules)
    concentration_unit: str = ""
    treated_concentration_um: float | None = None

    def __post_init__(self) -> None:
        check_unit(self.concentration_unit)
        given = self.treated_concentration_um
        if given is not None and not 0 <= given < math.inf:
            raise ConfigError(f"Expected treated_concentration_um to be zero or more; got {given}.")


def read_map_file(
    path: Path, options: MapOptions, compounds: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Reads a list or a grid to a frame with a row a well (see `platemap`).

    Args:
        path: .csv, .tsv, .txt or .xlsx.
        options: what the map leaves unsaid.
        compounds: of `compounds.read_compounds`, joined on `broad_sample`; None to do without.

    Raises:
        PlateTableError: the file cannot be read, or holds what cannot be right; all of it is told
            together, with line or cell, plate and well.
    """
    problems = Problems(path, FIX)
    cells = _map_cells(path, problems)
    if compounds is not None:
        rule = options.controls.rule_of(path.stem)
        cells = add_compounds(cells, compounds, rule == "DMSO", problems)
    frame = _with_names(_values(cells, options, problems))
    frame = _with_controls(cells, frame, path.stem, options.controls, problems)
    _check_wells(cells, frame, problems)
    frame = _with_concentrations(cells, frame, options.treated_concentration_um, problems)
    problems.raise_any()
    first = [name for name in _FIRST if name in frame]
    return frame[first + [name for name in frame if name not in first]]


def _map_cells(path: Path, problems: Problems) -> MapCells:
    """Returns the cells of the one list, or of the blocks, of a file."""
    sheets = read_cells(path)
    lists = [sheet for sheet in sheets if header_row(sheet) is not None]
    blocks = find_blocks(sheets)
    if len(lists) + bool(blocks) != 1:
        found = [sheet.place(header_row(sheet) or 1, 0) for sheet in lists]
        found += [block.place for block in blocks]
        listed = f"several, at {', '.join(found)}" if found else "neither"
        raise PlateTableError(
            "Expected one plate map: a list with a column well, or blocks with the plate's "
            f"columns 1, 2, 3 … and rows A, B, C …; got {listed}.",
            file=path,
            fix="Keep one map in the file; move or rename what else is there.",
        )
    used = {id(block.sheet) for block in blocks} | {id(sheet) for sheet in lists}
    for sheet in sheets:
        if id(sheet) not in used:
            LOGGER.warning("%s: sheet %r holds no plate map and is not read.", path, sheet.title)
    return read_grid(path, blocks, problems) if blocks else read_list(path, lists[0], problems)


def _values(cells: MapCells, options: MapOptions, problems: Problems) -> pd.DataFrame:
    """Returns the cells as values; notes what cannot be read."""
    frame = cells.texts.drop(columns=[UNIT], errors="ignore")
    frame[WELL] = cells.parsed(WELL, _well, problems, "")
    frame[PLATE] = cells.parsed(PLATE, _plate, problems, "") if PLATE in frame else ""
    if columns.HOURS in frame:
        hours = values.number(cells.decimal_comma)
        frame[columns.HOURS] = cells.parsed(columns.HOURS, hours, problems, math.nan).astype(float)
    if columns.CONDITION in frame:
        word = values.word(columns.VOCABULARIES[columns.CONDITION])
        frame[columns.CONDITION] = cells.parsed(columns.CONDITION, word, problems, "")
    if columns.SIMULATED in frame:
        told = cells.parsed(columns.SIMULATED, values.flag, problems, False)
        frame[columns.SIMULATED] = told.astype(bool)
    if columns.CONCENTRATION in frame:
        unit = options.concentration_unit
        frame[columns.CONCENTRATION] = concentrations(cells, unit, problems)
    return frame


def _well(text: str) -> str:
    well = well_position(text)
    if well is None:
        raise ValueError("a well, A1 to AF48")
    return well


def _plate(text: str) -> str:
    return values.plate(text) if text else ""


def _with_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Fills names in where the perturbation is known by its gene, or by its sample alone."""
    if NAME not in frame:
        frame[NAME] = ""
    for name in (name for name in (GENE, SAMPLE) if name in frame):
        blank = frame[NAME].str.casefold().isin(values.MISSING)
        frame[NAME] = frame[NAME].mask(blank, frame[name].map(_given))
    return frame


def _given(text: str) -> str:
    return "" if text.casefold() in values.MISSING else text


def _with_controls(
    cells: MapCells, frame: pd.DataFrame, map_name: str, rules: ControlRules, problems: Problems
) -> pd.DataFrame:
    made, faults = control_types(frame, rules, map_name)
    for fault in faults[faults != ""].unique():
        wells = list_wells(frame.loc[faults == fault, WELL])
        problems.add(f"{fault}. Wells: {wells}.")
    return frame.assign(**{str(name): made[name] for name in made})


def _check_wells(cells: MapCells, frame: pd.DataFrame, problems: Problems) -> None:
    """A well stands in a map once; a plate is named in every row or in none."""
    keys = frame[[PLATE, WELL]]
    for row in frame.index[keys.duplicated() & (frame[WELL] != "")]:
        twin = frame.index[(keys == keys.loc[row]).all(axis=1)][0]
        place = str(cells.places.at[twin, WELL])
        cells.note(problems, row, f"The same well as in {place}.")
    nameless = frame.index[frame[PLATE] == ""]
    if 0 < len(nameless) < len(frame):
        for row in nameless:
            cells.note(problems, row, "Expected a plate, as other rows have; it is blank.")
    if frame.empty:
        problems.add("Expected a row a well, got a header only.")


def _with_concentrations(
    cells: MapCells, frame: pd.DataFrame, treated_um: float | None, problems: Problems
) -> pd.DataFrame:
    """A treated well has a concentration, if the map or the user speaks of concentrations."""
    treated = frame[columns.CONTROL_TYPE] == "trt"
    if columns.CONCENTRATION in frame:
        texts = cells.texts[columns.CONCENTRATION].str.casefold()
        for row in frame.index[treated & texts.isin(values.MISSING)]:
            text = "Expected a concentration for a treated well (trt); it is blank."
            cells.note(problems, row, text, columns.CONCENTRATION)
    elif treated_um is not None:
        frame[columns.CONCENTRATION] = treated.map({True: treated_um, False: math.nan})
    return frame
