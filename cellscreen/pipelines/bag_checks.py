"""Checksums of bags, and the check that no field is in bags of two folds."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.pipelines.bag_index import BagIndex


def bag_checksums(index: BagIndex) -> list[str]:
    """A checksum of each bag: of the files of its fields, in their order.

    Returns:
        Texts, row for row as `index.bags`.

    Example:
        >>> frame = index.bags.assign(sha256=bag_checksums(index))  # doctest: +SKIP
    """
    files = _files(index)
    return [
        hashlib.sha256(" ".join(files[row] for row in rows).encode()).hexdigest()
        for rows in index.of_bag
    ]


def check_fields(index: BagIndex, folds: pd.Series) -> None:
    """Checks that the files of a field are in bags of one fold only.

    Args:
        index: the bags.
        folds: the fold of each, on the index of `index.bags`.

    Raises:
        DataError: two bags of different folds have a field of the same files.
    """
    files, seen = _files(index), dict[str, int]()
    for bag, rows in enumerate(index.of_bag):
        for row in rows:
            other = seen.setdefault(files[row], bag)
            if folds.iloc[other] != folds.iloc[bag]:
                keys = index.bags["key"]
                raise DataError(
                    f"Leak: {keys[other]} and {keys[bag]} have a field of the same files, and are "
                    f"in the folds {folds.iloc[other]} and {folds.iloc[bag]}.",
                    fix="Remove the copy, or give both wells one group with --fold_by.",
                )


def check_cells(index: BagIndex) -> None:
    """Checks that some bag has a cell.

    Raises:
        DataError: none has.
    """
    if not np.any(index.bags["cells"]):
        raise DataError(
            f"Expected bags with cells; all {len(index.bags)} have none.",
            fix="Build again with another --nuclei_channel or diameter, or look at --where.",
        )


def _files(index: BagIndex) -> list[str]:
    """The checksums of each field's files as one text."""
    return [
        " ".join(one.decode() if isinstance(one, bytes) else str(one) for one in field)
        for field in index.fields["sha256"]
    ]
