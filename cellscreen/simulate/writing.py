"""Writes a simulation to a folder, field by field; a run that was stopped goes on when repeated.

The folder has one directory of PNG files a plate, `images.csv` for users and, apart from it,
`truth.csv` and `oracle.csv` for tests and for the report's lines on the truth. `images.csv` comes
last: where it is, the simulation is whole.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pandas as pd

from cellscreen import atomic
from cellscreen.errors import ConfigError
from cellscreen.simulate.compounds import truth_table
from cellscreen.simulate.config import SCREEN, CultureConfig
from cellscreen.simulate.layout import Field, fields, images_table
from cellscreen.simulate.render import render_field
from cellscreen.simulate.scene import draw_scene, measures

CONFIG_FILE, IMAGES_FILE = "simulation.json", "images.csv"
ORACLE_FILE, TRUTH_FILE = "oracle.csv", "truth.csv"
_IN_ONE_PROCESS = 48  # fields below which starting workers takes longer than it saves
_PNG_LEVEL = 1  # noise barely compresses; a higher level costs time for nothing

Progress = Callable[[int, int], None]


def simulate(
    config: CultureConfig, folder: str | Path, workers: int = 2, progress: Progress | None = None
) -> pd.DataFrame:
    """Writes the fields that `folder` lacks, then its tables; returns the rows of `images.csv`.

    Args:
        config: what to simulate.
        folder: a new folder, or one in which the same simulation was begun.
        workers: processes to draw with; the files are the same for any number.
        progress: called with fields done and fields in all.

    Raises:
        ConfigError: if `folder` holds another simulation or other images.
    """
    folder = Path(folder)
    _claim(config, folder)
    made = fields(config)
    names = (IMAGES_FILE, ORACLE_FILE, *([TRUTH_FILE] if config.kind == SCREEN else []))
    wanted = [*names, *(field.path for field in made)]
    if not all((folder / name).is_file() for name in wanted):
        _clear_leftovers(folder, {field.plate for field in made})
        rows = []
        with _mapped(config, folder, made, workers) as measured:
            for done, row in enumerate(measured, start=1):
                rows.append(row)
                if progress:
                    progress(done, len(made))
        _write_tables(config, folder, made, rows)
    return images_table(made)


def write_field(config: CultureConfig, folder: Path, field: Field) -> dict[str, float | int | str]:
    """Writes the image of `field` unless it is there; returns its true measures."""
    scene, path = draw_scene(config, field), folder / field.path
    if not path.is_file():
        image = render_field(config, field, scene)
        png = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, _PNG_LEVEL])[1]
        atomic.write_bytes(path, png.tobytes())
    return measures(config, field, scene)


def _claim(config: CultureConfig, folder: Path) -> None:
    """Writes the config into an empty folder, or checks that it is the one written there."""
    path = folder / CONFIG_FILE
    if path.is_file():
        if path.read_text(encoding="utf-8") != config.to_json():
            raise ConfigError(
                "Expected a new folder or one of the same simulation, got one begun with other "
                "parameters.",
                file=path,
                fix="Give another --output, or the flags with which this one was begun.",
            )
        return
    if folder.is_dir() and any(not name.startswith(".") for name in os.listdir(folder)):
        raise ConfigError(
            "Expected a new or empty folder, got one with other files.",
            file=folder,
            fix="Give another --output.",
        )
    atomic.write_text(path, config.to_json())


@contextlib.contextmanager
def _mapped(
    config: CultureConfig, folder: Path, made: list[Field], workers: int
) -> Iterator[Iterator[dict[str, float | int | str]]]:
    """Yields the measures of every field in order, made in this process or in `workers`."""
    if workers <= 1 or len(made) < _IN_ONE_PROCESS:
        yield (write_field(config, folder, field) for field in made)
        return
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start_worker
    ) as pool:
        count = len(made)
        try:
            yield pool.map(write_field, [config] * count, [folder] * count, made, chunksize=8)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _start_worker() -> None:
    """Keeps OpenCV to one thread, and the worker from outliving a parent that was killed."""
    cv2.setNumThreads(1)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _clear_leftovers(folder: Path, plates: set[str]) -> None:
    """Removes the temporary files of a run that was killed."""
    for plate in plates:
        for leftover in (folder / plate).glob(".*.png"):
            leftover.unlink(missing_ok=True)


def _write_tables(
    config: CultureConfig,
    folder: Path,
    made: list[Field],
    rows: list[dict[str, float | int | str]],
) -> None:
    if config.kind == SCREEN:
        _write_csv(truth_table(config), folder / TRUTH_FILE)
    _write_csv(pd.DataFrame(rows), folder / ORACLE_FILE)
    _write_csv(images_table(made), folder / IMAGES_FILE)


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    atomic.write_text(path, table.to_csv(index=False, lineterminator="\n"))
