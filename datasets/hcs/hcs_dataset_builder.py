"""TFDS builder for any high-content-screening plate."""

from __future__ import annotations

from cellscreen.records.builder import PlateTableBuilder


class Builder(PlateTableBuilder):
    """Any plate: plate, well and site are enough, every other column is carried along."""
