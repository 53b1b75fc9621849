"""Where the cells of prepared plates lie on disk, and what is known of each without its pixels.

A cell takes some tens of bytes and its chosen features; what the cells of a field share is kept
once a field. Pixels are read cell by cell, when they are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from cellscreen.errors import RecordError
from cellscreen.pipelines.cell_table import feature_names
from cellscreen.pipelines.one_record import read_one_record
from cellscreen.pipelines.records import channel_names, open_records
from cellscreen.records.manifest import is_shard
from cellscreen.records.metadata import metadata_frame
from cellscreen.records.shards import record_spans

BOX = ("left", "top", "right", "bottom")
_OF_CELL = ("object_id", "centre", "box", "flow_planes", "measured")
_NUMBERS, _CENTRE = ("field", "object_id", *BOX, "flow_planes"), ("centre_x", "centre_y")
_BLOCK = 4096  # cells whose features are gathered before they become one array


@dataclass(frozen=True)
class CellIndex:
    """The cells of all plates, and where they lie.

    Attributes:
        cells: a row a cell, numbers only: `field` (a row of `fields`), `object_id`, the box's
            `left, top, right, bottom`, the centre's `centre_x, centre_y` (px), `flow_planes`,
            `file` (a place in `files`), `offset`.
        fields: a row a field that has cells: `key`, `Metadata_*`, `height`, `width`, `channels`,
            `sha256`, `perceptual_hash`.
        table: `(cells, features)` float32, NaN where undefined.
        features: names of its columns.
        channels: names, in the order of the crops' last axis.
        files: the shards.
    """

    cells: pd.DataFrame
    fields: pd.DataFrame
    table: np.ndarray
    features: tuple[str, ...]
    channels: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def images(self) -> np.ndarray:
        """The key of each cell's field, `(cells,)` object."""
        return self.fields["key"].to_numpy(object)[self.cells["field"].to_numpy()]

    @property
    def keys(self) -> np.ndarray:
        """The key of each cell, `<key of its field>:<object id>`, `(cells,)` object."""
        numbers = self.cells["object_id"].to_numpy()
        pairs = zip(self.images, numbers, strict=True)
        return np.array([f"{image}:{number}" for image, number in pairs], object)

    def of_cells(self, columns: pd.DataFrame | pd.Series) -> Any:
        """What is known of fields, a row a field, as a row a cell; texts are shared, not copied."""
        return columns.iloc[self.cells["field"].to_numpy()].reset_index(drop=True)

    def field_of(self, cell: int) -> pd.Series:
        """What is known of the field of a cell: a row of `fields`."""
        return self.fields.iloc[self.cells["field"].to_numpy()[cell]]

    def file_of(self, cell: int) -> str:
        """The shard in which a cell lies."""
        return self.files[self.cells["file"].to_numpy()[cell]]

    def read_record(self, cell: int) -> bytes:
        """The serialized record of a cell, its checksums compared.

        Args:
            cell: a row of `cells`.

        Raises:
            RecordError: it is damaged.
        """
        offset = int(self.cells["offset"].to_numpy()[cell])
        return read_one_record(self.file_of(cell), offset)

    def selected(self, chosen: np.ndarray) -> CellIndex:
        """The index of some cells only, and of the fields that have any of them.

        Args:
            chosen: `(cells,)` bool.
        """
        cells = self.cells[chosen]
        left, numbers = np.unique(cells["field"].to_numpy(), return_inverse=True)
        return replace(
            self,
            cells=cells.assign(field=numbers.astype(np.int32)).reset_index(drop=True),
            fields=self.fields.iloc[left].reset_index(drop=True),
            table=self.table[chosen],
        )


