"""The trainer of a config."""

from __future__ import annotations

from typing import Any

from cellscreen.errors import ConfigError
from cellscreen.training.bags import BAGS
from cellscreen.training.bags_config import BagsConfig
from cellscreen.training.cells import CELLS
from cellscreen.training.cells_config import CellsConfig
from cellscreen.training.config import EdgesConfig
from cellscreen.training.edges import EDGES
from cellscreen.training.trainer import RunConfig, Trainer

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
