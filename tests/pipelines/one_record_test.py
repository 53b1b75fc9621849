import numpy as np
import pytest
import tensorflow as tf

from cellscreen.errors import RecordError
from cellscreen.pipelines.one_record import masked_crc32c, read_one_record
from cellscreen.records.shards import record_spans

SIZES = [0, 1, 7, 8, 9, 1000]


@pytest.fixture
def records():
    generator = np.random.default_rng(0)
    return [generator.bytes(size) for size in SIZES]


@pytest.fixture
def shard(records, tmp_path):
    path = str(tmp_path / "some.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for record in records:
            writer.write(record)
    return path


def test_records_are_read_in_any_order_as_they_were_written(records, shard, tmp_path):
    spans = record_spans(tmp_path / "some.tfrecord")
    for place in (5, 0, 3, 3, 1, 2, 4):
        assert read_one_record(shard, spans[place].offset) == records[place]


def test_the_checksum_is_the_published_one_masked():
    crc = 0xE3069283  # of CRC-32C, for the nine digits
    assert masked_crc32c(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32


@pytest.mark.parametrize("byte", [2, 10, 20, -2])
def test_one_changed_bit_is_an_error(shard, tmp_path, byte):
    place = record_spans(tmp_path / "some.tfrecord")[5]
    data = bytearray((tmp_path / "some.tfrecord").read_bytes())
    data[place.offset + byte if byte > 0 else byte] ^= 4
    (tmp_path / "bad.tfrecord").write_bytes(data)
    with pytest.raises(RecordError, match=rf"record at byte {place.offset} is damaged.*verify"):
        read_one_record(tmp_path / "bad.tfrecord", place.offset)


def test_a_shard_that_ends_early_or_is_not_there_is_an_error(shard, tmp_path):
    offset = record_spans(tmp_path / "some.tfrecord")[5].offset
    data = (tmp_path / "some.tfrecord").read_bytes()
    for end in (offset + 5, offset + 100):
        (tmp_path / "cut.tfrecord").write_bytes(data[:end])
        with pytest.raises(RecordError, match="is damaged"):
            read_one_record(tmp_path / "cut.tfrecord", offset)
    with pytest.raises(RecordError, match="Expected a shard of records"):
        read_one_record(tmp_path / "none.tfrecord", 0)
