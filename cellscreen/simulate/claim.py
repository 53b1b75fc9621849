"""A folder belongs to one simulation: what was begun with other parameters is left alone."""

from __future__ import annotations

import os
from pathlib import Path

from cellscreen import atomic
from cellscreen.errors import ConfigError


def claim_folder(folder: Path, name: str, text: str) -> None:
    """Writes a simulation's parameters into an empty folder, or checks that they are those there.

    Args:
        folder: the simulation's folder; made if need be.
        name: the file of the parameters.
        text: the parameters.

    Raises:
        ConfigError: the folder holds another simulation or other files.

    Example:
        >>> claim_folder(Path("cultures"), "simulation.json", config.to_json())  # doctest: +SKIP
    """
    path = folder / name
    if path.is_file():
        if path.read_text(encoding="utf-8") != text:
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
    atomic.write_text(path, text)
