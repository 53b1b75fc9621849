"""Names of image folders against the barcodes of a plate map."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cellscreen.errors import PlateTableError


def match_barcodes(plates: Iterable[str], barcodes: Iterable[str]) -> dict[str, str | None]:
    """Returns the barcode of each plate, None where the map has none.

    A plate has the barcode of its own name. Else a longer name is cut, as that of a microscope's
    folder, where exactly one barcode stands in it between other signs than letters and digits.

    Raises:
        PlateTableError: several barcodes stand in a name, or two plates have one barcode.

    Example:
        >>> match_barcodes(["BR00117006__2020-11-08T19_57_47-Measurement1"], ["BR00117006"])
        {'BR00117006__2020-11-08T19_57_47-Measurement1': 'BR00117006'}
    """
    known = list(dict.fromkeys(barcodes))
    found = {plate: _barcode(plate, known) for plate in dict.fromkeys(plates)}
    owners: dict[str, str] = {}
    for plate, barcode in found.items():
        if barcode is None:
            continue
        other = owners.setdefault(barcode, plate)
        if other != plate:
            raise PlateTableError(
                f"Two plates of images have the barcode {barcode}: {other} and {plate}.",
                plate=plate,
                fix="Read them one by one, or give the plate map a row for each full name.",
            )
    return found


def _barcode(plate: str, known: list[str]) -> str | None:
    if plate in known:
        return plate
    inside = [barcode for barcode in known if _stands_in(barcode, plate)]
    if len(inside) > 1:
        raise PlateTableError(
            f"Expected one barcode of the plate map in the plate's name; got {', '.join(inside)}.",
            plate=plate,
            fix="Give the plate map the full name of the plate.",
        )
    return inside[0] if inside else None


def _stands_in(barcode: str, plate: str) -> bool:
    sign = r"[^A-Za-z0-9]"
    return bool(re.search(rf"(?:^|{sign}){re.escape(barcode)}(?:$|{sign})", plate))
