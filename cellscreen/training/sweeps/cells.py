"""The cells of a sweep as configs with folders, all checked before anything is trained."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellscreen.errors import CellscreenError, ConfigError
from cellscreen.fitting.flags import flat
from cellscreen.fitting.recipes import as_text, config_from_values
from cellscreen.training.sweeps.file import SweepFile

_LONGEST = 80
_SHOWN = 20


@dataclass(frozen=True)
class Cell:
    """One training of a sweep.

    Attributes:
        name: its run folder's name, stable for its values.
        values: by flag what the sweep file says, short names where there are.
        config: what is trained.
    """

    name: str
    values: dict[str, Any]
    config: Any


def plan_cells(sweep: SweepFile, base: Any) -> tuple[Cell, ...]:
    """The cells of a sweep file.

    Args:
        sweep: the file.
        base: a config of the trainer, which holds where a cell says nothing.

    Raises:
        ConfigError: an unknown flag, a bad value, one config or one folder twice, or several
            workers; names the sweep file and all such cells.

    Example:
        >>> plan_cells(sweep, config)[0].name  # doctest: +SKIP
        'plain_AC16-24h'
    """
    cells: list[Cell] = []
    problems: list[str] = []
    for values in sweep.cells:
        try:
            cells.append(_cell(sweep, base, values, cells))
        except CellscreenError as error:
            problems.append(f"cell {json.dumps(values)}: {error}")
    if problems:
        more = [f"… and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        head = f"{len(problems)} of {len(sweep.cells)} cells cannot be trained:"
        text = "\n  ".join([head, *problems[:_SHOWN], *more])
        raise ConfigError(f"{text}\n", file=sweep.path, fix="Mend the sweep file or the flags.")
    return tuple(cells)


def folder_name(values: Mapping[str, Any]) -> str:
    """The folder of a cell: words stand alone, numbers behind their flag.

    A value that no folder can be called by, or a long one, ends in a checksum instead.

    Example:
        >>> folder_name({"where": "AC16-24h", "net": "plain", "epochs": 3})
        'epochs-3_plain_AC16-24h'
    """
    raw = "_".join(_part(flag, values[flag]) for flag in sorted(values)) or "base"
    clean = re.sub(r"[^A-Za-z0-9_.+-]+", "-", raw).strip("-.")[:_LONGEST]
    if clean == raw:
        return clean
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    return f"{clean}-{digest[:8]}"


def _part(flag: str, value: Any) -> str:
    stands_alone = isinstance(value, str) and not re.fullmatch(r"[\d.,+-]*|true|false", value)
    text = "+".join(map(str, value)) if isinstance(value, list) else as_text(value)
    return text if stands_alone else f"{flag}-{text}"


def _cell(sweep: SweepFile, base: Any, values: dict[str, Any], before: list[Cell]) -> Cell:
    long = {flag: _long(sweep, flag, value) for flag, value in values.items()}
    config = config_from_values(type(base), flat(base) | long)
    if flat(config).get("strategy") == "multi_worker":
        raise ConfigError("Expected a strategy of one process in a sweep; got multi_worker.")
    name = folder_name(values)
    for other in before:
        if other.config == config:
            raise ConfigError(f"Expected every cell once; {other.name} is the same.")
        if other.name.lower() == name.lower():
            raise ConfigError(
                f"Expected a folder of its own; {name!r} is that of another cell.",
                fix="Give one of its values another short name.",
            )
    return Cell(name, values, config)


def _long(sweep: SweepFile, flag: str, value: Any) -> Any:
    names = sweep.names.get(flag, {})
    return names.get(value, value) if isinstance(value, str) else value
