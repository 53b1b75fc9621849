"""Whether a value is of its field's type, wherever it came from."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

from cellscreen.errors import ConfigError

_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def checked_value(name: str, annotation: Any, value: Any, file: str | Path | None = None) -> Any:
    """A value as its field holds it: whole numbers as float where numbers go, lists as tuples.

    Args:
        name: the field.
        annotation: its type: bool, int, float, str, a `Literal` of words, or a tuple of str.
        value: what was given.
        file: where, for the message.

    Raises:
        ConfigError: the value is of another type, or none of the words.

    Example:
        >>> checked_value("rate", float, 2)
        2.0
    """
    expected = _expected(annotation)
    if not _fits(annotation, value):
        raise ConfigError(f"Expected {name} to be {expected}; got {value!r}.", file=file)
    if typing.get_origin(annotation) is tuple:
        return tuple(value)
    return float(value) if annotation is float else value


def _fits(annotation: Any, value: Any) -> bool:
    if typing.get_origin(annotation) is typing.Literal:
        return isinstance(value, str) and value in typing.get_args(annotation)
    if typing.get_origin(annotation) is tuple:
        return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
    if isinstance(value, bool):  # an int to Python
        return annotation is bool
    return isinstance(value, (int, float) if annotation is float else annotation)


def _expected(annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return f"one of {', '.join(map(repr, typing.get_args(annotation)))}"
    if typing.get_origin(annotation) is tuple:
        return "a list of texts"
    return _KINDS[annotation]
