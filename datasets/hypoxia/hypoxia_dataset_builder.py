"""TFDS builder for normoxic and hypoxic cell cultures under phase contrast."""

from __future__ import annotations

from typing import ClassVar

from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.records.builder import KindConfig, PlateTableBuilder, kind_configs
from cellscreen.records.record_config import RecordConfig

# That of a spread heart cell. Other cultures need --diameter_um, images without a pixel size
# --diameter_px.
USUAL_DIAMETER_UM = 30.0


class Builder(PlateTableBuilder):
    """AC16/H9C2 cultures: every image needs a cell line, a condition and its hours."""

    BUILDER_CONFIGS: ClassVar[list[KindConfig]] = kind_configs(
        RecordConfig(segment=SegmentConfig(method="phase", diameter_um=USUAL_DIAMETER_UM))
    )
    REQUIRED_METADATA: ClassVar[tuple[str, ...]] = (
        "Metadata_cell_line",
        "Metadata_condition",
        "Metadata_hours",
    )
