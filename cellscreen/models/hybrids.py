"""The two published nets for CPJUMP1's cells, as configurations of the one builder."""

from __future__ import annotations

from collections.abc import Sequence

from cellscreen.models.cell_config import CellNetConfig


def _features(
    shape: Sequence[str], intensity: Sequence[str], channel: str = "median"
) -> tuple[str, ...]:
    """Columns of whole cells on the plane that both papers segmented."""
    return (
        *(f"Cells_AreaShape_{name}" for name in shape),
        *(f"Cells_Intensity_{name}_{channel}" for name in intensity),
    )


# Paper 002, Part 3, section 2; the features are those of Part 2 without number, box and centroid.
MASK_FLOW_HYBRID = CellNetConfig(
    branches=("mask", "flow"),
    table_features=_features(
        (
            "Area",
            "ConvexArea",
            "Perimeter",
            "Eccentricity",
            "MajorAxisLength",
            "MinorAxisLength",
            "Orientation",
            "Solidity",
            "Extent",
        ),
        ("MeanIntensity", "MinIntensity", "MaxIntensity"),
    ),
    cell_backbone="efficientnet_b0",
    fusion="gate",
)

# Paper 003, sections 2.1.1 and 2.2.
IMAGE_METADATA_HYBRID = CellNetConfig(
    branches=("intensity",),
    table_features=_features(
        ("Area", "BoundingBoxSum", "Eccentricity", "Solidity"), ("MeanIntensity",)
    ),
    cell_backbone="plain",
    centre_planes=False,
    table_depth=2,
    table_norm=False,
    table_dropout=0.0,
    projection_units=128,
    projection_depth=2,
)
