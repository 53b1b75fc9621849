"""A frozen dataclass as flat absl flags, and back."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import json
import logging
import textwrap
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from absl import flags

from cellscreen.errors import ConfigError
from cellscreen.fitting.field_types import checked_value

Config = TypeVar("Config")
LOGGER = logging.getLogger(__name__)
WORD, EDGES = "trainer", "edges"


def define_flags(config_class: type, values: flags.FlagValues) -> None:
    """Defines a flag for every field of a config, nested configs flattened.

    The default is the field's, or what the outer config gives the nested one; the help text is its
    one-line comment, the allowed words those of a `Literal`.

    Raises:
        ConfigError: two fields of one name: recipes could not tell them apart.
    """
    for owner, field, annotation, default in _leaves(config_class):
        if field.name in values:
            raise ConfigError(f"The field {owner.__name__}.{field.name} is defined twice.")
        text = field_comments(owner).get(field.name, "")
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
    leaves = [field.name for _, field, *_ in _leaves(config_class)]
    if not base:
        return _build(config_class, {name: values[name].value for name in leaves})
    try:
        text = Path(base).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Expected a config.json of a run; {error}.", file=base) from error
    known = flat(config_from_json(config_class, text, base))
    given = {name: values[name].value for name in leaves if values[name].present}
    return _build(config_class, known | given)


def config_to_json(config: Any) -> str:
    """The resolved config, nested as it is composed; a trainer's says which trainer's it is."""
    word = {WORD: config.TRAINER} if hasattr(config, "TRAINER") else {}
    return json.dumps(word | dataclasses.asdict(config), indent=2) + "\n"


def config_from_json(
    config_class: type[Config], text: str, file: str | Path | None = None
) -> Config:
    """The config that `config_to_json` wrote, by this version or an earlier one.

    A field that the text lacks takes its default, which is logged once a file.

    Args:
        config_class: the dataclass.
        text: the JSON.
        file: where it lies, for messages.

    Raises:
        ConfigError: the text is no JSON of a config, or is another trainer's, or a field is
            unknown, of the wrong type or out of its bounds.

    Example:
        >>> config_from_json(FitConfig, '{"epochs": 3}').epochs  # doctest: +SKIP
        3
    """
    try:
        given = _flatten(json.loads(text))
    except (ValueError, AttributeError) as error:
        raise ConfigError(
            f"Expected the JSON of a {config_class.__name__}: {error}.", file=file
        ) from error
    _check_trainer(config_class, given, file)
    known = [field.name for _, field, *_ in _leaves(config_class)]
    if odd := sorted(set(given) - set(known)):
        raise ConfigError(
            f"The config was made by another version of cellscreen: {', '.join(odd)} "
            f"{'is no field' if len(odd) == 1 else 'are no fields'} of {config_class.__name__}.",
            file=file,
            fix="Use the version that made it, or train anew.",
        )
    if absent := tuple(name for name in known if name not in given):
        _log_defaults(file, absent)
    try:
        return _build(config_class, given, file)
    except ConfigError as error:
        if file is None or error.file is not None:
            raise
        raise ConfigError(error.problem, file=file, fix=error.fix) from error


def flat(config: Any) -> dict[str, Any]:
    """Every field of a config by its flag's name."""
    return _flatten(dataclasses.asdict(config))


def differing_fields(ours: Any, theirs: Any) -> list[str]:
    """`name: theirs -> ours` for every field in which two configs of one class differ."""
    left, right = _flatten(dataclasses.asdict(theirs)), _flatten(dataclasses.asdict(ours))
    return [
        f"{name}: {left[name]!r} -> {right[name]!r}" for name in left if left[name] != right[name]
    ]


def check_types(config: Any) -> None:
    """Checks every field of a config against its annotation, as flags are.

    Raises:
        ConfigError: a field has a value of another type, or none of its words.
    """
    types_of = _types(typing.cast(typing.Hashable, type(config)))
    for field in dataclasses.fields(config):
        annotation, value = types_of[field.name], getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            check_types(value)
        else:
            checked_value(field.name, annotation, value)


def _check_trainer(config_class: Any, given: dict[str, Any], file: str | Path | None) -> None:
    """Takes the trainer's word out; a config from before there was one is of edge nets."""
    ours = getattr(config_class, "TRAINER", None)
    theirs = given.pop(WORD, EDGES) if ours else None
    if theirs != ours:
        raise ConfigError(
            f"Expected a config of the trainer {ours}; this is one of the trainer {theirs}.",
            file=file,
            fix=f"Give it to `cellscreen train-{theirs}`.",
        )


@functools.cache
def _log_defaults(file: str | Path | None, names: tuple[str, ...]) -> None:
    """Cached, so that a file that is read several times is told once."""
    LOGGER.info(
        "%s was made before these fields were, they take their defaults: %s.",
        file or "The config",
        ", ".join(names),
    )


def _build(
    config_class: Any, flat: dict[str, Any], file: str | Path | None = None, given: Any = None
) -> Any:
    """A config of flat values; what they lack is that of `given`, else the field's default."""
    chosen: dict[str, Any] = {}
    for field in dataclasses.fields(config_class):
        annotation = _types(config_class)[field.name]
        if dataclasses.is_dataclass(annotation):
            chosen[field.name] = _build(annotation, flat, file, _made(field))
        elif field.name in flat:
            chosen[field.name] = checked_value(field.name, annotation, flat[field.name], file)
        elif given is not None:
            chosen[field.name] = getattr(given, field.name)
    return config_class(**chosen)


def _leaves(
    config_class: type, given: Any = None
) -> Iterator[tuple[type, dataclasses.Field, Any, Any]]:
    """Owner, field, annotation and default of every field that is no config itself."""
    for field in dataclasses.fields(config_class):
        annotation = _types(config_class)[field.name]
        if dataclasses.is_dataclass(annotation):
            yield from _leaves(typing.cast(type, annotation), _made(field))
        else:
            default = field.default if given is None else getattr(given, field.name)
            yield config_class, field, annotation, default


def _made(field: dataclasses.Field) -> Any:
    """The nested config that a field's factory makes; None where it has none."""
    return None if field.default_factory is dataclasses.MISSING else field.default_factory()


def _flatten(nested: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        flat |= _flatten(value) if isinstance(value, dict) else {name: value}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in flat.items()}


@functools.cache
def _types(config_class: type) -> types.MappingProxyType:
    return types.MappingProxyType(typing.get_type_hints(config_class))


@functools.cache
def field_comments(config_class: type) -> types.MappingProxyType:
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
