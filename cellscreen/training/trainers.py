"""The trainer of a config."""

from __future__ import annotations

from typing import Any

from cellscreen.errors import ConfigError
from cellscreen.fitting.trainer import RunConfig, Trainer
from cellscreen.training.bags.config import BagsConfig
from cellscreen.training.bags.run import BAGS
from cellscreen.training.cells.config import CellsConfig
from cellscreen.training.cells.run import CELLS
from cellscreen.training.edges.config import EdgesConfig
from cellscreen.training.edges.run import EDGES

TRAINERS: dict[type, Trainer[Any, Any]] = {
    EdgesConfig: EDGES,
    BagsConfig: BAGS,
    CellsConfig: CELLS,
}


def trainer_of(config: RunConfig) -> Trainer[Any, Any]:
    """The trainer whose config this is.

    Raises:
        ConfigError: it is none's.

    Example:
        >>> trainer_of(EdgesConfig(DataConfig(data_dir="records"))) is EDGES  # doctest: +SKIP
        True
    """
    if type(config) not in TRAINERS:
        raise ConfigError(f"Expected a trainer's config; got {type(config).__name__}.")
    return TRAINERS[type(config)]