def index_cells(folders: Sequence[Path], features: Sequence[str] | None = None) -> CellIndex:
    """Indexes the cells of prepared plates; pixels are neither decoded nor kept.

    Args:
        folders: prepared directories of the kind `cells`.
        features: the columns of `table` that are wanted, in order, all of them measured; None for
            all, which for millions of cells takes gigabytes.

    Raises:
        RecordError: a plate is cut short, plates have other channels or features than the first,
            or none has a cell.

    Example:
        >>> index = index_cells(prepared_plates("records", "cpjump1", "cells"))  # doctest: +SKIP
        >>> index.keys[0], index.table.shape  # doctest: +SKIP
        ('P1/A01/1:1', (5120, 40))
    """
    names = feature_names(folders)
    wanted = tuple(names if features is None else features)
    at = [names.index(name) for name in wanted]
    found = _Found(at)
    try:
        for record in open_records(list(folders), pixels=False).as_numpy_iterator():
            found.add(record)
    except tf.errors.OpError as error:
        raise RecordError(
            f"The prepared records are cut short or damaged: {error.message}",
            file=folders[0],
            fix="Remove the damaged prepared folder and run `cellscreen build` again.",
        ) from error
    if not found.rows:
        raise RecordError(
            "Expected records of cells; the prepared plates hold none.", file=folders[0]
        )
    fields = metadata_frame(found.fields)
    files, places = _places(folders)
    cells = found.cells().assign(file=places[:, 0].astype(np.int32), offset=places[:, 1])
    return CellIndex(cells, fields, found.table(), wanted, _channels(fields), files)


def metadata_names(folders: Sequence[Path]) -> list[str]:
    """The names of what records say of their plate and well, by the first record of all.

    Example:
        >>> metadata_names(prepared_plates("records", "cpjump1", "cells"))  # doctest: +SKIP
        ['Metadata_Plate', 'Metadata_Well', …]
    """
    first = list(open_records(list(folders), pixels=False).take(1).as_numpy_iterator())
    frame = metadata_frame(first) if first else pd.DataFrame()
    return [str(name) for name in frame if str(name).startswith("Metadata_")]


class _Found:
    """Gathers records one by one: numbers and features of each cell, the rest once a field."""

    def __init__(self, at: Sequence[int]) -> None:
        self._at, self._numbers = np.asarray(at, np.int64), dict[bytes, int]()
        self.fields: list[dict[str, Any]] = []
        self.rows: list[tuple[float, ...]] = []
        self._last: list[np.ndarray] = []
        self._blocks: list[np.ndarray] = []

    def add(self, record: dict[str, Any]) -> None:
        number = self._numbers.setdefault(record["key"], len(self.fields))
        if number == len(self.fields):
            self.fields.append({k: v for k, v in record.items() if k not in _OF_CELL})
        numbers = (record["object_id"], *record["box"], record["flow_planes"])
        self.rows.append((number, *map(int, numbers), *map(float, record["centre"])))
        self._last.append(record["measured"][self._at])
        if len(self._last) == _BLOCK:
            self._flush()

    def cells(self) -> pd.DataFrame:
        frame = pd.DataFrame(self.rows, columns=[*_NUMBERS, *_CENTRE])
        return frame.astype(dict.fromkeys(_NUMBERS, np.int32) | dict.fromkeys(_CENTRE, np.float32))

    def table(self) -> np.ndarray:
        self._flush()
        return np.concatenate(self._blocks)

    def _flush(self) -> None:
        if self._last:
            self._blocks.append(np.array(self._last, np.float32))
            self._last = []


def _places(folders: Sequence[Path]) -> tuple[tuple[str, ...], np.ndarray]:
    """The shards, and shard and offset of every record in the order in which TFDS reads them."""
    files = [str(path) for folder in folders for path in _shards(Path(folder))]
    places = [
        np.array([(number, span.offset) for span in record_spans(Path(file))], np.int64)
        for number, file in enumerate(files)
    ]
    return tuple(files), np.concatenate([one.reshape(-1, 2) for one in places])


def _shards(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if is_shard(path.name))


def _channels(fields: pd.DataFrame) -> tuple[str, ...]:
    """The channels of all plates.

    Raises:
        RecordError: a plate has others.
    """
    channels = fields["channels"].map(channel_names)
    odd = channels != channels.iloc[0]
    if odd.any():
        raise RecordError(
            f"Expected the channels {', '.join(channels.iloc[0])}, as the first plate; got "
            f"{', '.join(channels[odd].iloc[0])}.",
            plate=fields["Metadata_Plate"][odd].iloc[0],
            fix="Build the plates with the same channels.",
        )
    return channels.iloc[0]
