"""Sweeps: many trainings of one trainer, each a run folder; what is finished is kept."""

from __future__ import annotations

import errno
import gc
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellscreen.atomic import write_text
from cellscreen.errors import CellscreenError, ConfigError
from cellscreen.fitting.flags import config_from_json, differing_fields, flat
from cellscreen.fitting.recipes import recipe_changes
from cellscreen.fitting.stopping import locked
from cellscreen.training.sweeps.cells import Cell, plan_cells
from cellscreen.training.sweeps.file import SweepFile, read_sweep_file
from cellscreen.training.sweeps.run_rows import CONFIG, is_finished
from cellscreen.training.sweeps.table import DONE, PAGE, SweepTable, sweep_rows, write_sweep
from cellscreen.training.sweeps.text import duration, sweep_text

LOGGER = logging.getLogger(__name__)
_AUTO = "auto"


@dataclass(frozen=True)
class Sweep:
    """A sweep file and its cells, checked.

    Attributes:
        file: what the sweep file says.
        cells: what is trained, in this order.
        changes: what the flags change in the recipe that the file compares with.
    """

    file: SweepFile
    cells: tuple[Cell, ...]
    changes: tuple[str, ...]


def plan_sweep(path: str | Path, base: Any) -> Sweep:
    """Reads a sweep file and makes a config of every cell; nothing is trained yet.

    Args:
        path: the sweep file.
        base: a config of the trainer, which holds where a cell says nothing.

    Raises:
        ConfigError: a part of the file is wrong, or cells cannot be trained.

    Example:
        >>> len(plan_sweep("table3.sweep", config).cells)  # doctest: +SKIP
        16
    """
    file = read_sweep_file(path)
    changes: list[str] = []
    if file.changes_from:
        recipe = file.path.parent / file.changes_from
        changes = recipe_changes(base, recipe, leave_out=("data_dir", *file.flags))
    return Sweep(file, plan_cells(file, base), tuple(changes))


def plan_text(sweep: Sweep) -> str:
    """What would be trained: a line a cell, and the changes from a recipe."""
    lines = [f"{sweep.file.title}: {len(sweep.cells)} cells", *(f"  {c.name}" for c in sweep.cells)]
    if sweep.file.changes_from:
        lines += [f"Changes from {sweep.file.changes_from}:", *(f"  {c}" for c in sweep.changes)]
    return "\n".join(lines)


def run_sweep(
    sweep: Sweep,
    workdir: str | Path,
    train: Callable[[Any, Path], Any],
    free: Callable[[], None] | None = None,
) -> SweepTable:
    """Trains every cell that is not finished; a cell that fails does not stop the others.

    Writes sweep.csv, sweep.json and sweep.md after every cell. Given again it goes on with what
    is missing, failed cells among them.

    Args:
        sweep: of `plan_sweep`.
        workdir: gets a run folder a cell.
        train: the trainer's entry, such as `edges.train_and_evaluate`.
        free: called after every training; by default Keras forgets its graphs.

    Returns:
        The table, with the cells that failed and why.

    Raises:
        ConfigError: a cell's folder holds a run of another config, or another process sweeps here.
        OSError: the disk is full.

    Example:
        >>> sweep = plan_sweep("table3.sweep", config)  # doctest: +SKIP
        >>> run_sweep(sweep, "runs/table3", train_and_evaluate).rows["f1"]  # doctest: +SKIP
    """
    workdir = Path(workdir)
    for cell in sweep.cells:
        _check_folder(cell, workdir)
    failures: dict[str, str] = {}
    with locked(workdir):
        table = _written(sweep, workdir, failures)
        waiting = [cell for cell in sweep.cells if not is_finished(workdir / cell.name)]
        started = time.monotonic()
        for place, cell in enumerate(waiting):
            _announce(sweep, waiting, place, time.monotonic() - started)
            try:
                train(cell.config, workdir / cell.name)
            except Exception as error:  # a defect of one net, or memory that one cell lacks
                failures[cell.name] = _failure(cell, error)
            finally:
                (free or forget_graphs)()
            table = _written(sweep, workdir, failures)
    return table


def exit_status(table: SweepTable) -> int:
    """0 if every cell is trained, else 1."""
    return int((table.rows["status"] != DONE).any())


def forget_graphs() -> None:
    """Lets Keras forget what it keeps of nets, so that memory stays flat over cells."""
    import keras

    keras.backend.clear_session()
    gc.collect()


def _failure(cell: Cell, error: Exception) -> str:
    """Why a cell failed, logged; a full disk fails them all, and is raised again."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        raise error
    if isinstance(error, CellscreenError):
        LOGGER.error("Cell %s failed: %s", cell.name, error)
        return str(error)
    LOGGER.error("Cell %s failed.", cell.name, exc_info=error)
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _check_folder(cell: Cell, workdir: Path) -> None:
    """A folder of that cell's name holds this config; what is `auto` may be decided there."""
    path = workdir / cell.name / CONFIG
    if not path.is_file():
        return
    theirs = config_from_json(type(cell.config), path.read_text(encoding="utf-8"), path)
    ours = flat(cell.config)
    differing = [
        line
        for line in differing_fields(cell.config, theirs)
        if ours[line.partition(":")[0]] != _AUTO
    ]
    if differing:
        raise ConfigError(
            f"The cell {cell.name} holds a training of another config: {'; '.join(differing)}.",
            file=workdir,
            fix="Give the flags the sweep was started with, or another --workdir.",
        )


def _written(sweep: Sweep, workdir: Path, failures: dict[str, str]) -> SweepTable:
    file = sweep.file
    table = SweepTable(
        name=workdir.resolve().name,
        title=file.title,
        flags=tuple(file.flags),
        source=file.source,
        orders=file.orders,
        changes_from=Path(file.changes_from).name,
        changes=sweep.changes,
        rows=sweep_rows(file, sweep.cells, workdir, failures),
    )
    write_sweep(table, workdir)
    write_text(workdir / PAGE, sweep_text(table))
    return table


def _announce(sweep: Sweep, waiting: Sequence[Cell], place: int, seconds: float) -> None:
    cells, cell = [one.name for one in sweep.cells], waiting[place]
    left = ""
    if place:
        left = f"; about {duration(seconds / place * (len(waiting) - place))} left"
    LOGGER.info("Cell %d of %d: %s%s.", cells.index(cell.name) + 1, len(cells), cell.name, left)
