"""The features of all cells as one table, for pycytominer, copairs and tables of nets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cellscreen.cells.names import OBJECT_NUMBER
from cellscreen.errors import RecordError
from cellscreen.pipelines.records import read_metadata

_METADATA_JSON, _NAMES = "metadata.json", "feature_names"


def feature_names(folders: Sequence[Path]) -> list[str]:
    """The names of the numbers in `measured`, the same for all plates.

    Raises:
        RecordError: plates were measured in different ways.
    """
    said = [json.loads((Path(f) / _METADATA_JSON).read_text(encoding="utf-8")) for f in folders]
    first = said[0][_NAMES]
    for folder, one in zip(folders, said, strict=True):
        odd = sorted(set(one[_NAMES]) ^ set(first))
        if odd or one[_NAMES] != first:
            raise RecordError(
                f"Expected the features of the first plate; {len(odd)} differ: {odd[:3]}.",
                file=folder,
                fix="Build the plates with the same channels and --feature_groups.",
            )
    return first


def read_cell_table(folders: Sequence[Path]) -> pd.DataFrame:
    """Reads the features of every cell, pixels left out.

    Args:
        folders: prepared directories of the kind `cells`.

    Returns:
        A row a cell, in the order of the records: `Metadata_*` (with `Metadata_key` and
        `Metadata_ObjectNumber`), then the features under CellProfiler's names, float32, NaN where
        undefined. Written as parquet it is what pycytominer takes.

    Raises:
        RecordError: a plate is cut short, or plates were measured in different ways.

    Example:
        >>> cells = read_cell_table(prepared_plates("records", "hcs", "cells"))  # doctest: +SKIP
        >>> cells.to_parquet("cells.parquet")  # doctest: +SKIP
    """
    names = feature_names(folders)
    records = read_metadata(list(folders))
    metadata = records[[name for name in records if str(name).startswith("Metadata_")]]
    metadata = metadata.assign(Metadata_key=records["key"], **{OBJECT_NUMBER: records["object_id"]})
    values = np.stack(records["measured"].to_list())
    return pd.concat([metadata, pd.DataFrame(values, columns=names)], axis=1)
