"""One cell of the index as arrays, its pixels as large as its box says."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from cellscreen.errors import RecordError
from cellscreen.pipelines.cell_index import CellIndex
from cellscreen.records.cells import PIXELS_FEATURES, Cell


def read_cell(index: CellIndex, row: int) -> Cell:
    """Reads a cell where it lies; nothing else is read.

    Args:
        index: the cells.
        row: of `index.cells`.

    Returns:
        The cell as NumPy arrays, of the shapes and types that `Cell` says.

    Raises:
        RecordError: the record is damaged, or its pixels or flow are of another size than its box.

    Example:
        >>> read_cell(index, 0).mask.shape  # doctest: +SKIP
        (41, 38)
    """
    said = tf.train.Example.FromString(index.read_record(row)).features.feature
    left, top, right, bottom = said["box"].int64_list.value
    size = (bottom - top, right - left)
    low, high = (np.array(said[name].int64_list.value, np.int32) for name in ("low", "high"))
    dtype = np.dtype(said["dtype"].bytes_list.value[0].decode()).newbyteorder("<")
    shapes = {
        "intensity": (dtype, (*size, len(low))),
        "mask": (np.dtype(np.uint8), size),
        "flow": (np.dtype("<f4"), (*size, said["flow_planes"].int64_list.value[0])),
    }
    found = {}
    for name in PIXELS_FEATURES:
        data = said[name].bytes_list.value[0]
        kind, shape = shapes[name]
        if len(data) != kind.itemsize * int(np.prod(shape)):
            raise _odd_size(index, row, name, shape, len(data) / kind.itemsize)
        found[name] = np.frombuffer(data, kind).reshape(shape)
    return Cell(
        found["intensity"].astype(np.uint16),
        found["mask"],
        found["flow"].astype(np.float32),
        low,
        high,
        np.array(said["measured"].float_list.value, np.float32),
    )


def _odd_size(
    index: CellIndex, row: int, name: str, shape: tuple[int, ...], values: float
) -> RecordError:
    place = index.field_of(row)
    told = "×".join(map(str, shape))
    return RecordError(
        f"Expected the {name} of cell {index.cells['object_id'].iat[row]} to be as large as its "
        f"box, {told} values; got {values:g}.",
        file=index.file_of(row),
        plate=place["Metadata_Plate"],
        well=place["Metadata_Well"],
        fix="Give flows of the field's own size, and build the plate again.",
    )
