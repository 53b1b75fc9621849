"""Tables of compounds, ORFs or CRISPR guides, joined to a plate map on `broad_sample`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from cellscreen.errors import PlateTableError
from cellscreen.plates.controls import SAMPLE
from cellscreen.plates.platemap_cells import WELL, MapCells, names_of
from cellscreen.plates.problems import Problems
from cellscreen.plates.spreadsheet import read_cells
from cellscreen.plates.values import MISSING
from cellscreen.plates.well_list import list_wells

LOGGER = logging.getLogger(__name__)


def read_compounds(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Reads tables with a column `broad_sample` to one frame of texts, a row a sample.

    Rows that repeat another word by word are left out, with a note in the log. A sample called NA
    is that of wells without one (in JUMP tables, DMSO); here it is "".

    Args:
        paths: .csv, .tsv or .xlsx, of compounds, ORFs or guides in any order.

    Raises:
        PlateTableError: a table has no such column, or two rows say different things of a sample.

    Example:
        >>> read_compounds(["JUMP-Target-1_compound_metadata.tsv"])  # doctest: +SKIP
    """
    tables = [_read_table(Path(path)) for path in paths]
    table = pd.concat(tables, ignore_index=True).fillna("")
    said = [name for name in table if name != "_file"]
    table = table[~table.duplicated(said)]
    twice = table[table[SAMPLE].duplicated(keep=False)]
    if len(twice):
        samples = ", ".join(twice[SAMPLE].unique()[:8])
        files = ", ".join(twice["_file"].unique())
        raise PlateTableError(
            f"Expected one row a broad_sample; rows of {samples} say different things.", file=files
        )
    return table.set_index(SAMPLE).drop(columns="_file")


def _read_table(path: Path) -> pd.DataFrame:
    sheet = read_cells(path)[0]
    (first, headers), *rows = sheet.rows.items()
    names, _, faults = names_of(headers)
    problems = Problems(path, "Mend the table and try again.")
    for fault in faults:
        problems.add(fault, line=first)
    if SAMPLE not in names:
        problems.add(f"Expected a column broad_sample; got {', '.join(headers)}.", line=first)
    for line, cells in rows:
        if len(cells) != len(names):
            problems.add(f"Expected {len(names)} cells, got {len(cells)}.", line=line)
    problems.raise_any()
    table = pd.DataFrame([cells for _, cells in rows], columns=names, dtype=object)
    table[SAMPLE] = table[SAMPLE].mask(table[SAMPLE].str.casefold().isin(MISSING), "")
    kept = table[[name for name in names if name]]
    if kept.duplicated().any():
        LOGGER.info("%s: %d rows repeat another.", path, kept.duplicated().sum())
    return kept.assign(_file=str(path))


def add_compounds(
    cells: MapCells, compounds: pd.DataFrame, empty_is_dmso: bool, problems: Problems
) -> MapCells:
    """Returns the plate map with what the tables say of each sample.

    Args:
        cells: has `Metadata_broad_sample`.
        compounds: of `read_compounds`.
        empty_is_dmso: whether wells without a sample get the row of the sample "", where there is
            one; else they get nothing.
        problems: gets samples that no table has, and columns that both sides have.
    """
    if SAMPLE not in cells.texts:
        problems.add("Expected a column broad_sample, to join the compounds on.")
        problems.raise_any()
    both = [name for name in compounds if name in cells.texts]
    for name in both:
        problems.add(f"Both the plate map and the table of compounds have a column {name}.")
    samples = cells.texts[SAMPLE]
    samples = samples.mask(samples.str.casefold().isin(MISSING), "")
    unknown = samples[(samples != "") & ~samples.isin(compounds.index)]
    for sample, rows in unknown.groupby(unknown, sort=False):
        wells = list_wells(cells.texts.loc[rows.index, WELL])
        line = cells.lines.get(rows.index[0])
        problems.add(f"No table of compounds has {sample!r}. Wells: {wells}.", line=line)
    known = compounds if empty_is_dmso else compounds.drop(index="", errors="ignore")
    added = known.drop(columns=both).reindex(samples).fillna("").set_axis(samples.index)
    return replace(cells, texts=pd.concat([cells.texts, added], axis=1))
