"""Where the bags of prepared plates lie on disk, and what is known of each without its pixels."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cellscreen.errors import RecordError
from cellscreen.images.scale import to_uint8
from cellscreen.pipelines.bag_input import BagUnit
from cellscreen.pipelines.one_record import read_one_record
from cellscreen.pipelines.records import channel_names, read_metadata
from cellscreen.records.bags import crops_of_record
from cellscreen.records.manifest import is_shard
from cellscreen.records.shards import record_spans

LOGGER = logging.getLogger(__name__)
_WELL = ["Metadata_Plate", "Metadata_Well", "Metadata_Plane", "Metadata_Timepoint"]
_OF_FIELDS = ["cells", "low", "high", "sha256", "file", "offset"]


@dataclass(frozen=True)
class BagIndex:
    """The bags of all plates, and where their fields lie.

    Attributes:
        bags: a row a bag: `key`, `Metadata_*`, `cells`, `n_fields`, `perceptual_hash`.
        fields: a row a field, in the order of the records: `cells`, `low`, `high`, `file`,
            `offset`.
        of_bag: for each bag, the rows of its fields.
        crop_size: side of a crop, px.
        channels: names, in the order of the crops' last axis.
    """

    bags: pd.DataFrame
    fields: pd.DataFrame
    of_bag: tuple[np.ndarray, ...]
    crop_size: int
    channels: tuple[str, ...]

    def read_crops(self, bag: int, at: np.ndarray | None = None) -> np.ndarray:
        """Reads crops of a bag, brought to 8 bits by the plate's scale.

        Args:
            bag: a row of `bags`.
            at: `(n,)` indices into the bag's cells, the fields' one after the other; None for all.

        Returns:
            `(n, size, size, channels)` uint8.

        Raises:
            RecordError: a record is damaged.
        """
        rows = self.of_bag[bag]
        first = np.concatenate([[0], np.cumsum(self.fields["cells"].to_numpy()[rows])])
        at = np.arange(first[-1]) if at is None else np.asarray(at)
        shape = (len(at), self.crop_size, self.crop_size, len(self.channels))
        crops = np.empty(shape, np.uint8)
        field = np.searchsorted(first, at, side="right") - 1
        for number in np.unique(field):
            mine = field == number
            crops[mine] = self._of_field(rows[number], at[mine] - first[number])
        return crops

    def selected(self, chosen: np.ndarray) -> BagIndex:
        """The index of some bags only.

        Args:
            chosen: `(bags,)` bool.

        Returns:
            An index whose `bags` are numbered anew, from 0; `fields` stay as they are.
        """
        rows = np.flatnonzero(chosen)
        bags = self.bags.iloc[rows].reset_index(drop=True)
        return replace(self, bags=bags, of_bag=tuple(self.of_bag[row] for row in rows))

    def release(self) -> None:
        """Frees what is kept in memory of crops: nothing here."""

    def _of_field(self, row: int, at: np.ndarray) -> np.ndarray:
        field = self.fields.iloc[row]
        raw = crops_of_record(read_one_record(field["file"], int(field["offset"])), at)
        scaled = np.empty(raw.shape, np.uint8)
        scales = zip(field["low"], field["high"], strict=True)
        for channel, (low, high) in enumerate(scales):
            scaled[..., channel] = to_uint8(raw[..., channel], int(low), int(high))
        return scaled


def index_bags(folders: Sequence[Path], unit: BagUnit) -> BagIndex:
    """Indexes the bags of prepared plates.

    Args:
        folders: prepared directories of the kind `bags`.
        unit: `field`, or `well` for all fields of a well (of one plane and timepoint) together.

    Raises:
        RecordError: plates differ in crop size or channels, or a plate is cut short.

    Example:
        >>> index_bags(prepared_plates("records", "hcs", "bags"), "well")  # doctest: +SKIP
    """
    fields = read_metadata(list(folders)).assign(**_places(folders))
    size, channels = _one_shape(fields)
    keys = fields["key"] if unit == "field" else fields.apply(well_key, axis=1)
    groups = [np.asarray(rows) for rows in fields.groupby(keys, sort=False).indices.values()]
    groups.sort(key=lambda rows: rows[0])
    bags = pd.DataFrame([_bag(fields.iloc[rows], keys.iloc[rows[0]]) for rows in groups])
    empty = int((bags["cells"] == 0).sum())
    if empty:
        LOGGER.warning("%d of %d %ss have no cells.", empty, len(bags), unit)
    return BagIndex(bags, fields[_OF_FIELDS], tuple(groups), size, channels)


def _places(folders: Sequence[Path]) -> dict[str, list]:
    """File and offset of every record, in the order in which TFDS reads them."""
    files: list[str] = []
    offsets: list[int] = []
    for folder in folders:
        for path in sorted(path for path in Path(folder).iterdir() if is_shard(path.name)):
            spans = record_spans(path)
            files += [str(path)] * len(spans)
            offsets += [span.offset for span in spans]
    return {"file": files, "offset": offsets}


def _one_shape(fields: pd.DataFrame) -> tuple[int, tuple[str, ...]]:
    channels = fields["channels"].map(channel_names)
    shapes = pd.DataFrame({"size": fields["crop_size"], "channels": channels})
    first = shapes.iloc[0]
    odd = (shapes["size"] != first["size"]) | (shapes["channels"] != first["channels"])
    if odd.any():
        other = shapes[odd].iloc[0]
        raise RecordError(
            f"Expected crops of {first['size']} px and channels {', '.join(first['channels'])}, "
            f"as the first plate; got {other['size']} px and {', '.join(other['channels'])}.",
            file=fields["file"][odd].iloc[0],
            plate=fields["Metadata_Plate"][odd].iloc[0],
            fix="Build the plates with the same --crop_size and channels.",
        )
    return int(first["size"]), first["channels"]


def well_key(field: pd.Series) -> str:
    """The key of a field's well: plate and well, and plane and timepoint where there are any."""
    plate, well, plane, time = (field[name] for name in _WELL)
    more = [plane or "-", time or "-"] if plane or time else []
    return "/".join([plate, well, *more])


def _bag(fields: pd.DataFrame, key: str) -> dict[str, object]:
    """One bag's row: what all its fields say, their cells together."""
    metadata = fields[[name for name in fields if str(name).startswith("Metadata_")]]
    same = metadata.columns[metadata.astype(str).nunique() == 1]
    return {
        "key": key,
        **{str(name): metadata[name].iloc[0] for name in same},
        "cells": int(fields["cells"].sum()),
        "n_fields": len(fields),
        "perceptual_hash": fields["perceptual_hash"].iloc[0],
    }
