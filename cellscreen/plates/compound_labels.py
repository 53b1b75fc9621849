"""Label tables (compound → class of any task), joined to wells by what names the compound.

A table is a small CSV: a column `label`, and one or more of `InChIKey`, `pert_iname` (or
`compound`, `drug`, …) and `pubchem_cid`. It is joined by one of four keys, which the user names:

- `inchikey`: the whole InChIKey;
- `first_block`: its first 14 letters, the same for stereoisomers and for most charges;
- `name`: the name in one case, its spaces, hyphens and underscores as one. Salts are not guessed:
  "amlodipine besylate" is not "amlodipine";
- `pubchem_cid`: the number of PubChem's compound.

Labels are never part of records: a new task needs a new CSV only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cellscreen.errors import ConfigError, PlateTableError
from cellscreen.plates.columns import CONTROL_TYPE, PREFIX
from cellscreen.plates.compound_keys import CID, INCHIKEY, KEYS, NAME
from cellscreen.plates.label_table import LABEL
from cellscreen.plates.problems import Problems
from cellscreen.plates.values import MISSING

_SHOWN = 12


@dataclass(frozen=True)
class LabelJoin:
    """Labels of the rows of a frame, and what did not join.

    Attributes:
        labels: a text per row with the frame's index, "" where the compound has no label.
        unlabelled: the frame's compounds without a label: `compound`, `key`, `control_type`,
            `rows`.
        unused: rows of the label table whose compound the frame does not have.
    """

    labels: pd.Series
    unlabelled: pd.DataFrame
    unused: pd.DataFrame


def join_labels(frame: pd.DataFrame, labels: pd.DataFrame, by: str) -> LabelJoin:
    """Returns the label of each row's compound.

    Args:
        frame: records, plate table, plate map or scores; has the column of `by`, as
            `Metadata_InChIKey`, `Metadata_pert_iname` or `Metadata_pubchem_cid`, in any case.
        labels: of `read_labels` or an importer.
        by: inchikey, first_block, name or pubchem_cid.

    Raises:
        ConfigError: `by` is unknown, or one side does not have its column.
        PlateTableError: two labels for one compound, a key that cannot be one, or no compound in
            common.

    Example:
        >>> joined = join_labels(table, read_labels("herg.csv"), "inchikey")  # doctest: +SKIP
        >>> table["Metadata_herg"] = joined.labels  # doctest: +SKIP
    """
    column, key_of = _key(by)
    known = _label_of_key(labels, column, key_of, by)
    texts = frame[_find(frame, column, "The table of images")].fillna("").astype(str)
    keys = texts.map({text: _frame_key(text, key_of) for text in texts.unique()})
    found = keys.map(known).fillna("")
    unused = labels[~_keys(labels, column, key_of).isin(keys[keys != ""].unique())]
    if not (found != "").any():
        raise PlateTableError(
            f"No compound of the label table is among the images' ({by}): "
            f"{_some(labels[_find(labels, column, '')])} there, {_some(texts)} here.",
            fix="Join by another key, or check the tables.",
        )
    return LabelJoin(found, _unlabelled(frame, texts, found), unused)


def describe_join(joined: LabelJoin) -> str:
    """Returns in text what did not join: compounds without a label, and labels without images.

    Example:
        >>> print(describe_join(joined))  # doctest: +SKIP
    """
    counts = joined.labels[joined.labels != ""].value_counts().to_dict()
    lines = [f"Rows by label: {', '.join(f'{name} {count}' for name, count in counts.items())}."]
    lines.append(f"Compounds without a label: {len(joined.unlabelled)}.")
    for row in joined.unlabelled.to_dict("records"):
        lines.append("  " + ", ".join(str(row[name]) for name in row if row[name] != ""))
    lines.append(f"Labels whose compound has no image: {len(joined.unused)}.")
    shown = joined.unused[:_SHOWN]
    for line, row in zip(shown.index, shown.to_dict("records"), strict=True):
        named = [str(row[name]) for name in (NAME, INCHIKEY, CID) if row.get(name)]
        lines.append(f"  line {line}: {', '.join([*named, str(row[LABEL])])}")
    if len(joined.unused) > _SHOWN:
        lines.append(f"  … and {len(joined.unused) - _SHOWN} more")
    return "\n".join(lines)


def _key(by: str) -> tuple[str, Callable[[str], str]]:
    if by not in KEYS:
        raise ConfigError(f"Expected labels to be joined by {', '.join(KEYS)}; got {by!r}.")
    return KEYS[by]


def _find(frame: pd.DataFrame, column: str, whose: str) -> str:
    same = [str(name) for name in frame if str(name).casefold() == column.casefold()]
    if not same:
        bare = column.removeprefix(PREFIX)
        raise ConfigError(f"Expected a column {bare}. {whose} has none.")
    return same[0]


def _keys(labels: pd.DataFrame, column: str, key_of: Callable[[str], str]) -> pd.Series:
    """Returns the key of each row of a label table, "" where the cell is blank.

    Raises:
        PlateTableError: a cell cannot be a key; all are told.
    """
    problems = Problems(Path(str(labels.attrs.get("file", "label table"))))
    keys = []
    for line, text in labels[_find(labels, column, "The label table")].items():
        try:
            keys.append("" if text.casefold() in MISSING else key_of(text))
        except ValueError as error:
            problems.add(f"Expected {error}; got {text!r}.", line=int(str(line)))
            keys.append("")
    problems.raise_any()
    return pd.Series(keys, index=labels.index, dtype=object)


def _label_of_key(
    labels: pd.DataFrame, column: str, key_of: Callable[[str], str], by: str
) -> dict[str, str]:
    """Returns the label of each key.

    Raises:
        PlateTableError: two labels for one compound; all are told, with their lines.
    """
    keys = _keys(labels, column, key_of)
    problems = Problems(Path(str(labels.attrs.get("file", "label table"))))
    known: dict[str, str] = {}
    for key, rows in labels[keys != ""].groupby(keys[keys != ""], sort=False):
        said = dict.fromkeys(rows[LABEL])
        known[str(key)] = rows[LABEL].iloc[0]
        if len(said) > 1:
            lines = ", ".join(map(str, rows.index))
            names = " / ".join(dict.fromkeys(rows[column]))
            text = f"Two labels for one compound ({by}), {names}: {', '.join(said)}, lines {lines}."
            problems.add(text, line=int(rows.index[0]))
    problems.raise_any()
    return known


def _frame_key(text: str, key_of: Callable[[str], str]) -> str:
    """A well without a compound, or with a text that is no key, has none: it is listed."""
    try:
        return "" if text.casefold() in MISSING else key_of(text)
    except ValueError:
        return ""


def _unlabelled(frame: pd.DataFrame, texts: pd.Series, found: pd.Series) -> pd.DataFrame:
    """Returns a row a compound (and control type) that got no label."""
    named = {
        "compound": frame.get(NAME, texts),
        "key": texts,
        "control_type": frame.get(CONTROL_TYPE, ""),
    }
    without = pd.DataFrame(named, index=frame.index)[found == ""]
    counted = without.groupby(list(named), sort=True, dropna=False).size()
    return counted.reset_index(name="rows")


def _some(texts: pd.Series) -> str:
    return ", ".join(texts[texts != ""].unique()[:3]) or "nothing"
