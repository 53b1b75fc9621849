"""What a user says about a folder of images that the folder does not say itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from cellscreen.errors import ConfigError
from cellscreen.plates.columns import BIT_DEPTHS
from cellscreen.plates.template_grammar import PathGrammar, regex_grammar, template_grammar

AUTO, TEMPLATE, REGEX = "auto", "template", "regex"
_NAMES = "Give NAME=NEW, or a file with lines NAME: NEW below a line channels:"


@dataclass(frozen=True)
class ReadOptions:
    """How a folder of images is read; each field can be a flag of that name.

    Raises:
        ConfigError: fields contradict each other, or one is not of its form.

    Example:
        >>> ReadOptions(template="{plate}/{well}_{site}_{channel}.tif").format
        'template'
    """

    format: str = AUTO  # which reader, by its name in `table.SOURCES`; auto looks at the folder
    template: str = ""  # paths below the folder, like {plate}/{well}_{site}_{channel}.tif
    regex: str = ""  # the same as a regular expression with named groups
    ignore: tuple[str, ...] = ()  # patterns of images that a template leaves out, like *_mask.png
    channels: tuple[str, ...] = ()  # names of channels: NAME=NEW, or a file with a channels: map
    replace_root: tuple[str, ...] = ()  # where a table's images lie now: OLD=NEW, or =NEW
    bit_depth: int = 0  # bits the camera used, 8 to 16, where the folder does not state them

    def __post_init__(self) -> None:
        named = [name for name in (TEMPLATE, REGEX) if getattr(self, name)]
        if len(named) > 1:
            raise ConfigError("Expected a template or a regex; got both.")
        if self.format == AUTO and named:
            object.__setattr__(self, "format", named[0])
        if self.format in (TEMPLATE, REGEX) and named != [self.format]:
            raise ConfigError(f"Expected a {self.format} for the format {self.format}.")
        if named and self.format not in named:
            raise ConfigError(f"Expected no {named[0]} for the format {self.format}.")
        if self.bit_depth and self.bit_depth not in BIT_DEPTHS:
            raise ConfigError(f"Expected bit_depth from 8 to 16; got {self.bit_depth}.")
        self.grammar()
        self.roots()
        self.channel_names()

    def given(self) -> list[str]:
        """Returns the names of the fields that are set, `format` apart."""
        return [field.name for field in fields(self)[1:] if getattr(self, field.name)]

    def grammar(self) -> PathGrammar | None:
        """Returns what the template or the regex says of paths, None without one."""
        if self.template:
            return template_grammar(self.template)
        return regex_grammar(self.regex) if self.regex else None

    def roots(self) -> tuple[tuple[str, str], ...]:
        """Returns `replace_root` as pairs of the old and the new beginning of paths."""
        for text in self.replace_root:
            if not text.partition("=")[2]:
                raise ConfigError(f"Expected replace_root as OLD=NEW; got {text!r}.")
        pairs = [text.partition("=") for text in self.replace_root]
        return tuple((old, new) for old, _, new in pairs)

    def channel_names(self) -> dict[str, str] | None:
        """Returns the map of channel names, None where there is none (see `rename_channels`)."""
        names: dict[str, str] = {}
        for text in self.channels:
            old, _, new = text.rpartition("=")
            given = {old: new} if old and new else read_channel_names(Path(text))
            for name in names.keys() & given.keys():
                raise ConfigError(f"Expected one name for the channel {name!r}; got two.")
            names |= given
        return names or None


def read_channel_names(path: Path) -> dict[str, str]:
    """Reads the `channels:` of a YAML config as of JUMP's converter, or of a JSON file.

    Raises:
        ConfigError: the file cannot be read, or has no such map.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        given = json.loads(text) if path.suffix.lower() == ".json" else _flat_yaml(text)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"Expected the names of channels; got {str(path)!r} ({error}).", fix=_NAMES + "."
        ) from error
    names = given.get("channels", given) if isinstance(given, Mapping) else None
    if not isinstance(names, Mapping) or not names:
        raise ConfigError("Expected a map of channels.", file=path, fix=_NAMES + ".")
    return {str(old): str(new) for old, new in names.items()}


def _flat_yaml(text: str) -> dict[str, dict[str, str]]:
    """Reads maps of plain lines below a name: all that such a config needs, without a library."""
    maps: dict[str, dict[str, str]] = {}
    block: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#") or line.strip() in ("---", "..."):
            continue
        name, colon, value = line.strip().rpartition(": ")
        if not line[0].isspace() and line.rstrip().endswith(":"):
            block = maps.setdefault(line.strip()[:-1], {})
        elif colon:
            block[_unquoted(name)] = _unquoted(value)
        else:
            raise ValueError(f"line {number}: a line 'NAME: NEW' is expected")
    return maps


def _unquoted(text: str) -> str:
    text = text.strip()
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if is_quoted else text
