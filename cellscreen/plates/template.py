"""Reads any folder whose file names say what its images are, by a template or a regex.

Every image below the folder must be of that form: what is not is listed, unless a pattern of
`ignore` leaves it out. Thumbnails and hidden files are passed over and counted. Without `{plate}`
the folder is the plate, without `{site}` a well has one, `1`.
"""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd

from cellscreen.plates import values
from cellscreen.plates.export_files import check_links
from cellscreen.plates.export_rows import check_one_folder, finish_rows, number_text
from cellscreen.plates.folders import SUFFIXES
from cellscreen.plates.key import well_position
from cellscreen.plates.problems import SHOWN, Problems
from cellscreen.plates.template_grammar import PathGrammar
from cellscreen.plates.well_parts import well_from

LOGGER = logging.getLogger(__name__)
ONE_SITE = "1"
_FIX = "Mend the template, or leave other images out with ignore, like ignore=*_mask.png."
_THUMBNAIL = re.compile(r"(?:^|[_. /-])thumb(?:nail)?s?(?:$|[_. /-]|[0-9a-f]{8}-)", re.IGNORECASE)
_POSITION = re.compile(r"[A-Za-z]{1,2}\d{1,3}", re.ASCII)
_COLUMNS = {
    "site": "Metadata_Site",
    "plane": "Metadata_Plane",
    "timepoint": "Metadata_Timepoint",
    "channel": "channel",
}


def read_template(folder: Path, grammar: PathGrammar, ignore: Sequence[str] = ()) -> pd.DataFrame:
    """Reads a folder to a plate table.

    Args:
        folder: what the paths start from.
        grammar: of `template_grammar` or `regex_grammar`.
        ignore: patterns of names, or of paths below the folder, of images that are left out.

    Raises:
        PlateTableError: an image is not of that form, can be read in two ways, has no well of a
            plate, or is there twice; all of it is told together.

    Example:
        >>> from cellscreen.plates.template_grammar import template_grammar
        >>> grammar = template_grammar("Channel{channel}-*-{row}-{col}.tif")
        >>> read_template(Path("BBBC013_ExampleSBS"), grammar)  # doctest: +SKIP
    """
    folder = Path(os.path.abspath(folder))
    problems = Problems(folder, fix=_FIX)
    left = Counter[str]()
    paths = list(_images(folder, grammar.suffix, ignore, left))
    told = ", ".join(f"{number} {what}" for what, number in sorted(left.items()) if number)
    if told:
        LOGGER.info("%s: left out: %s.", folder, told)
    if not paths:
        problems.add(f"Expected images like {grammar.text}; found none ({told or 'no image'}).")
    rows, others, homes = [], [], []
    for path in paths:
        try:
            found = grammar.parse(path)
            if found is None:
                others.append(path)
                continue
            rows.append(_row(folder, path, found))
            homes.append((str(rows[-1]["Metadata_Plate"]), _home(folder, path, grammar)))
        except ValueError as error:
            problems.add(f"{path!r} {error}.", file=folder / path)
    if others:
        problems.add(_listed(others, len(paths), grammar.text))
    plates = {folder / path: _plate_folder(folder, path, grammar) for path in paths}
    check_links(plates, plates.__getitem__, problems)
    check_one_folder(homes, problems)
    return finish_rows(pd.DataFrame(rows), problems)


def _images(folder: Path, suffix: str, ignore: Sequence[str], left: Counter[str]) -> Iterator[str]:
    """Yields the paths of images below the folder, sorted; counts what is left out."""
    suffixes = (*SUFFIXES, suffix) if suffix else SUFFIXES
    patterns = [pattern.casefold() for pattern in ignore]
    for where, folders, names in os.walk(folder, onerror=_raise, followlinks=True):
        folders[:] = sorted(name for name in folders if not _is_passed_over(where, name))
        below = os.path.relpath(where, folder).replace(os.sep, "/")
        images = [name for name in names if name.lower().endswith(suffixes)]
        left["other files"] += len(names) - len(images)
        for name in sorted(images):
            path = name if below == "." else f"{below}/{name}"
            kind = _left_out(path, patterns)
            if kind:
                left[kind] += 1
            else:
                yield path


def _is_passed_over(where: str, name: str) -> bool:
    """Whether a folder is hidden, or a link back to where it lies, which would never end."""
    real = os.path.realpath(os.path.join(where, name))
    return name[0] == "." or (os.path.realpath(where) + os.sep).startswith(real + os.sep)


def _left_out(path: str, patterns: Iterable[str]) -> str:
    """Says what an image is that is no image of the plate; "" if it is one."""
    name = path.rpartition("/")[2]
    if name.startswith("."):
        return "hidden"
    if _THUMBNAIL.search(path.rpartition(".")[0]):
        return "thumbnails"
    folded = path.casefold(), name.casefold()
    return "ignored" if any(fnmatchcase(text, p) for p in patterns for text in folded) else ""


def _row(folder: Path, path: str, found: Mapping[str, str]) -> dict[str, object]:
    """Returns the row of one image.

    Raises:
        ValueError: the well or the site is none.
    """
    plate = found.get("plate", folder.name)
    row: dict[str, object] = {"path": str(folder / path), "Metadata_Plate": plate}
    try:
        if "well" in found:
            row["Metadata_Well"] = values.well(found["well"])
            if _POSITION.fullmatch(found["well"]) and not well_position(found["well"]):
                raise ValueError(f"a well of a plate; got {found['well']!r}")
        else:
            row["Metadata_Well"] = well_from(found["row"], found["col"])
    except ValueError as error:
        raise ValueError(f"has no well: expected {error}") from error
    for field, column in _COLUMNS.items():
        text = found.get(field, "")
        is_number = field != "channel" and text.isascii() and text.isdigit()
        row[column] = number_text(text) if is_number else text
    site = row["Metadata_Site"] = row["Metadata_Site"] or ONE_SITE
    if not str(site).isdigit():
        raise ValueError(f"has no site: expected digits; got {site!r}")
    return row


def _plate_folder(folder: Path, path: str, grammar: PathGrammar) -> Path:
    """Returns the folder that carries a plate's name; the whole folder where none does."""
    return folder / path[: max(path.find("/", _plate_end(path, grammar)), 0)]


def _home(folder: Path, path: str, grammar: PathGrammar) -> Path:
    """Returns where a plate lies, other fields blanked: two such places are two measurements."""
    end = path.find("/", _plate_end(path, grammar))
    end = path.rfind("/") if end < 0 else end
    for start, stop in sorted(grammar.spans(path).values(), reverse=True):
        if start < end:
            path, end = path[:start] + path[stop:], end - (stop - start)
    return folder / path[: max(end, 0)]


def _plate_end(path: str, grammar: PathGrammar) -> int:
    return grammar.spans(path).get("plate", (0, len(path)))[1]


def _listed(others: list[str], total: int, text: str) -> str:
    shown = "".join(f"\n    {path}" for path in others[:SHOWN])
    more = f"\n    … and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    return f"{len(others)} of {total} images are not like {text}:{shown}{more}\n "


def _raise(error: OSError) -> None:
    raise error
