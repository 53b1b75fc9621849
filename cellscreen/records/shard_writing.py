"""Records to shards as they come: nothing waits in memory or on disk, and nothing is sorted.

TFDS cuts a split into shards when it knows all of it, and keeps it in memory or in a second copy on
disk until then. Here a shard ends where it is full, always between two fields, so that the shards
are the same whoever writes them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from cellscreen.records.shards import file_digest, record_spans

SHARD_BYTES = 1 << 27  # of records, after which a shard takes no further field
_PART = "part-{:05d}.tmp"
Records = tuple[int, Sequence[bytes]]
"""A field's rank in the plate's order, and its records."""


@dataclass(frozen=True)
class Written:
    """The shards of a split.

    Attributes:
        lengths: records in each.
        size: bytes of all records.
        digests: SHA-256 in hex by file name, of those that were read while they were at hand.
    """

    lengths: list[int]
    size: int
    digests: dict[str, str]


class ShardCut:
    """Says which shard a field goes to, from the sizes of those before it."""

    def __init__(self) -> None:
        self._shard = self._held = 0

    def shard_of(self, size: int) -> int:
        """Takes the next field, of so many bytes; returns the number of its shard."""
        if self._held >= SHARD_BYTES:
            self._shard, self._held = self._shard + 1, 0
        self._held += size
        return self._shard


def write_shards(units: Iterable[Records], template: Any) -> Written:
    """Writes the records of all fields, in the order in which they come.

    Args:
        units: of the fields, in the plate's order; those without records leave no trace.
        template: TFDS' template of the shards' paths, which names their folder.
    """
    folder, cut, finished = Path(template.data_dir), ShardCut(), []
    with ThreadPoolExecutor(1) as pool:  # a shard is read back while the next is written
        writer = Part(folder, 0)
        for _, records in units:
            shard = cut.shard_of(size_of(records))
            if shard != writer.number:
                writer.close()
                finished.append(pool.submit(file_digest, writer.path))
                writer = Part(folder, shard)
            writer.add(records)
        writer.close()
        finished.append(pool.submit(file_digest, writer.path))
    return publish_shards(template, finished)


def publish_shards(template: Any, digests: Sequence[Future[str]] = ()) -> Written:
    """Gives the parts in the template's folder their names as shards.

    Args:
        template: of the shards' paths.
        digests: of the parts, if they are known.
    """
    parts = [path for path in _parts(Path(template.data_dir)) if path.stat().st_size]
    spans = [record_spans(path) for path in parts]
    names = [
        template.sharded_filepath(shard_index=number, num_shards=len(parts)).name
        for number in range(len(parts))
    ]
    for path, name in zip(parts, names, strict=True):
        os.replace(path, path.with_name(name))
    for empty in _parts(Path(template.data_dir)):
        empty.unlink()
    known = dict(zip(names, (digest.result() for digest in digests), strict=False))
    size = sum(span.size for of_shard in spans for span in of_shard)
    return Written([len(of_shard) for of_shard in spans], size, known)


def write_part(folder: Path, number: int, units: Iterable[Records]) -> None:
    """Writes the records of a shard; done twice it is the same as once."""
    part = Part(folder, number)
    for _, records in sorted(units):
        part.add(records)
    part.close()


def size_of(records: Sequence[bytes]) -> int:
    """Bytes of a field's records."""
    return sum(map(len, records))


def _parts(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("part-*.tmp"))


class Part:
    """A shard that is being written, not yet named."""

    def __init__(self, folder: Path, number: int) -> None:
        self.number, self.path = number, folder / _PART.format(number)
        self._writer = tf.io.TFRecordWriter(str(self.path))

    def add(self, records: Sequence[bytes]) -> None:
        """Writes the records of a field."""
        for record in records:
            self._writer.write(record)

    def close(self) -> None:
        """Ends the file."""
        self._writer.close()
