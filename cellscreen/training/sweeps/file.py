"""A sweep file: which values of flags are tried together, as JSON.

```json
{
  "title": "Two nets at two rates",
  "about": ["What it is for, and the commands, a line an entry."],
  "names": {"where": {"AC16-24h": "cell_line=AC16; hours=24"}},
  "grid": {"net": ["plain", "dense"], "where": ["AC16-24h"]},
  "random": {"draws": 8, "seed": 0, "values": {"learning_rate": {"low": 1e-4, "high": 0.01,
             "log": true}, "stem_width": {"low": 8, "high": 32}}},
  "cells": [{"net": "plain", "learning_rate": 0.1}],
  "changes_from": "paper.flags",
  "paper": {"source": "…, Table III", "figures": [{"net": "plain", "where": "AC16-24h",
            "called": "baseline", "f1": 0.79}]},
  "orders": [{"of": "nets", "flag": "net"}]
}
```

Every part but `title` may be left out; `grid` may be a list of grids. `names` gives long values a
short one, used in folders and tables. A range whose bounds are whole numbers draws whole numbers,
others are rounded to three digits. `orders` asks whether the paper's order of a flag's values shows
in our figures, `"within": [["AC16-24h", "AC16-48h"]]` only among some of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellscreen.errors import ConfigError
from cellscreen.fitting.recipes import as_text
from cellscreen.training.sweeps.draws import draw_cells, grid_cells

PAPER_METRICS = ("f1", "accuracy", "precision", "recall")
_PARTS: dict[str, Any] = {
    "title": str,
    "about": list,
    "names": dict,
    "grid": (dict, list),
    "random": dict,
    "cells": list,
    "changes_from": str,
    "paper": dict,
    "orders": list,
}


@dataclass(frozen=True)
class Order:
    """A question: does the paper's order of a flag's values show?

    Attributes:
        of: what is ordered, as people say it, such as "nets".
        flag: the flag.
        within: sets of its values that are ordered each among themselves; empty is all values.
    """

    of: str
    flag: str
    within: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class SweepFile:
    """What a sweep file says, not yet compared with the flags of any trainer.

    Attributes:
        path: the file.
        title: of tables and pages.
        about: what it is for, lines.
        names: by flag the long value of each short one.
        cells: values by flag, short ones where there are; in the order of training.
        changes_from: a recipe beside the file, or empty.
        source: where the paper's figures are from; empty without any.
        figures: the paper's figures: values by flag, `called`, and `PAPER_METRICS`.
        orders: what is asked of the paper's order.
    """

    path: Path
    title: str
    about: tuple[str, ...]
    names: Mapping[str, Mapping[str, Any]]
    cells: tuple[dict[str, Any], ...]
    changes_from: str
    source: str
    figures: tuple[dict[str, Any], ...]
    orders: tuple[Order, ...]

    @property
    def flags(self) -> list[str]:
        """The flags that cells set, in the order of their first mention."""
        return list(dict.fromkeys(flag for cell in self.cells for flag in cell))


def read_sweep_file(path: str | Path) -> SweepFile:
    """Reads and checks a sweep file.

    Raises:
        ConfigError: it is missing, no JSON, has an unknown part, or says nothing to train.

    Example:
        >>> read_sweep_file("table3.sweep").flags  # doctest: +SKIP
        ['net', 'where']
    """
    path = Path(path)
    content = _json(path)
    _check_parts(content, path)
    cells = (
        *grid_cells(content.get("grid", []), path),
        *draw_cells(content.get("random"), path),
        *content.get("cells", []),
    )
    if not cells or not all(isinstance(cell, dict) for cell in cells):
        raise _wrong(path, "Expected cells, from a grid, random draws or a list; got none.")
    paper = content.get("paper", {})
    sweep = SweepFile(
        path=path,
        title=content["title"],
        about=tuple(content.get("about", ())),
        names=content.get("names", {}),
        cells=cells,
        changes_from=content.get("changes_from", ""),
        source=paper.get("source", ""),
        figures=tuple(paper.get("figures", ())),
        orders=tuple(_order(order, path) for order in content.get("orders", ())),
    )
    _check_figures(sweep)
    return sweep


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except OSError as error:
        raise _wrong(path, f"Expected a sweep file: {error.strerror}.") from error
    except json.JSONDecodeError as error:
        raise _wrong(path, f"Expected JSON: {error.msg}.", line=error.lineno) from error
    except ValueError as error:
        raise _wrong(path, f"Expected JSON: {error}.") from error
    if not isinstance(content, dict):
        raise _wrong(path, "Expected a JSON object.")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} is given twice")
    return dict(pairs)


def _check_parts(content: dict[str, Any], path: Path) -> None:
    odd = sorted(set(content) - set(_PARTS))
    if odd:
        raise _wrong(path, f"Expected the parts {', '.join(_PARTS)}; got {', '.join(odd)}.")
    if not content.get("title"):
        raise _wrong(path, "Expected a title.")
    for part, value in content.items():
        if not isinstance(value, _PARTS[part]):
            raise _wrong(path, f"Expected another kind of value for {part!r}; got {value!r}.")
    for flag, names in content.get("names", {}).items():
        if not isinstance(names, dict):
            raise _wrong(path, f"Expected short names with their values for {flag!r}.")


def _order(order: Any, path: Path) -> Order:
    if not isinstance(order, dict) or not {"of", "flag"} <= set(order) <= {"of", "flag", "within"}:
        raise _wrong(path, f"Expected an order with 'of', 'flag' and 'within'; got {order!r}.")
    within = order.get("within", [])
    return Order(order["of"], order["flag"], tuple(tuple(map(as_text, v)) for v in within))


def _check_figures(sweep: SweepFile) -> None:
    """Every figure of the paper belongs to one cell, every ordered value to a cell."""
    for row in sweep.figures:
        cell = {name: row[name] for name in row if name not in ("called", *PAPER_METRICS)}
        found = sum(one == cell for one in sweep.cells)
        if found != 1:
            raise _wrong(sweep.path, f"Expected one cell for the paper's {cell}; got {found}.")
    if bool(sweep.figures) != bool(sweep.source):
        raise _wrong(sweep.path, "Expected the paper's figures together with their source.")
    for order in sweep.orders:
        known = {as_text(cell.get(order.flag)) for cell in sweep.cells}
        odd = [value for values in order.within for value in values if value not in known]
        if order.flag not in sweep.flags or odd:
            what = f"the value {odd[0]!r}" if odd else f"the flag {order.flag!r}"
            raise _wrong(sweep.path, f"Expected the order of {order.of} in cells; none has {what}.")


def _wrong(path: Path, problem: str, line: int | None = None) -> ConfigError:
    return ConfigError(problem, file=path, line=line, fix="Mend the sweep file.")
