"""The concentrations of a plate map in µM, whatever place states their unit."""

from __future__ import annotations

import math

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.platemap_cells import UNIT, WELL, MapCells
from cellscreen.plates.problems import Problems
from cellscreen.plates.units import MissingUnit, names_unit, to_um, unit_of
from cellscreen.plates.values import MISSING
from cellscreen.plates.well_list import list_wells


def concentrations(cells: MapCells, fallback_unit: str, problems: Problems) -> pd.Series:
    """Returns the µM of each row, NaN where there is none.

    Args:
        cells: has a column of concentrations, and maybe one of units.
        fallback_unit: counts only where neither header, column nor any cell states a unit.
        problems: gets cells that are no concentration, or have no or several units.
    """
    texts = cells.texts[columns.CONCENTRATION]
    units = cells.texts[UNIT] if UNIT in cells.texts else pd.Series("", index=texts.index)
    units = units.mask(units.str.casefold().isin(MISSING), "")
    stated = cells.units
    if not stated and not units.any() and not any(map(names_unit, texts)):
        stated = fallback_unit
    elif stated and fallback_unit and unit_of(fallback_unit) != stated:
        problems.add(f"The header states {stated}, but concentration_unit is {fallback_unit}.")
    found, without = [], []
    for row, (text, unit) in enumerate(zip(texts, units, strict=True)):
        um = math.nan
        try:
            um = to_um(text, header=stated, column=unit, decimal_comma=cells.decimal_comma)
        except MissingUnit:
            without.append(row)
        except ValueError as error:
            fault = f"Expected the concentration to be {error}; got {text!r}."
            cells.note(problems, row, fault, columns.CONCENTRATION)
        found.append(um)
    if without:
        problems.add(
            "The unit of the concentration is not stated. Name the column like dose (nM), add a "
            "column unit, write 10 nM in the cells, or set concentration_unit. "
            f"Wells: {list_wells(cells.texts.loc[without, WELL])}.",
            line=cells.lines.get(without[0]),
        )
    return pd.Series(found, index=texts.index, dtype=float)
