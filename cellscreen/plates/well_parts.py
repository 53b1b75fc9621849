"""A well from its row and column, however a lab writes them."""

from __future__ import annotations

from cellscreen.plates.export_rows import well_of
from cellscreen.plates.key import well_position


def well_from(row: str, column: str) -> str:
    """Returns the well at a row (a letter or a number) and a column (a number).

    Raises:
        ValueError: there is no such well on a plate of up to 1,536 wells.

    Example:
        >>> well_from("C", "7"), well_from("03", "007"), well_from("AF", "48")
        ('C07', 'C07', 'AF48')
    """
    if column.isascii() and column.isdigit():
        if row.isascii() and row.isdigit():
            return well_of(int(row), int(column))
        well = well_position(row + column) if row.isalpha() else None
        if well:
            return well
    raise ValueError(f"a row like C or 3 and a column like 7; got {row!r} and {column!r}")
