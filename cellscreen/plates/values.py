"""Cells of a text table to values: numbers, words of a vocabulary, names and paths.

Each function notes in `problems` what cannot be read. A table's index is the line in its file, and
each distinct text is parsed once, so that 100,000 rows cost about as much as one.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pandas as pd

from cellscreen.plates import columns
from cellscreen.plates.key import name_fault, normalize_well, plate_fault
from cellscreen.plates.problems import Problems

Value = TypeVar("Value")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
MISSING = ("", "nan", "na")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def parse_column(
    table: pd.DataFrame, column: str, parse: Callable[[str], Value], problems: Problems
) -> pd.Series:
    """Returns `parse` of every cell of a column, None where it raised ValueError.

    Args:
        table: strings; the index is the line.
        column: the column.
        parse: raises ValueError saying what was expected.
        problems: gets a line for every cell that cannot be parsed.
    """
    values: dict[str, Value | None] = {}
    wrong: dict[str, str] = {}
    for text in table[column].unique():
        try:
            values[text] = parse(text)
        except ValueError as error:
            values[text] = None
            name = column.removeprefix(columns.PREFIX).lower()
            wrong[text] = f"Expected {name} to be {error}; got {text!r}."
    if wrong:
        for line, text in table.loc[table[column].isin(list(wrong)), column].items():
            problems.add_row(table, line, wrong[text])
    return table[column].map(values)


def number(decimal_comma: bool) -> Callable[[str], float]:
    """Returns a parser of numbers of zero or more; blank, NaN and NA are missing.

    Args:
        decimal_comma: whether `0,5` is a number, as where cells are not separated by commas.
    """

    def parse(text: str) -> float:
        if text.casefold() in MISSING:
            return math.nan
        value = _float(text.replace(",", ".") if decimal_comma else text)
        if not 0 <= value < math.inf:
            raise ValueError("a number of zero or more")
        return value

    return parse


def bit_depth(text: str) -> int | None:
    """Parses the number of bits that a raw value may use; blank is not stated."""
    if text.casefold() in MISSING:
        return None
    value = _float(text)
    if value not in columns.BIT_DEPTHS:
        raise ValueError("a whole number from 8 to 16, or blank")
    return int(value)


def word(vocabulary: tuple[str, ...]) -> Callable[[str], str]:
    """Returns a parser of the words of a vocabulary, in any case; blank is not known."""

    def parse(text: str) -> str:
        if text.casefold() not in ("", *vocabulary):
            raise ValueError(f"{', '.join(vocabulary)}, or blank")
        return text.casefold()

    return parse


def flag(text: str) -> bool:
    """Parses true or false; blank is false."""
    if text.casefold() not in ("", "true", "false", "1", "0"):
        raise ValueError("true or false")
    return text.casefold() in ("true", "1")


def plate(text: str) -> str:
    """Parses the name of a plate, which becomes the name of a directory."""
    fault = plate_fault(text)
    if fault:
        raise ValueError(f"a name that a directory can have ({fault})")
    return text


def well(text: str) -> str:
    """Parses a well: letter + number becomes `A01`, a dish keeps its name."""
    return name(normalize_well(text))


def name(text: str) -> str:
    """Parses a part of a key."""
    fault = name_fault(text)
    if fault:
        raise ValueError(f"a name ({fault})")
    return text


def optional_name(text: str) -> str:
    """Parses a part of a key that may be blank."""
    return name(text) if text else ""


def site(text: str) -> str:
    """Parses the number of a site; its digits are kept as they are."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError("digits, like 1")
    return text


def image_path(folder: Path) -> Callable[[str], str]:
    r"""Returns a parser of paths relative to `folder`, or absolute; `\` is read as `/`."""
    root = os.path.abspath(folder)

    def parse(text: str) -> str:
        if not text:
            raise ValueError("the path of an image (it is empty)")
        if _URL.match(text):
            raise ValueError("the path of a file on this machine")
        text = text.replace("\\", "/")
        if ".." in text.split("/"):
            raise ValueError("a path without '..' (move the images, or give an absolute path)")
        return os.path.normpath(os.path.join(root, text))

    return parse


def _float(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError("a number")
    return float(text)
