"""The configs of all trainers, by the trainer's name that a run's `config.json` tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cellscreen.errors import ConfigError
from cellscreen.fitting.flags import EDGES, WORD, config_from_json
from cellscreen.fitting.run_folder import CONFIG, config_text
from cellscreen.training.bags.config import BagsConfig
from cellscreen.training.cells.config import CellsConfig
from cellscreen.training.edges.config import EdgesConfig

CONFIGS: dict[str, Any] = {
    config.TRAINER: config for config in (EdgesConfig, BagsConfig, CellsConfig)
}


def read_config(workdir: Path) -> EdgesConfig | BagsConfig | CellsConfig:
    """The config of a run, of the class that its trainer has.

    Raises:
        ConfigError: the folder holds no run, or one of a version that cannot be read.

    Example:
        >>> read_config(Path("runs/mid")).TRAINER  # doctest: +SKIP
        'bags'
    """
    text = config_text(workdir)
    try:
        word = json.loads(text).get(WORD, EDGES)
    except (ValueError, AttributeError):
        word = EDGES  # reading it says what is wrong
    if word not in CONFIGS:
        raise ConfigError(
            f"Expected a run of one of the trainers {', '.join(CONFIGS)}; this is one of {word!r}.",
            file=workdir / CONFIG,
            fix="Use the version of cellscreen that made it.",
        )
    return config_from_json(CONFIGS[word], text, workdir / CONFIG)
