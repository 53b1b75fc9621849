"""A lab's own names for the channels of a microscope, as the `channels:` map of JUMP's configs."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from cellscreen.plates.problems import Problems

LOGGER = logging.getLogger(__name__)
_ORIG = re.compile(r"^Orig(?=[A-Z0-9])")


def rename_channels(
    table: pd.DataFrame, channels: Mapping[str, Any] | None, problems: Problems
) -> pd.DataFrame:
    """Returns a plate table with its channels renamed.

    Names are compared exactly, else without spaces and case. `OrigDNA`, as in `FileName_OrigDNA`,
    is the channel DNA. A name of the map that the plate lacks is a warning: plates differ.

    Args:
        table: a plate table.
        channels: name on disk to name in the table, or a whole config with a key `channels`; None
            leaves the table as it is.
        problems: gets channels that the map does not name, and two that it gives one name.

    Example:
        >>> from pathlib import Path
        >>> table = pd.DataFrame({"channel": ["HOECHST 33342"]})
        >>> rename_channels(table, {"Hoechst 33342": "OrigDNA"}, Problems(Path("a")))["channel"][0]
        'DNA'
    """
    if channels is None:
        return table
    given = channels.get("channels", channels)
    if not isinstance(given, Mapping) or not given:
        problems.add(f"Expected a map of channel names; got {given!r}.")
        return table
    renamed = {str(old): _ORIG.sub("", str(new), count=1) for old, new in given.items()}
    names = _renamed_names(list(dict.fromkeys(table["channel"])), renamed, problems)
    return table.assign(channel=table["channel"].map(names))


def _renamed_names(found: list[str], renamed: dict[str, str], problems: Problems) -> dict[str, str]:
    """Returns the new name of each channel that was found."""
    loosely = {_loose(old): old for old in renamed}
    keys = {name: name if name in renamed else loosely.get(_loose(name)) for name in found}
    unknown = [name for name, key in keys.items() if key is None]
    if unknown:
        listed = ", ".join(map(repr, unknown))
        problems.add(f"Expected a name for each channel; the channel map lacks {listed}.")
    names = {name: renamed[key] if key is not None else name for name, key in keys.items()}
    for new in dict.fromkeys(names.values()):
        old = [name for name in found if names[name] == new]
        if len(old) > 1:
            listed = " and ".join(map(repr, old))
            problems.add(f"Expected one channel for each name; the map calls {listed} {new!r}.")
    absent = [renamed[old] for old in renamed if old not in keys.values()]
    if absent:
        LOGGER.warning("%s: no channel %s.", problems.source, ", ".join(absent))
    return names


def _loose(name: str) -> str:
    return re.sub(r"\s", "", name).casefold()
