"""Column names of features: CellProfiler's where it has the feature."""

from __future__ import annotations

OBJECT_NUMBER = "Metadata_ObjectNumber"

_PAPER_002_SHAPE = {
    "area": "Area",
    "convex area": "ConvexArea",
    "perimeter": "Perimeter",
    "eccentricity": "Eccentricity",
    "major axis length": "MajorAxisLength",
    "minor axis length": "MinorAxisLength",
    "orientation": "Orientation",
    "solidity": "Solidity",
    "extent": "Extent",
    "centroid_x": "Center_X",
    "centroid_y": "Center_Y",
    "bbox-0": "BoundingBoxMinimum_Y",
    "bbox-1": "BoundingBoxMinimum_X",
    "bbox-2": "BoundingBoxMaximum_Y",
    "bbox-3": "BoundingBoxMaximum_X",
}
_PAPER_002_INTENSITY = {
    "mean intensity": "MeanIntensity",
    "min intensity": "MinIntensity",
    "max intensity": "MaxIntensity",
}


def shape_name(compartment: str, feature: str) -> str:
    """`Nuclei_AreaShape_Area`."""
    return f"{compartment}_AreaShape_{feature}"


def intensity_name(compartment: str, feature: str, channel: str) -> str:
    """`Nuclei_Intensity_MeanIntensity_DNA`."""
    return f"{compartment}_Intensity_{feature}_{channel}"


def texture_name(
    compartment: str, feature: str, channel: str, scale: int, direction: str, levels: int
) -> str:
    """`Nuclei_Texture_Contrast_DNA_3_00_256`."""
    return f"{compartment}_Texture_{feature}_{channel}_{scale}_{direction}_{levels}"


def radial_name(compartment: str, feature: str, channel: str, ring: int, rings: int) -> str:
    """`Nuclei_RadialDistribution_FracAtD_DNA_1of4`."""
    return f"{compartment}_RadialDistribution_{feature}_{channel}_{ring}of{rings}"


def granularity_name(compartment: str, number: int, channel: str) -> str:
    """`Nuclei_Granularity_1_DNA`."""
    return f"{compartment}_Granularity_{number}_{channel}"


def neighbours_name(compartment: str, feature: str, distance_px: int) -> str:
    """`Nuclei_Neighbors_NumberOfNeighbors_Adjacent`; further than side by side, the pixels."""
    scale = "Adjacent" if distance_px == 1 else str(distance_px)
    return f"{compartment}_Neighbors_{feature}_{scale}"


def flag_name(compartment: str, flag: str) -> str:
    """`Metadata_Nuclei_PerimeterIsZero`: no feature, so that pycytominer leaves it alone."""
    return f"Metadata_{compartment}_{flag}"


def paper_002_columns(channel: str, compartment: str = "Nuclei") -> dict[str, str]:
    """Paper 002's features (Part 2, of `regionprops`) and the columns that hold them.

    The centroid is split as the paper split it, the box into its four numbers. One column has
    another unit: orientation is in degrees, as CellProfiler's, where the paper's is in radians.

    Example:
        >>> paper_002_columns("RNA")["mean intensity"]
        'Nuclei_Intensity_MeanIntensity_RNA'
    """
    shape = {paper: shape_name(compartment, name) for paper, name in _PAPER_002_SHAPE.items()}
    intensity = {
        paper: intensity_name(compartment, name, channel)
        for paper, name in _PAPER_002_INTENSITY.items()
    }
    return {"label": OBJECT_NUMBER, **shape, **intensity}
