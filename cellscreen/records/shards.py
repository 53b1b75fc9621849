"""TFRecord files as they lie on disk: how many records, and where, without TensorFlow's readers."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from cellscreen.errors import RecordError

_HEADER = struct.Struct("<Q")
_BEFORE, _AFTER = 12, 4  # length and its checksum; the data's checksum
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Span:
    """Where a record lies in its shard.

    Attributes:
        offset: of its first byte, the length, in bytes.
        size: of its data, in bytes.
    """

    offset: int
    size: int


def record_spans(path: Path) -> list[Span]:
    """Where the records of a TFRecord file lie.

    Raises:
        RecordError: the file ends within a record.

    Example:
        >>> len(record_spans(Path("hcs-fields.tfrecord-00000-of-00001")))  # doctest: +SKIP
        96
    """
    total, offset = path.stat().st_size, 0
    spans: list[Span] = []
    with open(path, "rb") as file:
        while offset < total:
            file.seek(offset)
            head = file.read(_HEADER.size)
            size = _HEADER.unpack(head)[0] if len(head) == _HEADER.size else total
            end = offset + _BEFORE + size + _AFTER
            if end > total:
                raise RecordError(
                    f"Expected whole records; the shard ends within record {len(spans) + 1}.",
                    file=path,
                    fix="Remove the prepared folder and run `cellscreen build` again.",
                )
            spans.append(Span(offset, size))
            offset = end
    return spans


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, read block by block, in hex."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
