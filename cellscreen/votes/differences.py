"""How far models stand apart, from chance and from each other, on the same draws of positions.

The interval of one model's figure is wide where the units themselves are uneven: with many controls
among the wells, a draw of more of them lifts every model. A difference over the same draws leaves
out what is equally hard for both (paired cluster bootstrap: Davison and Hinkley 1997, sections 2.4
and 3.8).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.votes.answers import class_columns
from cellscreen.votes.chance import chance_figures
from cellscreen.votes.draws import DRAWS, interval
from cellscreen.votes.ranks import rank_draws
from cellscreen.votes.standings import BASELINES, CHANCE, METRICS

COLUMNS = ["model", "against", "metric", "difference", "low", "high", "n_units", "n_groups"]
Drawn = tuple[dict[str, float], dict[str, np.ndarray]]
_NAN = float("nan")


def difference_table(
    tables: Mapping[str, pd.DataFrame],
    groups: pd.Series,
    classes: Sequence[str],
    *,
    metrics: Sequence[str] = METRICS,
    baselines: Sequence[str] = BASELINES,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Every model's figures less chance's, and every net's less each baseline's.

    Args:
        tables: by model the voted units: `unit, label, called, p_<class>…`. Two models are compared
            on the units that both have.
        groups: the group of each unit, such as its position, by unit.
        classes: class names in the order of their numbers.
        metrics: of `ranks.rank_figures`.
        baselines: models that are compared with chance only.
        draws: resamples of whole groups.
        seed: of the resamples.

    Returns:
        A row a model, `against` ("chance" or a baseline) and metric: `difference, low, high` (95 %
        percentile interval, NaN where undefined), `n_units`, `n_groups`. Chance's accuracy is that
        of calling the most frequent class, in the very draw; its other figures are those of
        `chance.chance_figures` and do not change with the draw.

    Raises:
        DataError: a unit has no group, or two labels.

    Example:
        >>> difference_table({"net": images}, positions, classes)  # doctest: +SKIP
    """
    rows = [
        (model, against, *row)
        for model, table in tables.items()
        for against, other in _others(model, tables, baselines)
        for row in _compared(table, other, groups, classes, metrics, draws, seed)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _others(
    model: str, tables: Mapping[str, pd.DataFrame], baselines: Sequence[str]
) -> Iterator[tuple[str, pd.DataFrame | None]]:
    """What a model stands beside; chance has no table."""
    yield CHANCE, None
    if model not in baselines:
        yield from ((name, tables[name]) for name in baselines if name in tables)


def _compared(
    table: pd.DataFrame,
    other: pd.DataFrame | None,
    groups: pd.Series,
    classes: Sequence[str],
    metrics: Sequence[str],
    draws: int,
    seed: int,
) -> Iterator[tuple[str, float, float, float, int, int]]:
    """Differences on the units of both, in one order, so that draws are of the same groups."""
    own = table.set_index("unit").sort_index()
    theirs = own if other is None else other.set_index("unit").sort_index()
    shared = own.index.intersection(theirs.index)
    own, theirs, of_unit = own.loc[shared], theirs.loc[shared], groups.reindex(shared)
    if not own["label"].equals(theirs["label"]):
        unit = shared[int(np.argmax(own["label"] != theirs["label"]))]
        raise DataError(f"Expected one label of each unit; models differ in that of {unit}.")
    values, drawn = rank_draws(own, of_unit, classes, draws=draws, seed=seed)
    beside = (
        _chance(own, of_unit, classes, draws, seed)
        if other is None
        else rank_draws(theirs, of_unit, classes, draws=draws, seed=seed)
    )
    for metric in metrics:
        difference = values[metric] - beside[0][metric]
        ends = (_NAN, _NAN)
        if metric in drawn and metric in beside[1]:
            ends = interval(drawn[metric] - beside[1][metric])
        yield metric, difference, *ends, len(shared), of_unit.nunique()


def _chance(
    table: pd.DataFrame, groups: pd.Series, classes: Sequence[str], draws: int, seed: int
) -> Drawn:
    """What chance gives as a whole and in each draw."""
    labels = table["label"].to_numpy(np.int64)
    values = chance_figures(labels, len(classes))
    if not len(labels):
        return values, {}
    most = int(np.bincount(labels).argmax())
    sure = np.eye(len(classes))[np.full(len(labels), most)]
    called = pd.DataFrame(sure, columns=class_columns(classes), index=table.index)
    called = called.assign(label=labels, called=most)
    _, drawn = rank_draws(called, groups, classes, draws=draws, seed=seed)
    constant = {name: np.full(draws, value) for name, value in values.items()}
    return values, constant | {"accuracy": drawn["accuracy"]} if drawn else {}
