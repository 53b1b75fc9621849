"""What is wrong with cells before any pixel is read: boxes, flows, perimeters of 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cellscreen.errors import ConfigError, RecordError
from cellscreen.pipelines.cell_index import BOX, CellIndex

COMPARTMENTS = ("Cells", "Nuclei")  # a record's box is that of the whole cell where it is known
FLOW_PLANES = (3, 4)


def compartment_of(names: Sequence[str]) -> str:
    """The compartment that a record's box is of: whole cells where they were measured.

    Example:
        >>> compartment_of(["Nuclei_AreaShape_Area", "Cells_AreaShape_Area"])
        'Cells'
    """
    there = {name.partition("_")[0] for name in names}
    return next((name for name in COMPARTMENTS if name in there), COMPARTMENTS[0])


def perimeter_column(names: Sequence[str]) -> str | None:
    """The column by which cells without a perimeter are told (paper 002, part 2), if there is."""
    name = f"{compartment_of(names)}_AreaShape_Perimeter"
    return name if name in names else None


def intensity_columns(names: Sequence[str], channels: Sequence[str]) -> list[str]:
    """The columns of a cell's mean intensities that there are, one a channel."""
    start = f"{compartment_of(names)}_Intensity_MeanIntensity_"
    return [start + channel for channel in channels if start + channel in names]


def check_boxes(index: CellIndex) -> None:
    """Checks that every cell's box lies inside its field.

    Raises:
        RecordError: one does not; the message names the first.

    Example:
        >>> check_boxes(index)  # doctest: +SKIP
    """
    left, top, right, bottom = (index.cells[name].to_numpy() for name in BOX)
    height, width = (index.of_cells(index.fields[one]).to_numpy() for one in ("height", "width"))
    inside = (left >= 0) & (top >= 0) & (right <= width) & (bottom <= height)
    odd = ~(inside & (left < right) & (top < bottom))
    if odd.any():
        row = int(odd.argmax())
        box = ", ".join(f"{name} {index.cells[name].iat[row]}" for name in BOX)
        raise RecordError(
            f"Expected boxes inside their field; {int(odd.sum())} of {len(odd)} are not, the first "
            f"is {index.keys[row]}: {box} in {width[row]}×{height[row]} px.",
            plate=index.field_of(row)["Metadata_Plate"],
            well=index.field_of(row)["Metadata_Well"],
            fix="Remove the prepared folder and run `cellscreen build` again.",
        )


def check_flows(index: CellIndex) -> None:
    """Checks that every cell has a flow of three planes, or four of a stack.

    Raises:
        ConfigError: one has not, or has others.
    """
    odd = ~np.isin(index.cells["flow_planes"], FLOW_PLANES)
    if odd.any():
        row = int(odd.argmax())
        raise ConfigError(
            f"Expected a flow of 3 or 4 planes for the branch flow; {int(odd.sum())} of {len(odd)} "
            f"cells have another number, the first is {index.keys[row]} with "
            f"{index.cells['flow_planes'].iat[row]}.",
            plate=index.field_of(row)["Metadata_Plate"],
            well=index.field_of(row)["Metadata_Well"],
            fix="Build by --method=cellpose or with --flows=from_labels, or leave flow out of "
            "--branches.",
        )
