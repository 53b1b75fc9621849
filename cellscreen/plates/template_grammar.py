"""Templates and regular expressions that say what the paths of images mean.

A template is a path below the folder with fields: `{plate}/{well}_{site}_{channel}.tif`. `*` stands
for anything within one folder or name. `{well}` is a letter or two and a number, or a dish
(`dish-03`, `well 7`); in its place `{row}` (letters or a number) and `{col}` may stand. `{site}`,
`{plane}` and `{timepoint}` are digits, `{plate}` and `{channel}` anything but a slash. A field may
stand twice, with one value. Upper and lower case are one in what is not a field.

A path that can be read in two ways is an error, never a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from cellscreen.errors import ConfigError

FIELDS = ("plate", "well", "row", "col", "site", "channel", "plane", "timepoint")
_NEEDED = "Name the well by {well}, or by {row} and {col}."
_PIECE = re.compile(r"\{(\w*)\}|(\*)|([^{}*]+)|([{}])")
_DIGITS = (r"\d+",)
_TEXT = (r"[^/]+",)
_PATTERNS = {
    **dict.fromkeys(("plate", "channel"), _TEXT),
    **dict.fromkeys(("col", "site", "plane", "timepoint"), _DIGITS),
    "row": (r"[A-Za-z]{1,2}", r"\d{1,2}"),
    "well": (r"(?:[A-Za-z]|[Aa][A-Fa-f])\d{1,3}", r"(?:dish|well)[- ]?[A-Za-z]?\d+"),
}


@dataclass(frozen=True)
class PathGrammar:
    """What the paths below a folder mean.

    Attributes:
        text: the template or regular expression, for messages.
        shortest: a pattern whose first groups match as little as they can.
        longest: the same path, as much as they can.
        suffix: the end of every path in small letters, where it is known (".tif").
    """

    text: str
    shortest: re.Pattern[str]
    longest: re.Pattern[str]
    suffix: str = ""

    def parse(self, path: str) -> dict[str, str] | None:
        """Returns the fields of a path with `/`, None if it is not of this grammar.

        Raises:
            ValueError: the path can be read in two ways.

        Example:
            >>> template_grammar("{well}_{site}.tif").parse("a1_02.TIF")
            {'well': 'a1', 'site': '02'}
        """
        short, long = self.shortest.fullmatch(path), self.longest.fullmatch(path)
        if short is None or long is None:
            return None
        if short.groupdict() != long.groupdict():
            ways = " or ".join(_told(found.groupdict()) for found in (short, long))
            raise ValueError(f"can be read in two ways: {ways}")
        return {name: text for name, text in short.groupdict().items() if text is not None}

    def spans(self, path: str) -> dict[str, tuple[int, int]]:
        """Returns where the fields of a path of this grammar stand in it."""
        found = self.longest.fullmatch(path)
        return {name: found.span(name) for name in found.groupdict()} if found else {}


def template_grammar(template: str) -> PathGrammar:
    """Returns the grammar of a template.

    Raises:
        ConfigError: a field has no known name, nothing stands between two of them, or the template
            does not say the well.

    Example:
        >>> template_grammar("Channel{channel}-*-{row}-{col}.tif").parse("Channel2-31-C-07.tif")
        {'channel': '2', 'row': 'C', 'col': '07'}
    """
    path = template.replace("\\", "/").removeprefix("./")
    if path.startswith("/") or ".." in path.split("/"):
        raise ConfigError(f"Expected a template of paths below the folder; got {template!r}.")
    pieces = [found.groups() for found in _PIECE.finditer(path)]
    if any(brace for *_, brace in pieces):
        raise ConfigError(f"Expected fields like {{well}} in a template; got {template!r}.")
    names = [name for name, *_ in pieces if name is not None]
    _check_fields(names, template)
    _check_apart(pieces, template)
    last = pieces[-1][2] or ""
    suffix = f".{last.rpartition('.')[2]}".lower() if "." in last else ""
    return PathGrammar(template, _compiled(pieces, "?"), _compiled(pieces, ""), suffix)


def regex_grammar(pattern: str) -> PathGrammar:
    """Returns the grammar of a regular expression, which matches a whole path below the folder.

    Raises:
        ConfigError: it is no regular expression, or its named groups do not say the well.

    Example:
        >>> regex_grammar(r"(?P<well>[A-P]\\d\\d)f(?P<site>\\d+)\\.tif").parse("B03f2.tif")
        {'well': 'B03', 'site': '2'}
    """
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise ConfigError(f"Expected a regular expression; got {pattern!r} ({error}).") from error
    _check_fields(list(compiled.groupindex), pattern)
    end = re.search(r"\\(\.\w+)\$?$", pattern)
    return PathGrammar(pattern, compiled, compiled, end[1].lower() if end else "")


def _check_fields(names: list[str], text: str) -> None:
    unknown = [name for name in names if name not in FIELDS]
    if unknown:
        listed = ", ".join(FIELDS)
        raise ConfigError(
            f"Expected the fields {listed}; got {', '.join(map(repr, unknown))} in {text!r}."
        )
    parts = {"row", "col"} & set(names)
    if "well" in names and parts:
        raise ConfigError(f"Expected the well or its row and col; got both in {text!r}.")
    if "well" not in names and len(parts) < 2:
        raise ConfigError(f"Expected the well of every image; {text!r} lacks it.", fix=_NEEDED)


def _check_apart(pieces: list[tuple[str | None, ...]], template: str) -> None:
    """Fields side by side could be cut anywhere; only letters of a row end by themselves."""
    for left, right in pairwise(pieces):
        if left[2] is None and right[2] is None and (left[0], right[0]) != ("row", "col"):
            both = " and ".join(f"{{{piece[0]}}}" if piece[0] else "*" for piece in (left, right))
            raise ConfigError(
                f"Expected something between {both} in {template!r}.",
                fix="Say what ends the first, or give a regex.",
            )


def _compiled(pieces: list[tuple[str | None, ...]], lazy: str) -> re.Pattern[str]:
    pattern, seen = "", set()
    for name, star, literal, _ in pieces:
        if name in seen:
            pattern += f"(?P={name})"
        elif name is not None:
            seen.add(name)
            choices = "|".join(choice + lazy for choice in _PATTERNS[name])
            pattern += f"(?P<{name}>{choices})"
        else:
            pattern += f"[^/]*{lazy}" if star else re.escape(literal or "")
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


def _told(groups: dict[str, str]) -> str:
    return ", ".join(f"{name} {text!r}" for name, text in groups.items())
