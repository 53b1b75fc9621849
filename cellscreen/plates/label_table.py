"""Tables of labels: a row a compound, written and read as CSV."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen.atomic import write_text
from cellscreen.plates.columns import PREFIX
from cellscreen.plates.compound_keys import CID, INCHIKEY, NAME
from cellscreen.plates.platemap_cells import bare_header, names_of
from cellscreen.plates.problems import Problems
from cellscreen.plates.spreadsheet import read_cells

LABEL = "label"
_HEADERS = {"label": LABEL, "inchikey": INCHIKEY, "inchi_key": INCHIKEY, "cid": CID}
_HEADERS |= {"pubchem_cid": CID}


def read_labels(path: str | Path) -> pd.DataFrame:
    """Reads a label table: all texts, `label` and `Metadata_` columns; the index is the line.

    Raises:
        PlateTableError: there is no column `label`, none that names a compound, or a blank label.

    Example:
        >>> read_labels("herg.csv")["label"].value_counts()  # doctest: +SKIP
    """
    path = Path(path)
    (first, headers), *rows = read_cells(path)[0].rows.items()
    problems = Problems(path, "Mend the label table and try again.")
    names, _, faults = names_of(headers)
    names = [_column(header, name) for header, name in zip(headers, names, strict=True)]
    for fault in faults:
        problems.add(fault, line=first)
    if LABEL not in names or not {INCHIKEY, NAME, CID} & set(names):
        expected = "Expected the columns label and InChIKey, pert_iname or pubchem_cid"
        problems.add(f"{expected}; got {', '.join(headers)}.", line=first)
        problems.raise_any()
    for line, cells in rows:
        if len(cells) != len(names):
            problems.add(f"Expected {len(names)} cells, got {len(cells)}.", line=line)
        elif not cells[names.index(LABEL)]:
            problems.add("Expected a label; it is blank.", line=line)
    problems.raise_any()
    table = pd.DataFrame([cells for _, cells in rows], columns=names, dtype=object)
    table.attrs["file"] = str(path)
    table.index = pd.Index([line for line, _ in rows], name="line")
    return table[[name for name in names if name]]


def _column(header: str, name: str) -> str:
    return _HEADERS.get(bare_header(header), name)


def write_labels(labels: pd.DataFrame, path: str | Path) -> None:
    """Writes a label table as CSV, whole or not at all; `read_labels` reads it.

    Example:
        >>> write_labels(read_chembl_herg("herg.csv").labels, "labels.csv")  # doctest: +SKIP
    """
    plain = labels.rename(columns=lambda name: str(name).removeprefix(PREFIX))
    write_text(path, plain.to_csv(index=False))
