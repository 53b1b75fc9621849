"""What tells the exports of one trainer's nets from another's: the table that `export` asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from cellscreen.serving.bags.export import describe_bags, write_bag_model
from cellscreen.serving.cells.export import describe_cells, write_cell_model
from cellscreen.serving.edges.graph import describe_edges, write_edge_model
from cellscreen.training.bags.config import BagsConfig
from cellscreen.training.cells.config import CellsConfig
from cellscreen.training.edges.config import EdgesConfig

Nets = list[keras.Model]


@dataclass(frozen=True)
class Exporter:
    """How nets of one trainer become a SavedModel.

    Attributes:
        write: writes the mean of nets: nets, config, run folder, folder to be written.
        describe: what only their `cellscreen.json` says: nets, config, run folder.
    """

    write: Callable[[Nets, Any, Path, Path], None]
    describe: Callable[[Nets, Any, Path], dict[str, Any]]


EXPORTERS: dict[type, Exporter] = {
    EdgesConfig: Exporter(
        lambda nets, config, run, folder: write_edge_model(nets, config.edge_input, folder),
        lambda nets, config, run: describe_edges(config),
    ),
    BagsConfig: Exporter(
        lambda nets, config, run, folder: write_bag_model(nets, config, folder),
        lambda nets, config, run: describe_bags(nets[0], config),
    ),
    CellsConfig: Exporter(write_cell_model, describe_cells),
}
"""By the class of a run's config."""
