"""How TFDS writes our records: little memory, and the same bytes in every process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tensorflow_datasets.core import example_serializer, shuffle


class SameBytesSerializer(example_serializer.ExampleSerializer):
    """Serialises features in the order of their names.

    TFDS leaves their order to protobuf, which has another one in each process, so that the same
    records would have other checksums on Beam's workers.
    """

    def serialize_example(self, example: Any) -> bytes:
        """Returns the bytes of one example."""
        return self.get_tf_example(example).SerializeToString(deterministic=True)


@contextlib.contextmanager
def our_writing(buffer_bytes: int) -> Iterator[None]:
    """Bounds memory whatever the plate's size, and makes bytes a function of the records.

    Args:
        buffer_bytes: of records kept in memory; TFDS would keep 1 GB.
    """
    size, usual = shuffle.MAX_MEM_BUFFER_SIZE, example_serializer.ExampleSerializer
    shuffle.MAX_MEM_BUFFER_SIZE = buffer_bytes
    example_serializer.ExampleSerializer = SameBytesSerializer
    try:
        yield
    finally:
        shuffle.MAX_MEM_BUFFER_SIZE, example_serializer.ExampleSerializer = size, usual
