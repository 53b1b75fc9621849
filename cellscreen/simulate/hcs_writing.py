"""Writes simulated plates to a folder, in any layout, one field at a time.

`SIMULATED.txt` comes last: where it is, the simulation is whole. `truth.csv`, `oracle.csv` and
`cell_truth/` are for tests and for the report's lines on the truth; no index mentions them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from cellscreen.atomic import write_bytes, write_text
from cellscreen.errors import ConfigError
from cellscreen.simulate.claim import claim_folder
from cellscreen.simulate.hcs_cells import draw_hcs_scene
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_plate import HcsField, hcs_fields
from cellscreen.simulate.hcs_render import render_hcs_field
from cellscreen.simulate.hcs_tables import (
    cell_table,
    true_measures,
    write_platemaps,
    write_table,
    write_truth,
)
from cellscreen.simulate.vendor_layouts import LAYOUTS, channel_names
from cellscreen.simulate.workers import in_order

CONFIG_FILE, DONE, CELL_TRUTH = "simulation.json", "SIMULATED.txt", "cell_truth"
_NOTE = """These plates are simulated: no cell, compound or microscope is real.
They were written by `cellscreen simulate` with the parameters in {config}.
Kind: {kind}. Layout: {layout}. Images: {images}. Channels: {channels}.
"""
_REPEATED = """Only {fields} fields were drawn; the others are hard links to them. Such plates are
for measuring speed: what the plate map says of a well is not in its images, and there is no truth.
"""

Progress = Callable[[int, int], None]


def simulate_plates(
    config: HcsConfig,
    folder: str | Path,
    layout: str,
    workers: int = 2,
    cell_truth: bool = False,
    progress: Progress | None = None,
) -> int:
    """Writes the images that `folder` lacks, then the indexes and tables; returns the images.

    Args:
        config: what to simulate.
        folder: a new folder, or one in which the same simulation was begun.
        layout: a name in `LAYOUTS`.
        workers: processes to draw with; the files are the same for any number.
        cell_truth: whether to write a table of the cells of every field, too.
        progress: called with fields done and fields in all.

    Raises:
        ConfigError: no such layout, one that cannot hold the channels, or `folder` holds another
            simulation or other files.

    Example:
        >>> simulate_plates(HcsConfig(compounds=4, doses=1), "plates", "harmony")  # doctest: +SKIP
    """
    if layout not in LAYOUTS:
        raise ConfigError(f"Expected a layout among {', '.join(LAYOUTS)}, got {layout!r}.")
    folder, names = Path(folder), channel_names(config, layout)
    claim_folder(folder, CONFIG_FILE, _parameters(config, layout, cell_truth))
    made = list(hcs_fields(config))
    images = len(made) * len(config.assay.channels)
    if (folder / DONE).is_file():
        return images
    _clear_leftovers(folder)
    drawn = made[: config.rendered_fields or len(made)]
    jobs = [(config, folder, layout, cell_truth, field) for field in drawn]
    rows = []
    with in_order(write_hcs_field, jobs, workers) as measured:
        for done, row in enumerate(measured, start=1):
            rows.append(row)
            if progress:
                progress(done, len(drawn))
    for field in made[len(drawn) :]:
        _link(config, folder, layout, drawn[field.number % len(drawn)], field)
    LAYOUTS[layout].write_index(config, folder)
    if names:
        write_text(folder / "channels.json", json.dumps({"channels": names}, indent=2) + "\n")
    write_platemaps(config, folder)
    if len(drawn) == len(made):
        write_truth(config, folder, rows)
    write_text(folder / DONE, _note(config, layout, len(drawn), len(made)))
    return images


def write_hcs_field(
    config: HcsConfig, folder: Path, layout: str, cell_truth: bool, field: HcsField
) -> dict[str, object]:
    """Writes the images of `field` that are not there; returns its true measures."""
    scene, vendor = draw_hcs_scene(config, field), LAYOUTS[layout]
    channels = range(len(config.assay.channels))
    paths = [folder / vendor.path(config, field, channel) for channel in channels]
    if not all(path.is_file() for path in paths):
        for path, image in zip(paths, render_hcs_field(config, field, scene), strict=True):
            write_bytes(path, vendor.encode(image, config.assay.um_per_px))
    if cell_truth:
        well = field.well
        name = f"{well.well}_{field.site}.csv"
        write_table(cell_table(config, scene), folder / CELL_TRUTH / well.plate / name)
    return true_measures(config, field, scene)


def _clear_leftovers(folder: Path) -> None:
    """Removes the temporary files of a run that was killed: `.name.random`, unlike `.zattrs`."""
    for leftover in folder.rglob(".*.*"):
        if leftover.is_file():
            leftover.unlink(missing_ok=True)


def _link(config: HcsConfig, folder: Path, layout: str, source: HcsField, field: HcsField) -> None:
    """Gives the images of a field the names of another, too."""
    path_of = LAYOUTS[layout].path
    for channel in range(len(config.assay.channels)):
        path = folder / path_of(config, field, channel)
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(folder / path_of(config, source, channel), path)


def _parameters(config: HcsConfig, layout: str, cell_truth: bool) -> str:
    given = {"layout": layout, "cell_truth": cell_truth, "simulated": True}
    return json.dumps(given | json.loads(config.to_json()), indent=2, ensure_ascii=False) + "\n"


def _note(config: HcsConfig, layout: str, drawn: int, fields: int) -> str:
    channels = [channel.name for channel in config.assay.channels]
    note = _NOTE.format(
        config=CONFIG_FILE,
        kind=config.assay.name,
        layout=layout,
        images=fields * len(channels),
        channels=", ".join(channels),
    )
    return note + (_REPEATED.format(fields=drawn) if drawn < fields else "")
