"""Writes a simulation to a folder, field by field; a run that was stopped goes on when repeated.

The folder has one directory of PNG files a plate, `images.csv` for users and, apart from it,
`truth.csv` and `oracle.csv` for tests and for the report's lines on the truth. `images.csv` comes
last: where it is, the simulation is whole.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import pandas as pd

from cellscreen import atomic
from cellscreen.simulate.claim import claim_folder
from cellscreen.simulate.compounds import truth_table
from cellscreen.simulate.config import SCREEN, CultureConfig
from cellscreen.simulate.layout import Field, fields, images_table
from cellscreen.simulate.render import render_field
from cellscreen.simulate.scene import draw_scene, measures
from cellscreen.simulate.workers import in_order

CONFIG_FILE, IMAGES_FILE = "simulation.json", "images.csv"
ORACLE_FILE, TRUTH_FILE = "oracle.csv", "truth.csv"
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
    claim_folder(folder, CONFIG_FILE, config.to_json())
    made = fields(config)
    names = (IMAGES_FILE, ORACLE_FILE, *([TRUTH_FILE] if config.kind == SCREEN else []))
    wanted = [*names, *(field.path for field in made)]
    if not all((folder / name).is_file() for name in wanted):
        _clear_leftovers(folder, {field.plate for field in made})
        rows = []
        jobs = [(config, folder, field) for field in made]
        with in_order(write_field, jobs, workers) as measured:
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
