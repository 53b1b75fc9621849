"""Concentrations to µM. The unit stands in the header, in a column of its own, or in the cell.

A unit is never guessed: one that is missing, written in another case (`nm`, `mm`) or contradicted
by another place is told.
"""

from __future__ import annotations

import math
import re

from cellscreen.errors import ConfigError
from cellscreen.plates.values import MISSING

UNITS = {"nM": 1e-3, "uM": 1.0, "mM": 1e3, "M": 1e6}
_MICRO = ("\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}")
_NAMES = "concentration|conc|dose"
_HEADER = re.compile(
    rf"(?:metadata_)?(?:{_NAMES})\.?(?:[ _]*[\[(](?P<boxed>[^\])]*)[\])]|[ _]+(?P<bare>.+))?",
    re.IGNORECASE,
)
_UNITS_OF_ANY_KIND = re.compile(r"[fpnum]?m|[nmuk]?g|[umd]?l|percent|pct|%")
_CELL = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<unit>\D.*)?")


class MissingUnit(ValueError):
    """A concentration whose unit no place states."""


def unit_of(text: str) -> str:
    """Returns the unit that a text names, as in `UNITS`.

    Raises:
        ValueError: it is none of them; the text says which were expected.

    Example:
        >>> unit_of("µM"), unit_of(" nM")
        ('uM', 'nM')
    """
    unit = _plain(text)
    if unit not in UNITS:
        raise ValueError("nM, µM, uM, mM or M (capital M; nothing else is known)")
    return unit


def _plain(text: str) -> str:
    for sign in _MICRO:
        text = text.replace(sign, "u")
    return text.strip()


def check_unit(unit: str) -> str:
    """Returns the unit given by a flag, "" if none was.

    Raises:
        ConfigError: it is no unit.
    """
    try:
        return unit_of(unit) if unit else ""
    except ValueError as error:
        raise ConfigError(f"Expected the unit to be {error}; got {unit!r}.") from error


def header_unit(header: str) -> str | None:
    """Returns the unit in the name of a concentration column, "" if it names none.

    Returns None where the column is no concentration (`dose_index`). `concentration_um` in any
    case is µM, for that is this package's own name.

    Raises:
        ValueError: it names a unit that is not known, as `dose_nm` or `dose (mg/ml)`.

    Example:
        >>> [header_unit(h) for h in ("dose (nM)", "concentration_um", "Conc", "solvent")]
        ['nM', 'uM', '', None]
    """
    found = _HEADER.fullmatch(header.strip())
    if not found:
        return None
    unit = found["boxed"] if found["boxed"] is not None else found["bare"]
    if unit is None:
        return ""
    if header.strip().casefold().removeprefix("metadata_") == "concentration_um":
        return "uM"
    words = re.split(r"[_/ ]", _plain(unit).casefold())
    if found["boxed"] is None and not any(map(_UNITS_OF_ANY_KIND.fullmatch, words)):
        return None
    return unit_of(unit)


def names_unit(text: str) -> bool:
    """Whether a cell holds a number and something behind it."""
    found = _CELL.fullmatch(text.replace(",", ".").strip())
    return bool(found and found["unit"])


def to_um(text: str, *, header: str = "", column: str = "", decimal_comma: bool = False) -> float:
    """Returns the µM of a cell; blank, NaN and NA are missing (NaN), and 0 needs no unit.

    Args:
        text: a number, with or without its unit.
        header: the unit that the column's name states, "" if none.
        column: the cell of the column of units, "" if blank or there is no such column.
        decimal_comma: whether `0,5` is a number.

    Raises:
        MissingUnit: no place states its unit.
        ValueError: it is no number of zero or more, or its units differ.

    Example:
        >>> to_um("250", header="nM"), to_um("10 mM")
        (0.25, 10000.0)
    """
    if text.strip().casefold() in MISSING:
        return math.nan
    found = _CELL.fullmatch((text.replace(",", ".") if decimal_comma else text).strip())
    number = float(found["number"]) if found else -1.0
    if found is None or not 0 <= number < math.inf:
        raise ValueError("a number of zero or more, with or without a unit")
    named = {unit_of(unit) for unit in (header, column, found["unit"] or "") if unit}
    if len(named) > 1:
        raise ValueError(f"of one unit (its places say {' and '.join(sorted(named))})")
    if not named and number:
        raise MissingUnit("with a unit (nM, µM, mM or M)")
    return _scaled(number, named.pop() if named else "uM")


def _scaled(number: float, unit: str) -> float:
    """Divides where that is exact, so that 250 nM is 0.25 and not 0.25000000000000006."""
    return number / 1000 if unit == "nM" else number * UNITS[unit]
