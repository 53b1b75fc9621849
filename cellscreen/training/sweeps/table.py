"""The table of a sweep, a row a cell, and its files: sweep.csv beside sweep.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.atomic import replacing, write_text
from cellscreen.errors import ConfigError
from cellscreen.fitting.recipes import as_text
from cellscreen.training.sweeps.cells import Cell
from cellscreen.training.sweeps.file import PAPER_METRICS, Order, SweepFile
from cellscreen.training.sweeps.run_rows import is_finished, read_json, run_row

TABLE, ABOUT, PAGE = "sweep.csv", "sweep.json", "sweep.md"
DONE, FAILED, MISSING = "done", "failed", "not trained yet"
PAPER = "paper_"
_TEXT = ("cell", "status", "reason", "group", "below_baseline", PAPER + "called")


@dataclass(frozen=True)
class SweepTable:
    """What a sweep found so far.

    Attributes:
        name: of its folder.
        title: of the sweep file.
        flags: the flags that cells set.
        source: where the paper's figures are from; empty without any.
        orders: what is asked of the paper's order.
        changes_from: the recipe that `changes` speaks of; empty without any.
        changes: what this sweep's flags change in that recipe, a line a flag.
        rows: a row a cell: `cell`, the flags' values (short names where there are), `status`,
            `reason`, the figures of `run_rows.run_row`, and the paper's as `paper_called` and
            `paper_<metric>`.
    """

    name: str
    title: str
    flags: tuple[str, ...]
    source: str
    orders: tuple[Order, ...]
    changes_from: str
    changes: tuple[str, ...]
    rows: pd.DataFrame

    @property
    def simulated(self) -> bool:
        """Whether any cell was trained on simulated images."""
        return bool((self.rows["simulated"].astype(str) == "True").any())

    @property
    def leaky(self) -> bool:
        """Whether images of one well are in several folds of any cell."""
        return bool((self.rows["leaky"].astype(str) == "True").any())


def sweep_rows(
    sweep: SweepFile, cells: Sequence[Cell], workdir: Path, failures: Mapping[str, str]
) -> pd.DataFrame:
    """The rows of a sweep as its run folders are now.

    Args:
        sweep: has the paper's figures.
        cells: of the sweep, in their order.
        workdir: has the run folders.
        failures: by cell why it could not be trained.
    """
    rows = []
    for cell in cells:
        done = is_finished(workdir / cell.name)
        status = DONE if done else FAILED if cell.name in failures else MISSING
        row: dict[str, Any] = {"cell": cell.name}
        row |= {flag: as_text(cell.values.get(flag, "")) for flag in sweep.flags}
        row |= {"status": status, "reason": "" if done else failures.get(cell.name, "")}
        found = run_row(workdir / cell.name) if done else {"simulated": None, "leaky": None}
        row |= {name: value for name, value in found.items() if name not in row}
        rows.append(row | _paper(sweep, cell))
    return pd.DataFrame(rows)


def write_sweep(table: SweepTable, workdir: Path) -> None:
    """Writes sweep.csv and sweep.json, each whole or not at all."""
    about = {
        "title": table.title,
        "flags": list(table.flags),
        "source": table.source,
        "orders": [{"of": o.of, "flag": o.flag, "within": o.within} for o in table.orders],
        "changes_from": table.changes_from,
        "changes": list(table.changes),
    }
    write_text(workdir / ABOUT, json.dumps(about, indent=2) + "\n")
    with replacing(workdir / TABLE) as temporary:
        table.rows.to_csv(temporary, index=False)


def read_sweep(workdir: str | Path) -> SweepTable:
    """Reads what a sweep wrote, finished or not.

    Raises:
        ConfigError: the folder holds no sweep.

    Example:
        >>> read_sweep("runs/table3").rows["f1"].max()  # doctest: +SKIP
        0.95
    """
    workdir = Path(workdir)
    if not (workdir / ABOUT).is_file():
        raise ConfigError(
            f"Expected the folder of a sweep; there is no {ABOUT}.",
            file=workdir,
            fix="Give the --workdir of `cellscreen train-edges --sweep=…`.",
        )
    about, path = read_json(workdir / ABOUT), workdir / TABLE
    text = dict.fromkeys((*_TEXT, *about["flags"]), str)
    try:
        rows = pd.read_csv(path, dtype=text)
    except (OSError, ValueError) as error:
        raise ConfigError(f"Expected the table of a sweep: {error}.", file=path) from error
    named = [name for name in text if name in rows]
    return SweepTable(
        name=workdir.resolve().name,
        title=about["title"],
        flags=tuple(about["flags"]),
        source=about["source"],
        orders=tuple(
            Order(o["of"], o["flag"], tuple(map(tuple, o["within"]))) for o in about["orders"]
        ),
        changes_from=about["changes_from"],
        changes=tuple(about["changes"]),
        rows=rows.assign(**{name: rows[name].fillna("") for name in named}),
    )


def _paper(sweep: SweepFile, cell: Cell) -> dict[str, Any]:
    """The paper's figures of a cell; NaN where it has none."""
    if not sweep.figures:
        return {}
    names = ("called", *PAPER_METRICS)
    rows = [
        row
        for row in sweep.figures
        if {name: value for name, value in row.items() if name not in names} == cell.values
    ]
    found = rows[0] if rows else {}
    figures = {PAPER + name: float(found.get(name, "nan")) for name in PAPER_METRICS}
    return {PAPER + "called": found.get("called", "")} | figures
