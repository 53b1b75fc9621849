"""The steps of a study of honesty that no verb does: a training, and what stands beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cellscreen.comparators.honesty_folder import HonestyFolder
from cellscreen.fitting.fit_config import Watch
from cellscreen.training.cells.config import CellsConfig

if TYPE_CHECKING:
    from cellscreen.comparators.honesty_config import HonestyConfig
    from cellscreen.comparators.honesty_design import Design
    from cellscreen.comparators.honesty_trainings import Trainings

PAGE = "index.html"


def train(config: CellsConfig, workdir: Path, watch: Watch) -> None:
    """Trains a net, or goes on with it; Keras forgets it afterwards."""
    from cellscreen.training.cells.run import train_and_evaluate
    from cellscreen.training.sweeps.run import forget_graphs

    try:
        train_and_evaluate(config, workdir, watch)
    finally:
        forget_graphs()


def stand_beside(
    folder: HonestyFolder, split: str, run: str, config: CellsConfig, trees: int
) -> None:
    """Writes what stands beside a split's run, and how far all models are apart."""
    from cellscreen.comparators.honesty_beside import write_beside
    from cellscreen.training.cells.data import load_cells

    write_beside(load_cells(config), folder.run(run), folder, split, trees)


def write_results(
    root: Path, config: HonestyConfig, design: Design, trainings: Trainings
) -> list[str]:
    """Writes tables and page of what is finished; returns what a reader may conclude."""
    from cellscreen.comparators.honesty_config import WELL
    from cellscreen.comparators.honesty_images import called_images
    from cellscreen.comparators.honesty_tables import read_honesty
    from cellscreen.fitting.run_folder import SUMMARY
    from cellscreen.report.honesty_page import write_honesty

    tables = read_honesty(root, config, trainings)
    tables.write(root)
    main = HonestyFolder(root).run(WELL)
    images = called_images(main) if (main / SUMMARY).is_file() else None
    write_honesty(tables, images, root / PAGE, simulated=design.simulated)
    return [f"{row.model}, {row.split}: {row.line}" for row in tables.lines.itertuples()]
