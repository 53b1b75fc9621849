"""Recipes, files of flags, as values: what a recipe says, and what others change in it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from absl import flags

from cellscreen.errors import ConfigError
from cellscreen.fitting.flags import config_from_flags, define_flags, flat

Config = TypeVar("Config")


def recipe_values(config_class: type, path: str | Path) -> dict[str, Any]:
    """What a recipe says about the fields of a config, defaults where it says nothing.

    Raises:
        ConfigError: the file is missing, or a value is none of its flag's.
    """
    values = _defined(config_class)
    try:
        values(["recipe", f"--flagfile={path}"], known_only=True)
    except flags.Error as error:
        raise ConfigError(f"Expected a recipe: {error}", file=path) from error
    return {name: values[name].value for name in _defined(config_class)}


def recipe_changes(
    config: Any, path: str | Path, leave_out: Iterable[str] = ("data_dir",)
) -> list[str]:
    """What a config changes in a recipe, a line a flag: `epochs: 150 -> 40`.

    Args:
        config: of a trainer.
        path: the recipe it is compared with.
        leave_out: flags that differ by their nature, as those a sweep varies.

    Example:
        >>> recipe_changes(config, "paper.flags")  # doctest: +SKIP
        ['input_size: 128 -> 96', 'epochs: 150 -> 40']
    """
    ours, theirs, hidden = flat(config), recipe_values(type(config), path), set(leave_out)
    return [
        f"{name}: {as_text(theirs[name])} -> {as_text(ours[name])}"
        for name in theirs
        if name not in hidden and theirs[name] != ours[name]
    ]


def config_from_values(config_class: type[Config], values: Mapping[str, Any]) -> Config:
    """The config of values by flag, each read and checked as on a command line.

    Raises:
        ConfigError: no such flag, a value that is none of its flag's, or one out of its bounds.
    """
    defined = _defined(config_class)
    for name, value in values.items():
        if name not in defined:
            near = difflib.get_close_matches(name, list(defined), 1)
            hint = f"Did you mean {near[0]}?" if near else ""
            raise ConfigError(f"Expected a flag of the trainer; got {name!r}.", fix=hint)
        try:
            defined[name].parse(as_text(value))
        except flags.Error as error:
            raise ConfigError(f"{error}.") from error
    return config_from_flags(config_class, defined)


def as_text(value: Any) -> str:
    """A value as it stands behind a flag's `=`.

    Example:
        >>> as_text(["normoxia", "hypoxia"]), as_text(True), as_text(0.5)
        ('normoxia,hypoxia', 'true', '0.5')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)


def _defined(config_class: type) -> flags.FlagValues:
    values = flags.FlagValues()
    define_flags(config_class, values)
    return values
