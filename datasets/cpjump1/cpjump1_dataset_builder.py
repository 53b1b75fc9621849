"""TFDS builder for CPJUMP1: cells under compounds, ORFs and CRISPR guides, in Cell Painting."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pandas as pd

from cellscreen.cells.feature_config import PAPER_002_GROUPS
from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.datasets.cpjump1.cpjump1_layout import read_cpjump1, with_core_file_names
from cellscreen.plates.images_csv import NAME
from cellscreen.plates.table import PARQUET, read_plate_table
from cellscreen.records.builder import KindConfig, PlateTableBuilder, kind_configs
from cellscreen.records.record_config import RecordConfig

USUAL = RecordConfig(segment=SegmentConfig(nuclei_channel="DNA", cells_channel="RNA"))
PAPER_002 = RecordConfig(
    segment=SegmentConfig(method="cellpose", weights="cyto3"),
    feature_groups=PAPER_002_GROUPS,
    median_of=("#1", "#2", "#3"),
)


class Builder(PlateTableBuilder):
    """CPJUMP1 plates: real layout or plate table, `CoreFileName` as in paper 002."""

    BUILDER_CONFIGS: ClassVar[list[KindConfig]] = [
        *kind_configs(USUAL),
        KindConfig(
            name="paper_002",
            kind="cells",
            description="Paper 002: Cellpose on the median over the first three channels.",
            record_config=PAPER_002,
        ),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "Give --manual_dir, CPJUMP1's folder with images/<plate>__…-MeasurementN, load_data_csv "
        "and metadata, or a folder with a plate_table.parquet; and --data_dir=<root>/<plate>."
    )

    def read_table(self, folder: Path) -> pd.DataFrame:
        """The table of the plate that the data_dir is named after."""
        if any((folder / name).is_file() for name in (PARQUET, NAME)):
            return read_plate_table(folder)
        return read_cpjump1(folder, Path(self.data_dir_root).name)

    def with_columns(self, table: pd.DataFrame) -> pd.DataFrame:
        """Adds `Metadata_CoreFileName`."""
        return with_core_file_names(table)
