"""Labels of hERG inhibition from ChEMBL's table of activities.

Reads the file that ChEMBL's pages save for a target ("Molecule ChEMBL ID";"Standard Type" …) and
the one its Python client gives (`molecule_chembl_id`, `standard_type` …). A compound is toxic at an
IC50 of 10 µM or less, and else nontoxic (MID, Methods, "Constructing the cardiotoxicity
high-content image data").

A compound with several values is decided so:

1. By the median pIC50 of its exact values (relation = or ~).
2. Without exact values, by its bounds: `<` or `<=` a value of at most 10 µM says toxic, `> 10 µM`
   and higher nontoxic. Any other bound (`> 5 µM`, `< 30 µM`, `>= 10 µM`) leaves both open.
3. Bounds that contradict each other, or say nothing, leave the compound without a label.

Values that stand on the other side of the threshold than their compound's label are listed, as are
all rows and compounds that were left out, with the reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.plates.assay_table import read_assay_table
from cellscreen.plates.compound_keys import INCHIKEY, NAME
from cellscreen.plates.label_table import LABEL
from cellscreen.plates.units import to_um

HERG = "CHEMBL240"
CLASSES = ("nontoxic", "toxic")
_STANDARD = tuple(f"standard_{name}" for name in ("type", "relation", "value", "units"))
_NEEDED = ("molecule_chembl_id", *_STANDARD)
_ALIASES = {
    "molecule_name": "name",
    "molecule_pref_name": "name",
    "inchi_key": "inchikey",
    "standard_inchi_key": "inchikey",
}
_RELATIONS = {"=": "=", "~": "=", "<": "<", "<<": "<", "<=": "<=", ">": ">", ">>": ">", ">=": ">="}


@dataclass(frozen=True)
class HergLabels:
    """Labels of compounds, and what speaks against them.

    Attributes:
        labels: a label table (`label_table`): `label`, `Metadata_InChIKey` and
            `Metadata_pert_iname` where the export has them, `Metadata_chembl_id`, `median_um` (NaN
            where bounds decided), `n_values`, `n_disagree` (values on the threshold's other side).
        disagreeing: rows of the export that contradict their compound's label.
        left_out: rows of the export that decide nothing, with `reason`.
    """

    labels: pd.DataFrame
    disagreeing: pd.DataFrame
    left_out: pd.DataFrame


def read_chembl_herg(
    path: str | Path, *, threshold_um: float = 10.0, target: str = HERG
) -> HergLabels:
    """Reads ChEMBL's table of activities to hERG labels.

    Args:
        path: the export, as saved; with a column InChIKey, compounds are told apart by it, else by
            their ChEMBL ID.
        threshold_um: the highest IC50 that is toxic, in µM.
        target: rows of other targets are left out, where the export names targets.

    Raises:
        PlateTableError: the file is not such a table.

    Example:
        >>> herg = read_chembl_herg("chembl_herg.csv")  # doctest: +SKIP
        >>> write_labels(herg.labels, "herg.csv")  # doctest: +SKIP
    """
    table = read_assay_table(path, _NEEDED).rename(columns=_ALIASES)
    table["relation"] = table["standard_relation"].str.strip("'\" ").map(_RELATIONS)
    table["um"] = [_um(*cells) for cells in table[["standard_value", "standard_units"]].to_numpy()]
    table["reason"] = [_reason(row, target) for row in table.to_dict("records")]
    table["says"] = [
        _says(relation, um, threshold_um)
        for relation, um in zip(table["relation"], table["um"], strict=True)
    ]
    table["compound"] = table["molecule_chembl_id"]
    if "inchikey" in table:
        table["compound"] = table["inchikey"].where(table["inchikey"] != "", table["compound"])
    used = table[table["reason"] == ""]
    decided = {str(key): _decided(rows, threshold_um) for key, rows in used.groupby("compound")}
    table.loc[used.index, "reason"] = used["compound"].map(lambda key: decided[key][1])
    verdict = table["compound"].map(lambda key: decided.get(key, ("", ""))[0])
    opposed = table.index.isin(used.index) & (verdict != "") & (table["says"] != "")
    disagreeing = table[opposed & (table["says"] != verdict)]
    kept = used[verdict[used.index] != ""]
    labels = [_label(rows, decided[str(key)][0]) for key, rows in kept.groupby("compound")]
    return HergLabels(pd.DataFrame(labels), disagreeing, table[table["reason"] != ""])


def _um(value: str, unit: str) -> float:
    """Returns µM, NaN where value or unit is none."""
    try:
        return to_um(value, column=unit)
    except ValueError:
        return math.nan


def _reason(row: dict[Any, Any], target: str) -> str:
    """Says why a row decides nothing; "" if it may."""
    comment = str(row.get("data_validity_comment", ""))
    if str(row["standard_type"]).casefold() != "ic50":
        return "not an IC50"
    if row.get("target_chembl_id", target) != target:
        return "another target"
    if not isinstance(row["relation"], str):
        return "no relation of those that are known"
    if not (isinstance(row["um"], float) and row["um"] > 0):
        return "no positive value in nM, µM, mM or M"
    if comment.casefold().startswith("potential"):
        return f"doubtful by ChEMBL ({comment})"
    if str(row.get("potential_duplicate", "")).casefold() in ("true", "1"):
        return "a duplicate by ChEMBL"
    return ""


def _says(relation: object, um: float, threshold_um: float) -> str:
    """Returns the class that one value speaks for, "" if it leaves both open."""
    is_low = um <= threshold_um * (1 + 1e-9)
    if relation == "=":
        return CLASSES[is_low]
    if relation in ("<", "<=") and is_low:
        return CLASSES[1]
    at_most = um < threshold_um * (1 - 1e-9) if relation == ">" else is_low
    if relation in (">", ">=") and not at_most:
        return CLASSES[0]
    return ""


def _decided(rows: pd.DataFrame, threshold_um: float) -> tuple[str, str]:
    """Returns a compound's class, or "" and the reason why it has none."""
    median = _median_um(rows)
    if not math.isnan(median):
        return _says("=", median, threshold_um), ""
    said = set(rows["says"]) - {""}
    if len(said) == 1:
        return said.pop(), ""
    return "", "bounds that contradict each other" if said else "bounds that leave both open"


def _median_um(rows: pd.DataFrame) -> float:
    """Returns the IC50 of the median pIC50 of exact values, NaN without any."""
    exact = rows.loc[rows["relation"] == "=", "um"].astype(float)
    return 10 ** float(exact.map(math.log10).median()) if len(exact) else math.nan


def _label(rows: pd.DataFrame, label: str) -> dict[str, object]:
    """Returns a compound's row of the label table."""
    first = rows.iloc[0]
    named = {INCHIKEY: "inchikey", NAME: "name", "Metadata_chembl_id": "molecule_chembl_id"}
    return {
        LABEL: label,
        **{name: first[column] for name, column in named.items() if column in rows},
        "median_um": _median_um(rows),
        "n_values": len(rows),
        "n_disagree": int(((rows["says"] != "") & (rows["says"] != label)).sum()),
    }
