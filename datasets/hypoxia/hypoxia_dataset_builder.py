"""TFDS builder for normoxic and hypoxic cell cultures under phase contrast."""

from __future__ import annotations

from typing import ClassVar

from cellscreen.records.builder import PlateTableBuilder


class Builder(PlateTableBuilder):
    """AC16/H9C2 cultures: every image needs a cell line, a condition and its hours."""

    REQUIRED_METADATA: ClassVar[tuple[str, ...]] = (
        "Metadata_cell_line",
        "Metadata_condition",
        "Metadata_hours",
    )
