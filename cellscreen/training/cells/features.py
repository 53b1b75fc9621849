"""The columns of a net's table: where they are measured, and which would give the answer away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.models.tabular_branch import column_places
from cellscreen.pipelines.derived_features import add_box_sums
from cellscreen.plates.columns import PREFIX

_LISTED = 5


def measured_columns(wanted: Sequence[str], measured: Sequence[str]) -> list[str]:
    """The measured columns that a net's table is made of, derived ones by what they come from.

    Args:
        wanted: columns of the net's table.
        measured: names of the features in the records.

    Raises:
        ConfigError: a column is neither measured nor derived from what is, all named.

    Example:
        >>> measured_columns(["Cells_AreaShape_Area"], ["Cells_AreaShape_Area", "Other"])
        ['Cells_AreaShape_Area']
    """
    derived = _derived(measured)
    column_places(wanted, [*measured, *derived])
    parts = [derived.get(name, [name]) for name in wanted]
    return list(dict.fromkeys(name for some in parts for name in some))


def net_table(wanted: Sequence[str], values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """A net's table from measured columns, matched by name.

    Args:
        wanted: columns of the net's table, in order.
        values: `(cells, columns)` float32.
        names: of its columns, in whatever order.

    Returns:
        `(cells, wanted)` float32.

    Raises:
        ConfigError: a column is missing or there twice.

    Example:
        >>> net_table(["b"], np.array([[1.0, 2.0]], np.float32), ["a", "b"])
        array([[2.]], dtype=float32)
    """
    if not wanted:
        return np.zeros((len(values), 0), np.float32)
    table = add_box_sums(pd.DataFrame(values, columns=list(names)))
    places = column_places(wanted, [str(name) for name in table.columns])
    return table.iloc[:, places].to_numpy(np.float32)


def check_names(wanted: Sequence[str], metadata: Sequence[str], allowed: bool) -> None:
    """Refuses columns that metadata are called by, such as `plate` or `pert_iname`.

    Args:
        wanted: columns of the net's table.
        metadata: names of the records' metadata, with or without `Metadata_`.
        allowed: whether they are allowed all the same.

    Raises:
        ConfigError: there are some, and they are not allowed.
    """
    known = {name.removeprefix(PREFIX).casefold() for name in metadata}
    leaky = [name for name in wanted if name.removeprefix(PREFIX).casefold() in known]
    if leaky and not allowed:
        raise ConfigError(
            f"Expected measured features of cells as table_features; {', '.join(leaky)} "
            "is what plates and wells are described by, and may hold the answer.",
            fix="Leave them out, or set --leaky_features and call the result what it is.",
        )


def leaky_columns(
    table: np.ndarray, names: Sequence[str], labels: np.ndarray, fields: np.ndarray
) -> dict[str, str]:
    """Columns whose values give the label away, whatever they are called.

    A label is a field's. A column that gives it away has one value for all cells of a field, which
    nothing measured on cells has. Where no field has two cells, a column of as many values as
    classes, each of one class, is told.

    Args:
        table: `(cells, features)`, NaN where missing.
        names: of its columns.
        labels: class number of each cell, `(cells,)` int; -1 is left out.
        fields: number of each cell's field, `(cells,)` int.

    Returns:
        By column what was found; constant columns are not told here.

    Example:
        >>> table = np.array([[1.0], [1.0], [2.0], [2.0]])
        >>> leaky_columns(table, ["code"], np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
        {'code': 'has one value for all cells of an image'}
    """
    known = labels >= 0
    found: dict[str, str] = {}
    for place, name in enumerate(names):
        values = table[known, place]
        if len(np.unique(values[~np.isnan(values)])) > 1:
            problem = _problem(values, labels[known], fields[known])
            found |= {name: problem} if problem else {}
    return found


def refuse_leaky(found: dict[str, str], allowed: bool) -> list[str]:
    """Stops at leaky columns, or returns warnings where they are allowed.

    Raises:
        ConfigError: there are some, and they are not allowed.
    """
    told = [f"{name} {problem}" for name, problem in list(found.items())[:_LISTED]]
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    if found and not allowed:
        raise ConfigError(
            f"Expected features that were measured on cells; {'; '.join(told)}{more}: a net would "
            "read the answer from them.",
            fix="Leave them out of --table_features, or set --leaky_features and call the result "
            "what it is.",
        )
    return [f"Leaky feature allowed by --leaky_features: {one}{more}." for one in told]


def _derived(measured: Sequence[str]) -> dict[str, list[str]]:
    """What derived columns there are, and of which columns each is made."""
    made = add_box_sums(pd.DataFrame(columns=list(measured), dtype=float)).columns
    names = [str(name) for name in made if name not in set(measured)]
    ends = ("Minimum_X", "Minimum_Y", "Maximum_X", "Maximum_Y")
    return {name: [name.removesuffix("Sum") + end for end in ends] for name in names}


def _problem(values: np.ndarray, labels: np.ndarray, fields: np.ndarray) -> str:
    """What is leaky about a column; empty if nothing."""
    of_fields = pd.Series(values).groupby(fields)
    counts = of_fields.count()
    if (counts > 1).any():
        alike = (of_fields.max() == of_fields.min())[counts > 1]
        return "has one value for all cells of an image" if alike.all() else ""
    there = ~np.isnan(values)
    kinds = pd.Series(labels[there]).groupby(values[there])
    as_few = len(kinds) <= len(np.unique(labels))
    return "has one value for each class" if as_few and (kinds.nunique() == 1).all() else ""
