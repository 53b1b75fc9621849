"""A frozen dataclass as flat absl flags, and back."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import json
import textwrap
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from absl import flags

from cellscreen.errors import ConfigError

Config = TypeVar("Config")


def define_flags(config_class: type, values: flags.FlagValues) -> None:
    """Defines a flag for every field of a config, nested configs flattened.

    The default is the field's, the help text its one-line comment, the allowed words those of a
    `Literal`.

    Raises:
        ConfigError: two fields of one name: recipes could not tell them apart.
    """
    for owner, field, annotation in _leaves(config_class):
        if field.name in values:
            raise ConfigError(f"The field {owner.__name__}.{field.name} is defined twice.")
        text = _comments(owner).get(field.name, "")
        default: Any = field.default
        if typing.get_origin(annotation) is typing.Literal:
            flags.DEFINE_enum(
                field.name, default, list(typing.get_args(annotation)), text, flag_values=values
            )
        elif typing.get_origin(annotation) is tuple:
            flags.DEFINE_list(field.name, list(default), text, flag_values=values)
        else:
            define = {
                bool: flags.DEFINE_boolean,
                int: flags.DEFINE_integer,
                float: flags.DEFINE_float,
                str: flags.DEFINE_string,
            }[annotation]
            define(field.name, default, text, flag_values=values)


def config_from_flags(
    config_class: type[Config], values: flags.FlagValues, base: str | Path = ""
) -> Config:
    """The config that the parsed flags say; its own checks run on the way.

    Args:
        config_class: the dataclass.
        values: parsed flags.
        base: a `config.json` to begin with; a flag that was given overrides it.

    Raises:
        ConfigError: a field is out of bounds, or the file is no such config.
    """
    leaves = [field.name for _, field, _ in _leaves(config_class)]
    if not base:
        return _build(config_class, {name: values[name].value for name in leaves})
    try:
        text = Path(base).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Expected a config.json of a run; {error}.", file=base) from error
    known = flat(config_from_json(config_class, text))
    given = {name: values[name].value for name in leaves if values[name].present}
    return _build(config_class, known | given)


def config_to_json(config: Any) -> str:
    """The resolved config, nested as it is composed."""
    return json.dumps(dataclasses.asdict(config), indent=2) + "\n"


def config_from_json(config_class: type[Config], text: str) -> Config:
    """The config that `config_to_json` wrote.

    Raises:
        ConfigError: a field is missing or unknown.
    """
    try:
        given = _flatten(json.loads(text))
    except (ValueError, AttributeError) as error:
        raise ConfigError(f"Expected the JSON of a {config_class.__name__}: {error}.") from error
    known = {field.name for _, field, _ in _leaves(config_class)}
    if set(given) != known:
        odd = ", ".join(sorted(set(given) ^ known))
        raise ConfigError(f"The config does not fit {config_class.__name__}: {odd}.")
    return _build(config_class, given)


def flat(config: Any) -> dict[str, Any]:
    """Every field of a config by its flag's name."""
    return _flatten(dataclasses.asdict(config))


def differing_fields(ours: Any, theirs: Any) -> list[str]:
    """`name: theirs -> ours` for every field in which two configs of one class differ."""
    left, right = _flatten(dataclasses.asdict(theirs)), _flatten(dataclasses.asdict(ours))
    return [
        f"{name}: {left[name]!r} -> {right[name]!r}" for name in left if left[name] != right[name]
    ]


def _build(config_class: Any, flat: dict[str, Any]) -> Any:
    chosen: dict[str, Any] = {}
    for field in dataclasses.fields(config_class):
        annotation = _types(config_class)[field.name]
        if dataclasses.is_dataclass(annotation):
            chosen[field.name] = _build(annotation, flat)
        else:
            value = flat[field.name]
            chosen[field.name] = tuple(value) if isinstance(value, list) else value
    return config_class(**chosen)


def _leaves(config_class: type) -> Iterator[tuple[type, dataclasses.Field, Any]]:
    for field in dataclasses.fields(config_class):
        annotation = _types(config_class)[field.name]
        if dataclasses.is_dataclass(annotation):
            yield from _leaves(typing.cast(type, annotation))
        else:
            yield config_class, field, annotation


def _flatten(nested: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        flat |= _flatten(value) if isinstance(value, dict) else {name: value}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in flat.items()}


@functools.cache
def _types(config_class: type) -> types.MappingProxyType:
    return types.MappingProxyType(typing.get_type_hints(config_class))


@functools.cache
def _comments(config_class: type) -> types.MappingProxyType:
    """The comment behind each field, the one place where a field is explained."""
    source = textwrap.dedent(inspect.getsource(config_class))
    lines = source.splitlines()
    fields = [n for n in ast.parse(source).body[0].body if isinstance(n, ast.AnnAssign)]  # type: ignore[attr-defined]
    return types.MappingProxyType(
        {
            node.target.id: lines[node.end_lineno - 1].partition("#")[2].strip()  # type: ignore[union-attr,operator]
            for node in fields
        }
    )
