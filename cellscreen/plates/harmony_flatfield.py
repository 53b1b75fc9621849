"""Harmony's flat-field profiles: a notation of its own, made into JSON.

A profile reads `{Background: {Character: NonFlat, Mean: 1039.1, Profile: {Coefficients: [[1.2],
[0.1, 0.2]], Dims: [1080, 1080], …}}, Channel: 1, ChannelName: Alexa 647, …}`: keys and words
without quotation marks, words with spaces, INF and NaN among the numbers.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

_BARE = re.compile(r"[^{}\[\],]+")
DEEPEST = 16


def flatfield_json(text: str) -> str:
    """Returns a flat-field profile as JSON text; INF and NaN become null.

    Raises:
        ValueError: the text does not follow the notation.

    Example:
        >>> flatfield_json("{ChannelName: Alexa 647, Profile: {Coefficients: [[1.2], [NaN, 0]]}}")
        '{"ChannelName": "Alexa 647", "Profile": {"Coefficients": [[1.2], [null, 0]]}}'
    """
    value, end = _value(text, 0, 0)
    if text[end:].strip():
        raise ValueError(f"text after its end: {text[end:].strip()[:20]!r}")
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    """Returns the value that begins at a place, and where it ends."""
    at = _skip(text, at)
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if text.startswith("{", at):
        return _object(text, at + 1, depth)
    if text.startswith("[", at):
        return _list(text, at + 1, depth)
    if text.startswith('"', at):
        return _quoted(text, at)
    found = _BARE.match(text, at)
    if not found:
        raise ValueError(f"a value is missing at {text[at : at + 20]!r}")
    return _word(found[0].strip()), found.end()


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    values: dict[str, Any] = {}
    at = _skip(text, at)
    while not text.startswith("}", at):
        if text.startswith('"', at):
            key, at = _quoted(text, at)
        else:
            end = len(text) if ":" not in text[at:] else text.index(":", at)
            key, at = text[at:end].strip(), end
        at = _skip(text, at)
        if not text.startswith(":", at):
            raise ValueError(f"a key has no value: {key[:20]!r}")
        values[key], at = _value(text, at + 1, depth + 1)
        at = _next(text, at, "}")
    return values, at + 1


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    values: list[Any] = []
    at = _skip(text, at)
    while not text.startswith("]", at):
        value, at = _value(text, at, depth + 1)
        values.append(value)
        at = _next(text, at, "]")
    return values, at + 1


def _next(text: str, at: int, end: str) -> int:
    """Returns where the next value begins, or where `end` stands."""
    at = _skip(text, at)
    if text.startswith(",", at):
        return _skip(text, at + 1)
    if not text.startswith(end, at):
        raise ValueError(f"expected , or {end} at {text[at : at + 20]!r}")
    return at


def _quoted(text: str, at: int) -> tuple[str, int]:
    end = at + 1
    while end < len(text) and text[end] != '"':
        end += 2 if text[end] == "\\" else 1
    if end >= len(text):
        raise ValueError("a quotation mark does not close")
    return re.sub(r"\\(.)", r"\1", text[at + 1 : end]), end + 1


def _word(word: str) -> float | int | str | None:
    try:
        return int(word)
    except ValueError:
        pass
    try:
        number = float(word)
    except ValueError:
        return word
    return number if math.isfinite(number) else None


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
