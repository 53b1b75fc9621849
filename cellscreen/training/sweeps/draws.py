"""Cells of a sweep: every combination of a grid, and seeded random draws."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scipy import stats
from sklearn.model_selection import ParameterGrid, ParameterSampler

from cellscreen.errors import ConfigError

_DIGITS = 3
_LARGEST = 10_000


def grid_cells(grid: Any, path: Path) -> list[dict[str, Any]]:
    """Every combination of a grid's values, the alphabetically last flag varying fastest.

    Args:
        grid: lists of values by flag, or a list of such grids.
        path: the sweep file, for messages.

    Raises:
        ConfigError: a flag without a list of values, or more than 10,000 combinations.

    Example:
        >>> grid_cells({"net": ["plain", "dense"], "folds": [3]}, Path("a.sweep"))
        [{'folds': 3, 'net': 'plain'}, {'folds': 3, 'net': 'dense'}]
    """
    grids = grid if isinstance(grid, list) else [grid]
    for one in grids:
        if not isinstance(one, dict) or not one:
            raise ConfigError(f"Expected lists of values by flag; got {one!r}.", file=path)
        for flag, values in one.items():
            _check_list(flag, values, path)
    if sum(math.prod(map(len, one.values())) for one in grids) > _LARGEST:
        raise ConfigError(f"Expected at most {_LARGEST} cells in a grid; got more.", file=path)
    return list(ParameterGrid(grids)) if grids else []


def draw_cells(random: Mapping[str, Any] | None, path: Path) -> list[dict[str, Any]]:
    """Random cells, the same for the same seed.

    Args:
        random: `draws`, `seed` and `values`: by flag a list, or a range of `low`, `high` and
            `log`.
        path: the sweep file, for messages.

    Raises:
        ConfigError: a part is missing or unknown, a range is no range, or lists alone are to give
            more draws than they have combinations.

    Example:
        >>> draw_cells({"draws": 1, "seed": 3, "values": {"net": ["plain"]}}, Path("a.sweep"))
        [{'net': 'plain'}]
    """
    if random is None:
        return []
    if set(random) != {"draws", "seed", "values"} or not isinstance(random["values"], dict):
        raise ConfigError(f"Expected draws, seed and values; got {', '.join(random)}.", file=path)
    draws, seed, values = random["draws"], random["seed"], random["values"]
    for name, number, low in (("draws", draws, 1), ("seed", seed, 0)):
        if not _is_whole(number) or number < low:
            raise ConfigError(
                f"Expected {name} as a whole number of {low} or more; got {number!r}.", file=path
            )
    ranges = {flag: _range(flag, v, path) for flag, v in values.items() if isinstance(v, dict)}
    lists = {flag: v for flag, v in values.items() if flag not in ranges}
    for flag, choices in lists.items():
        _check_list(flag, choices, path)
    possible = math.prod(map(len, lists.values()))
    if not ranges and draws > possible:
        raise ConfigError(f"Expected at most {possible} draws; got {draws}.", file=path)
    sampler = ParameterSampler(lists | ranges, draws, random_state=seed)
    return [{flag: _plain(v, values[flag]) for flag, v in cell.items()} for cell in sampler]


def _check_list(flag: str, values: Any, path: Path) -> None:
    if not isinstance(values, list) or not values:
        raise ConfigError(f"Expected a list of values for {flag!r}; got {values!r}.", file=path)


def _range(flag: str, bounds: Mapping[str, Any], path: Path) -> Any:
    """A distribution of scipy for a range of a sweep file; both bounds can be drawn."""
    low, high, log = bounds.get("low"), bounds.get("high"), bounds.get("log", False)
    numbers = all(isinstance(n, int | float) and not isinstance(n, bool) for n in (low, high))
    if set(bounds) - {"low", "high", "log"} or not numbers or not low < high:  # type: ignore[operator]
        raise ConfigError(
            f"Expected a range of low below high, and log, for {flag!r}; got {dict(bounds)}.",
            file=path,
        )
    if log and low <= 0:  # type: ignore[operator]
        raise ConfigError(f"Expected a low above 0 with log for {flag!r}; got {low}.", file=path)
    if log:
        return stats.loguniform(low, high)
    if _is_whole(low) and _is_whole(high):
        return stats.randint(low, high + 1)  # type: ignore[operator]
    return stats.uniform(low, high - low)  # type: ignore[operator]


def _plain(value: Any, asked: Any) -> Any:
    """A drawn value as JSON has it: whole between whole bounds, else of three digits."""
    if not isinstance(asked, dict):
        return value
    if _is_whole(asked["low"]) and _is_whole(asked["high"]):
        return round(float(value))
    return float(f"{float(value):.{_DIGITS}g}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
