"""Labels of mitochondrial toxicity from a data table of PubChem, AID 720637.

The assay is Tox21's summary of mitochondrial membrane potential in HepG2 cells. Its table begins
with rows that describe the columns (RESULT_TYPE, RESULT_DESCR, RESULT_UNIT …); then each row is a
tested substance (SID) of a compound (CID), and `PUBCHEM_ACTIVITY_OUTCOME` is its Active, Inactive
or Inconclusive.

Replicates are decided by their summary, never counted here: columns of single replicates are not
read, and where rows of one substance are replicates (a column `Replicate` or alike tells them
apart), the row called summary decides. Rows of one substance without a summary, and substances of
one compound, must agree; where they do not, the compound is Inconclusive and is listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cellscreen.errors import PlateTableError
from cellscreen.plates.assay_table import read_assay_table
from cellscreen.plates.compound_keys import CID, cid
from cellscreen.plates.label_table import LABEL

AID = 720637
CLASSES = ("Inactive", "Active", "Inconclusive")
_OUTCOME, _CID, _SID = "pubchem_activity_outcome", "pubchem_cid", "pubchem_sid"
_TAG, _SMILES = "pubchem_result_tag", "pubchem_ext_datasource_smiles"
_NO_LABEL = ("unspecified", "probe", "")


@dataclass(frozen=True)
class MitotoxLabels:
    """Labels of compounds, and what speaks against them.

    Attributes:
        labels: a label table (`label_table`): `label`, `Metadata_pubchem_cid`, `Metadata_smiles`
            where the table has it, `n_substances`.
        disagreeing: rows of compounds whose rows do not agree (labelled Inconclusive).
        left_out: rows that decide nothing, with `reason`.
    """

    labels: pd.DataFrame
    disagreeing: pd.DataFrame
    left_out: pd.DataFrame


def read_pubchem_mitotox(path: str | Path) -> MitotoxLabels:
    """Reads PubChem's data table of AID 720637 (or of another assay of that form) to labels.

    Raises:
        PlateTableError: the file is not such a table, or has an outcome or CID that cannot be one.

    Example:
        >>> mitotox = read_pubchem_mitotox("AID_720637_datatable.csv")  # doctest: +SKIP
        >>> join_labels(table, mitotox.labels, "pubchem_cid")  # doctest: +SKIP
    """
    table = read_assay_table(path, (_TAG, _SID, _CID, _OUTCOME))
    table = table[~table[_TAG].str.startswith("RESULT_")].copy()
    lines = table.index.tolist()
    table["says"] = [
        _outcome(text, line, path) for line, text in zip(lines, table[_OUTCOME], strict=True)
    ]
    table["compound"] = [
        _compound(text, line, path) for line, text in zip(lines, table[_CID], strict=True)
    ]
    table["reason"] = [
        _reason(*cells) for cells in table[["says", "compound"]].itertuples(index=False)
    ]
    usable = table[table["reason"] == ""]
    deciding = usable[~_is_replicate(usable)]
    table.loc[usable.index.difference(deciding.index), "reason"] = "a replicate with a summary"
    compounds = list(deciding.groupby("compound", sort=False))
    labels = pd.DataFrame([_label(str(key), rows) for key, rows in compounds])
    differing = [rows for _, rows in compounds if rows["says"].nunique() > 1]
    disagreeing = pd.concat(differing) if differing else deciding[:0]
    return MitotoxLabels(labels, disagreeing, table[table["reason"] != ""])


def _outcome(text: str, line: int, path: str | Path) -> str:
    known = {name.casefold(): name for name in CLASSES} | dict.fromkeys(_NO_LABEL, "")
    if text.casefold() not in known:
        raise PlateTableError(
            f"Expected an outcome {', '.join(CLASSES)} or Unspecified; got {text!r}.",
            file=path,
            line=line,
        )
    return known[text.casefold()]


def _compound(text: str, line: int, path: str | Path) -> str:
    try:
        return cid(text) if text else ""
    except ValueError as error:
        raise PlateTableError(f"Expected {error}; got {text!r}.", file=path, line=line) from error


def _reason(says: str, compound: str) -> str:
    if not says:
        return "no outcome"
    return "" if compound else "a substance without a compound (CID)"


def _is_replicate(rows: pd.DataFrame) -> pd.Series:
    """Whether a row is a single replicate of a substance that has a row of its summary."""
    columns = [name for name in rows if name in ("replicate", "replicate_id", "replicate_set")]
    is_summary = pd.Series(False, index=rows.index)
    for name in columns:
        is_summary |= rows[name].str.casefold().str.contains("summary")
    return ~is_summary & is_summary.groupby(rows[_SID]).transform("any")


def _label(compound: str, rows: pd.DataFrame) -> dict[str, object]:
    """Returns a compound's row of the label table."""
    said = rows["says"].unique()
    smiles = {"Metadata_smiles": rows[_SMILES].iloc[0]} if _SMILES in rows else {}
    label = said[0] if len(said) == 1 else "Inconclusive"
    return {LABEL: label, CID: compound, **smiles, "n_substances": rows[_SID].nunique()}
