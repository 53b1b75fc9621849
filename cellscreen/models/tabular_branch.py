"""The table's branch of a cell net: columns by name, standardisation, dense layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers

from cellscreen.errors import ConfigError, DataError
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.models.cell_layers import TableNormalization

# A spread below this share of the mean is what rounding to float32 leaves of a constant.
ROUNDING = 1e-6
LISTED = 8


def tabular_branch(config: CellNetConfig, table: KerasTensor) -> KerasTensor:
    """Linear, ReLU, batch normalisation, dropout (paper 002, Part 3, section 2).

    Args:
        config: uses table_features, table_units, table_depth, table_norm, table_dropout,
            missing_flags, cell_momentum.
        table: `(batch, features)` float32, as measured; NaN where missing.

    Returns:
        `(batch, table_units)`.

    Example:
        >>> tabular_branch(CellNetConfig(table_features=("Area",)), keras.Input((1,))).shape
        (None, 32)
    """
    x = TableNormalization(
        config.table_features, config.missing_flags, name="table_normalization", dtype="float32"
    )(table)
    for n in range(1, config.table_depth + 1):
        x = layers.Dense(config.table_units, activation="relu", name=f"table_{n}")(x)
        if config.table_norm:
            norm = layers.BatchNormalization(momentum=config.cell_momentum, name=f"table_norm_{n}")
            x = norm(x)
        if config.table_dropout:
            x = layers.Dropout(config.table_dropout, name=f"table_dropout_{n}")(x)
    return x


def adapt_table(model: keras.Model, mean: Any, variance: Any) -> None:
    """Gives a net the means and variances of its table's columns over the training cells.

    Args:
        model: a net of `build_cell_net` with a table; changed.
        mean: `(features,)`, in the order of `table_features_of`.
        variance: `(features,)`.

    Raises:
        ConfigError: the net has no table, or another number of columns.
        DataError: columns without a value, with an infinite one, or constant, all named.

    Example:
        >>> adapt_table(model, *table_moments(values[training]))  # doctest: +SKIP
    """
    layer = _normalization(model)
    moments = [np.asarray(one, np.float64) for one in (mean, variance)]
    for one in moments:
        if one.shape != (len(layer.features),):
            raise ConfigError(
                f"Expected one mean and variance for each of {len(layer.features)} columns; got "
                f"the shape {one.shape}."
            )
    _check_moments(layer.features, *moments)
    layer.mean.assign(moments[0])
    layer.variance.assign(moments[1])


def table_moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each column over the values that are there.

    Args:
        values: `(cells, features)`, NaN where missing; of the training folds only.

    Returns:
        Two `(features,)` float64; NaN for a column without a value.

    Example:
        >>> table_moments(np.array([[1.0], [3.0], [np.nan]]))
        (array([2.]), array([1.]))
    """
    values = np.asarray(values, np.float64)
    missing = np.isnan(values)
    count = (~missing).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(missing, 0.0, values).sum(axis=0) / count
        return mean, (np.where(missing, 0.0, values - mean) ** 2).sum(axis=0) / count


def table_features_of(model: keras.Model) -> tuple[str, ...]:
    """Names of the columns that a cell net was built for, in order; () if it takes no table."""
    layer = _found(model)
    return layer.features if layer else ()


def column_places(expected: Sequence[str], given: Sequence[str]) -> list[int]:
    """Where each column of a net is in a table, by name; other columns are not looked at.

    Args:
        expected: of `table_features_of`.
        given: names of the table's columns.

    Returns:
        One place a name of `expected`: `values[:, places]` is what the net takes.

    Raises:
        ConfigError: columns that are missing or there twice, all named.

    Example:
        >>> column_places(("Area", "Extent"), ["Extent", "Site", "Area"])
        [2, 0]
    """
    names = list(given)
    missing = [name for name in expected if name not in names]
    twice = [name for name in expected if names.count(name) > 1]
    if missing or twice:
        said = [("missing", missing), ("there twice", twice)]
        problem = "; ".join(f"{what}: {_list(found)}" for what, found in said if found)
        raise ConfigError(
            f"Expected a table with the {len(expected)} columns that the net takes; {problem}.",
            fix="Measure them, map other names to them, or leave them out of --table_features.",
        )
    return [names.index(name) for name in expected]


def _check_moments(names: tuple[str, ...], mean: np.ndarray, variance: np.ndarray) -> None:
    undefined = ~(np.isfinite(mean) & np.isfinite(variance))
    constant = ~undefined & (variance <= (ROUNDING * np.abs(mean)) ** 2)
    for bad, problem in (
        (undefined, "have no value among them, or an infinite one"),
        (constant, "are constant (variance 0)"),
    ):
        if bad.any():
            found = [name for name, is_bad in zip(names, bad, strict=True) if is_bad]
            raise DataError(
                f"Expected columns that differ between the training cells; {len(found)} "
                f"{problem}: {_list(found)}.",
                fix="Leave them out of --table_features, or mend the table.",
            )


def _normalization(model: keras.Model) -> TableNormalization:
    layer = _found(model)
    if layer is None:
        raise ConfigError(f"Expected a cell net that takes a table; {model.name} does not.")
    return layer


def _found(model: keras.Model) -> TableNormalization | None:
    return next((one for one in model.layers if isinstance(one, TableNormalization)), None)


def _list(names: Sequence[str]) -> str:
    rest = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {rest} more" if rest > 0 else "")
