"""Whether prepared cells are what a net of cells was trained on."""

from __future__ import annotations

from pathlib import Path

from cellscreen.errors import ConfigError
from cellscreen.training.cells.config import CellsConfig
from cellscreen.training.cells.fields import CellFields, fields_of

_INTENSITY, _FLOW = "intensity", "flow"


def check_fields(config: CellsConfig, trained: CellFields, folder: Path) -> None:
    """Refuses plates of other channels, compartments or flows.

    Args:
        config: of the training.
        trained: what its fields were.
        folder: a prepared directory.

    Raises:
        ConfigError: something that the net reads is another.

    Example:
        >>> check_fields(scorer.config, scorer.fields, folder)  # doctest: +SKIP
    """
    found, branches = fields_of([folder]), config.net_config.branches
    for what, expected, got, counts in (
        ("channels", trained.channels, found.channels, _INTENSITY in branches),
        ("flows", (trained.flows,), (found.flows,), _FLOW in branches),
    ):
        if counts and expected != got:
            raise ConfigError(
                f"Expected cells with the {what} {', '.join(expected)}, as the model was trained "
                f"on; got {', '.join(got)}.",
                file=folder,
                fix="Build the plate as those of the training.",
            )
