"""Examples to the bytes that lie in a shard: the same in every process, pixels copied once.

A record is a `tf.train.Example`, as TFDS writes it. TFDS leaves the order of its features to
protobuf, which has another one in each process, so that the same records would have other checksums
on Beam's workers; and it copies pixels several times. Here features are in the order of their
names, each encoded by TFDS alone, and pixels are put between them as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from tensorflow_datasets.core import example_serializer

from cellscreen.errors import RecordError

Example = dict[str, Any]
_FIELD_1, _FIELD_2 = b"\x0a", b"\x12"  # length-delimited, as protobuf's wire format has them


class Encoder:
    """Encodes the examples of one kind.

    Args:
        features: their schema.
        pixels: the features that are bytes and large; their values may be arrays, too.

    Example:
        >>> schema = tfds.features.FeaturesDict({"key": tfds.features.Text()})
        >>> list(Encoder(schema, ()).encode([{"key": "A01"}]))
        [b'\\n\\x10\\n\\x0e\\n\\x03key\\x12\\x07\\n\\x05\\n\\x03A01']
    """

    def __init__(self, features: tfds.features.FeaturesDict, pixels: Sequence[str]) -> None:
        self._features = {name: features[name] for name in sorted(features, key=_last)}
        self._serializers = {
            name: example_serializer.ExampleSerializer({name: info})
            for name, info in features.get_serialized_info().items()
        }
        self._pixels = frozenset(pixels)

    def encode(self, examples: Iterable[Example]) -> Iterator[bytes]:
        """Encodes examples, one after the other.

        What an example has in common with the one before, the very same object, is not encoded
        again: the cells of a field say much of it alike.

        Args:
            examples: features by name; those of pixels as bytes or little-endian arrays.

        Raises:
            RecordError: an example has other features than the schema.
        """
        before: dict[str, tuple[Any, bytes]] = {}
        for example in examples:
            if example.keys() != self._features.keys():
                odd = ", ".join(sorted(example.keys() ^ self._features.keys()))
                raise RecordError(f"Expected the features of the schema; these differ: {odd}.")
            parts: list[Any] = []
            for name in self._features:
                value = example[name]
                if name in self._pixels:
                    parts += _pixels_entry(name, value)
                    continue
                if name not in before or before[name][0] is not value:
                    before[name] = value, self._entry(name, value)
                parts.append(before[name][1])
            yield b"".join([_head(_FIELD_1, sum(map(len, parts))), *parts])

    def _entry(self, name: str, value: Any) -> bytes:
        encoded = {name: self._features[name].encode_example(value)}
        made = self._serializers[name].get_tf_example(encoded)
        return made.features.SerializeToString(deterministic=True)


def _last(name: str) -> str:
    """Sorts a name after those that it begins, as protobuf's own deterministic order does."""
    return name + "\U0010ffff"


def _pixels_entry(name: str, value: Any) -> list[Any]:
    """An entry of `Features.feature`, its last part the pixels themselves."""
    if isinstance(value, np.ndarray):
        value = np.ascontiguousarray(value).reshape(-1).view(np.uint8).data
    in_list = _head(_FIELD_1, len(value))
    in_feature = _head(_FIELD_1, len(in_list) + len(value))
    in_entry = _head(_FIELD_2, len(in_feature) + len(in_list) + len(value))
    key = _head(_FIELD_1, len(name.encode())) + name.encode()
    before = key + in_entry + in_feature + in_list
    return [_head(_FIELD_1, len(before) + len(value)) + before, value]


def _head(field: bytes, length: int) -> bytes:
    """A field's tag and its length, seven bits a byte."""
    varint = bytearray()
    while length > 127:
        varint.append(length & 127 | 128)
        length >>= 7
    varint.append(length)
    return field + varint
