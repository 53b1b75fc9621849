"""Names of plates, wells and images: the key that joins records, folds, quality and scores."""

from __future__ import annotations

import re

_ROWS = r"[A-Za-z]|[Aa][A-Fa-f]"
_WELL = re.compile(rf"({_ROWS})0*([1-9]|[1-3]\d|4[0-8])")
_UNFIT = re.compile(r"[/\\\x00-\x1f\x7f]")
_PATTERN = re.compile(r"[*?\[\]]")


def image_key(plate: str, well: str, site: str, plane: str = "", timepoint: str = "") -> str:
    """Returns the key of an image: `plate/well/site`, with planes or times `…/plane/time`.

    Where only one of plane and timepoint is given, the other is written `-`.

    Example:
        >>> image_key("P1", "A01", "2"), image_key("P1", "A01", "2", timepoint="3")
        ('P1/A01/2', 'P1/A01/2/-/3')
    """
    parts = [plate, well, site]
    if plane or timepoint:
        parts += [plane or "-", timepoint or "-"]
    return "/".join(parts)


def normalize_well(well: str) -> str:
    """Returns a letter + number well as `A01`; any other name (a dish) as it is, less outer space.

    Rows are A to Z and AA to AF, columns 1 to 48, as on plates of up to 1,536 wells.

    Example:
        >>> [normalize_well(well) for well in ("a1", "A001", "af48", " dish-03 ", "A00")]
        ['A01', 'A01', 'AF48', 'dish-03', 'A00']
    """
    well = well.strip()
    found = _WELL.fullmatch(well)
    return f"{found[1].upper()}{int(found[2]):02d}" if found else well


def well_position(well: str) -> str | None:
    """Returns the position of a well on its plate (`A01`), None for dishes and other names."""
    return normalize_well(well) if _WELL.fullmatch(well.strip()) else None


def name_fault(name: str) -> str | None:
    """Says why `name` cannot be part of a key (a well, a plane, a timepoint); None if it can."""
    if not name:
        return "it is empty"
    if _UNFIT.search(name):
        return "it has a slash or a control character"
    if name in ("-", ".", ".."):
        return "it says nothing"
    try:
        name.encode()
    except UnicodeEncodeError:
        return "it is not UTF-8"
    return None


def plate_fault(name: str) -> str | None:
    """Says why `name` cannot be a plate, whose records are a directory; None if it can.

    Example:
        >>> plate_fault("240624_WES_Perturbs_n_densities_1.1"), plate_fault(".hidden")
        (None, 'it begins with a dot')
    """
    if name.startswith("."):
        return "it begins with a dot"
    if _PATTERN.search(name):
        return "it has one of the pattern characters * ? [ ]"
    if len(name.encode(errors="replace")) > 200:
        return "it is longer than 200 bytes"
    return name_fault(name)
