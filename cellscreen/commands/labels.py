"""Make a label table (compound and class) of a public assay's table.

ChEMBL's activities of hERG, as its pages or its Python client save them, become toxic (an IC50 of
10 µM or less) and nontoxic; PubChem's data table of AID 720637 (mitochondrial membrane potential)
becomes Active, Inactive and Inconclusive:

  cellscreen labels --chembl_herg=herg_activities.csv --output=herg.csv
  cellscreen labels --pubchem_mitotox=AID_720637_datatable.csv --output=mitotox.csv

The table has a row a compound: label, InChIKey, name or CID. Train on it with
--labels=herg.csv --labels_by=inchikey. Rows of the assay that decide nothing, and compounds whose
values contradict each other, are counted here and listed in <output>_left_out.csv and
<output>_disagreeing.csv.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from cellscreen import commands

if TYPE_CHECKING:
    import pandas as pd

    from cellscreen.plates.chembl_herg import HergLabels
    from cellscreen.plates.pubchem_mitotox import MitotoxLabels

FLAGS = flags.FlagValues()
_CHEMBL_HERG = flags.DEFINE_string(
    "chembl_herg", "", "ChEMBL's table of activities of hERG.", flag_values=FLAGS
)
_PUBCHEM_MITOTOX = flags.DEFINE_string(
    "pubchem_mitotox", "", "PubChem's data table of AID 720637.", flag_values=FLAGS
)
_THRESHOLD_UM = flags.DEFINE_float(
    "threshold_um", 10.0, "Highest IC50 of hERG that is toxic, in µM.", 0.0, flag_values=FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Label table to write, .csv.", flag_values=FLAGS, required=True
)


def main(argv: list[str]) -> int:
    """Writes the label table and prints what is in it, and what is not."""
    from cellscreen.plates.label_table import write_labels

    del argv
    made, output = _read(), Path(_OUTPUT.value)
    _check(made)
    write_labels(made.labels, output)
    counts = made.labels["label"].value_counts()
    listed = ", ".join(f"{label} {count}" for label, count in counts.items())
    print(f"{len(made.labels)} compounds in {output}: {listed}")
    for reason, count in made.left_out["reason"].value_counts().items():
        print(f"Left out: {count} rows: {reason}")
    for name in ("left_out", "disagreeing"):
        _write(getattr(made, name), output.with_name(f"{output.stem}_{name}.csv"))
    return 0


def _read() -> HergLabels | MitotoxLabels:
    from cellscreen.errors import ConfigError
    from cellscreen.plates.chembl_herg import read_chembl_herg
    from cellscreen.plates.pubchem_mitotox import read_pubchem_mitotox

    if bool(_CHEMBL_HERG.value) == bool(_PUBCHEM_MITOTOX.value):
        raise ConfigError("Expected one of --chembl_herg and --pubchem_mitotox.")
    if _PUBCHEM_MITOTOX.value:
        return read_pubchem_mitotox(_PUBCHEM_MITOTOX.value)
    return read_chembl_herg(_CHEMBL_HERG.value, threshold_um=_THRESHOLD_UM.value)


def _check(made: HergLabels | MitotoxLabels) -> None:
    from cellscreen.errors import DataError

    if made.labels.empty:
        reasons = ", ".join(made.left_out["reason"].unique())
        raise DataError(
            f"Expected rows that label a compound; all were left out ({reasons}).",
            file=_CHEMBL_HERG.value or _PUBCHEM_MITOTOX.value,
            fix="Export the assay's activities again, with all columns.",
        )


def _write(rows: pd.DataFrame, path: Path) -> None:
    from cellscreen.atomic import write_text

    if len(rows):
        write_text(path, rows.to_csv(index_label="line"))
        print(f"Listed in {path}: {len(rows)} rows")


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
