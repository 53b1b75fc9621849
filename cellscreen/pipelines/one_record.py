"""One record of a shard, read by its place alone, its checksums compared.

TensorFlow's reader by place reads 16 MB at a time, which costs more than cutting out a cell.
"""

from __future__ import annotations

import struct
from pathlib import Path

import google_crc32c

from cellscreen.errors import RecordError

_HEAD, _CHECKSUM = struct.Struct("<QI"), struct.Struct("<I")
_MASK = 0xA282EAD8


def read_one_record(file: str | Path, offset: int) -> bytes:
    """Reads a record of a TFRecord file.

    Args:
        file: the shard.
        offset: of the record's first byte, its length.

    Raises:
        RecordError: the file is missing or cut short, or a checksum does not fit.

    Example:
        >>> len(read_one_record("hcs-fields.tfrecord-00000-of-00001", 0))  # doctest: +SKIP
        109063
    """
    try:
        with open(file, "rb", buffering=0) as shard:
            shard.seek(offset)
            head = shard.read(_HEAD.size)
            if len(head) < _HEAD.size or _HEAD.unpack(head)[1] != masked_crc32c(head[:8]):
                raise _damaged(file, offset)
            size = _HEAD.unpack(head)[0]
            data = shard.read(size + _CHECKSUM.size)
    except OSError as error:
        raise RecordError(f"Expected a shard of records: {error}.", file=file) from error
    if len(data) < size + _CHECKSUM.size:
        raise _damaged(file, offset)
    record, end = data[:size], data[size:]
    if _CHECKSUM.unpack(end)[0] != masked_crc32c(record):
        raise _damaged(file, offset)
    return record


def masked_crc32c(data: bytes) -> int:
    """The checksum of TFRecord files: CRC-32C, rotated and moved, so that none is its own.

    Example:
        >>> hex(masked_crc32c(b"123456789"))
        '0xc78ab0e5'
    """
    crc = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFFFFFF


def _damaged(file: str | Path, offset: int) -> RecordError:
    return RecordError(
        f"A record at byte {offset} is damaged.",
        file=file,
        fix="Run `cellscreen verify`, remove the damaged folder and build it again.",
    )
