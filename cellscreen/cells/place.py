"""Which field something is about: what errors name, and what paths of its files are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """A field of a plate.

    Attributes:
        plate: the plate, "" if not known.
        well: the well (`A01`), "" if not known.
        site: the field's number in its well, "" if not known.
        site_name: what other programs call the site, where that is not its number (`f01`).
        pixel_size_um: side of a pixel in µm, None if not known.

    Example:
        >>> Place("P1", "A01", "2").named(file="a.csv")
        {'plate': 'P1', 'well': 'A01', 'file': 'a.csv'}
    """

    plate: str = ""
    well: str = ""
    site: str = ""
    site_name: str = ""
    pixel_size_um: float | None = None

    def named(self, **more: Any) -> dict[str, Any]:
        """Returns the keywords of an error that name this field; what is not known is None."""
        return {"plate": self.plate or None, "well": self.well or None, **more}
