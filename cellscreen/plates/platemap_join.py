"""Joins the images of a plate table with a plate map, and says what did not join.

Nothing is lost in silence: every image keeps its row, and wells that only one side has are counted
and listed, with an error where too few wells of the images are in the map.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError, PlateTableError
from cellscreen.plates.barcodes import match_barcodes
from cellscreen.plates.columns import CONTROL_TYPE, SIMULATED
from cellscreen.plates.coverage import Coverage, PlateCoverage, describe_coverage
from cellscreen.plates.key import normalize_well
from cellscreen.plates.plate_size import check_sizes
from cellscreen.plates.well_list import list_wells

LOGGER = logging.getLogger(__name__)
PLATE, WELL, BARCODE = "Metadata_Plate", "Metadata_Well", "Metadata_barcode"
_KEYS = ["_map_plate", WELL]


def join_platemap(
    table: pd.DataFrame, platemap: pd.DataFrame, min_coverage: float = 1.0
) -> tuple[pd.DataFrame, Coverage]:
    """Returns a plate table with the columns of a plate map, and the coverage of the join.

    Wells join whatever their spelling (a1, A01). A map without plates holds for every plate; else
    plates join as `barcodes.match_barcodes` says, and a table with names that were cut gets
    `Metadata_barcode`. `Metadata_Plate` stays as it is. Where both sides have a column, the table's
    blanks are filled from the map.

    Args:
        table: a plate table.
        platemap: of `platemap.read_platemap`.
        min_coverage: the least share of wells with images that must be in the map, 0 to 1.

    Returns:
        All rows of `table` in their order (with "" or NaN where the map has nothing), and the
        coverage; print it with `coverage.describe_coverage`.

    Raises:
        ConfigError: `min_coverage` is no share.
        PlateTableError: the coverage is below `min_coverage` (the wells are listed), the map is of
            another plate size or has a well twice, barcodes are ambiguous, or image table and map
            contradict each other.

    Example:
        >>> joined, coverage = join_platemap(table, read_platemap("map.xlsx"))  # doctest: +SKIP
    """
    if not 0 <= min_coverage <= 1:
        raise ConfigError(f"Expected min_coverage from 0 to 1; got {min_coverage}.")
    left = table.assign(**{WELL: table[WELL].map(normalize_well)})
    right = platemap.assign(**{WELL: platemap[WELL].map(normalize_well)})
    barcodes = _barcodes(left, right)
    left = left.assign(_map_plate=left[PLATE].map(barcodes))
    right = right.rename(columns={PLATE: "_map_plate"})
    coverage = Coverage(tuple(_coverage(left, right, barcodes)))
    check_sizes(left, right)
    _check(coverage, min_coverage)
    joined = _merged(left, right)
    if any(barcode and barcode != plate for plate, barcode in barcodes.items()):
        joined[BARCODE] = joined["_map_plate"].fillna("")
    return joined.drop(columns="_map_plate"), coverage


def _barcodes(left: pd.DataFrame, right: pd.DataFrame) -> dict[str, str | None]:
    """Returns the map's name of each plate of the images, None where it has none."""
    plates, named = left[PLATE].unique(), right[PLATE].unique()
    if list(named) == [""]:
        return dict.fromkeys(plates, "")
    if "" in named:
        raise PlateTableError("Expected a plate in every row of the plate map, or in none.")
    return match_barcodes(plates, named)


def _coverage(
    left: pd.DataFrame, right: pd.DataFrame, barcodes: dict[str, str | None]
) -> Iterator[PlateCoverage]:
    """Yields what each plate of the images has in the map, then the map's plates without images."""
    in_map = {str(name): rows for name, rows in right.groupby("_map_plate", sort=False)}
    for plate, images in left.groupby(PLATE, sort=False):
        barcode = barcodes[str(plate)]
        mapped = right[:0] if barcode is None else in_map[barcode]
        yield _of_plate(str(plate), barcode, images, mapped)
    for name in (name for name in in_map if name not in barcodes.values()):
        yield _of_plate("", name, left[:0], in_map[name])


def _of_plate(
    plate: str, barcode: str | None, images: pd.DataFrame, mapped: pd.DataFrame
) -> PlateCoverage:
    wells, known = set(images[WELL]), set(mapped[WELL])
    if CONTROL_TYPE in mapped:
        not_empty = set(mapped.loc[mapped[CONTROL_TYPE] != "empty", WELL])
    else:
        not_empty = known
    twice = set(mapped.loc[mapped[WELL].duplicated(), WELL])
    lists = (wells - known, not_empty - wells, twice)
    counts = (len(images), len(wells), len(wells & known))
    return PlateCoverage(plate, barcode, *counts, *(tuple(sorted(each)) for each in lists))


def _check(coverage: Coverage, min_coverage: float) -> None:
    """Raises where a well is twice in the map or too few are; warns of those without images."""
    for plate in coverage.plates:
        if plate.duplicates:
            raise PlateTableError(
                "Expected one row a well in the plate map; several are of "
                f"{list_wells(plate.duplicates)}.",
                plate=plate.plate or plate.map_plate,
            )
    low = tuple(plate for plate in coverage.plates if plate.share < min_coverage)
    if low:
        raise PlateTableError(
            f"Expected {100 * min_coverage:g} % of the wells with images in the plate map; got "
            f"{100 * min(plate.share for plate in low):.4g} %.\n"
            f"{describe_coverage(Coverage(low))}\n",
            plate=low[0].plate,
            fix="Complete the plate map, or lower min_coverage.",
        )
    for plate in coverage.plates:
        if plate.plate and plate.without_images:
            wells = list_wells(plate.without_images)
            LOGGER.warning("Plate %s: wells of the map without images: %s.", plate.plate, wells)


def _merged(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Returns `left` with the columns of `right`, its own values first."""
    both = [name for name in right if name in left and name not in _KEYS]
    merged = left.merge(right, how="left", on=_KEYS, suffixes=("", "_of_map"), validate="m:1")
    merged.index = left.index
    for name in both:
        theirs = merged.pop(f"{name}_of_map")
        merged[name] = _filled(merged, str(name), theirs)
    if SIMULATED in right:
        merged[SIMULATED] = merged[SIMULATED].eq(True)
    for name in (name for name in right if name not in left):
        if not pd.api.types.is_numeric_dtype(right[name]):
            merged[name] = merged[name].fillna("")
    return merged


def _filled(merged: pd.DataFrame, name: str, theirs: pd.Series) -> pd.Series:
    """Returns a column's own values, blanks filled from the map.

    Raises:
        PlateTableError: both sides say something, and not the same.
    """
    own = merged[name]
    if name == SIMULATED:  # said by one side is said
        return own.eq(True) | theirs.eq(True)
    blank, silent = _is_blank(own), _is_blank(theirs)
    if pd.api.types.is_numeric_dtype(own) and pd.api.types.is_numeric_dtype(theirs):
        same = pd.Series(np.isclose(own.astype(float), theirs.astype(float)), own.index)
    else:
        same = own.astype(str) == theirs.astype(str)
    wrong = merged[~blank & ~silent & ~same]
    if len(wrong):
        row = wrong.index[0]
        raise PlateTableError(
            f"The table of images says {name} is '{own[row]}', the plate map '{theirs[row]}' "
            f"(wells that differ: {list_wells(wrong[WELL].unique())}).",
            plate=str(wrong[PLATE].iloc[0]),
            well=str(wrong[WELL].iloc[0]),
            fix="Take the column out of one of them.",
        )
    return own.where(~blank, theirs)


def _is_blank(values: pd.Series) -> pd.Series:
    return values.isna() | (values.astype(str) == "")
