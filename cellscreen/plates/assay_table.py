"""Tables of assay results as databases export them: headers in one spelling, cells as text."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from cellscreen.errors import PlateTableError
from cellscreen.plates.spreadsheet import read_cells


def read_assay_table(path: str | Path, needed: tuple[str, ...]) -> pd.DataFrame:
    """Returns a table whose column names are small letters joined by `_`; the index is the line.

    Args:
        path: .csv or .tsv, as downloaded.
        needed: columns that must be there.

    Raises:
        PlateTableError: a column is missing, or a row has too few or too many cells.

    Example:
        >>> read_assay_table("chembl.csv", ("standard_value",))  # doctest: +SKIP
    """
    (first, headers), *rows = read_cells(path)[0].rows.items()
    names = [re.sub(r"\W+", "_", header.casefold()).strip("_") for header in headers]
    missing = [name for name in needed if name not in names]
    if missing:
        raise PlateTableError(
            f"Expected the columns {', '.join(needed)}; {', '.join(missing)} is missing. "
            f"Found: {', '.join(names)}.",
            file=path,
            line=first,
        )
    for line, cells in rows:
        if len(cells) != len(names):
            expected = f"Expected {len(names)} cells, got {len(cells)}."
            raise PlateTableError(expected, file=path, line=line)
    table = pd.DataFrame([cells for _, cells in rows], columns=names, dtype=object)
    table.index = pd.Index([line for line, _ in rows], name="line")
    return table
