import hashlib
from pathlib import Path

import pytest
import tensorflow_datasets as tfds

from cellscreen.records import shard_writing
from cellscreen.records.build import build_plates
from cellscreen.records.manifest import read_manifest
from cellscreen.records.shard_writing import ShardCut, write_shards
from cellscreen.records.shards import record_spans
from cellscreen.records.verify import verify_root

PREPARED = "P1/hcs/{}/1.0.0"


@pytest.fixture
def template(tmp_path):
    return tfds.core.ShardedFileTemplate(
        split="fields", dataset_name="hcs", data_dir=tmp_path, filetype_suffix="tfrecord"
    )


def test_a_shard_is_full_once_it_holds_so_much_and_fields_are_not_parted(monkeypatch):
    monkeypatch.setattr(shard_writing, "SHARD_BYTES", 10)
    cut = ShardCut()
    assert [cut.shard_of(size) for size in (4, 5, 1, 30, 0, 2)] == [0, 0, 0, 1, 2, 2]


def test_records_come_out_in_order_in_named_shards(template, tmp_path, monkeypatch):
    monkeypatch.setattr(shard_writing, "SHARD_BYTES", 4)
    units = [(0, [b"aa", b"bb"]), (1, []), (2, [b"c"]), (3, [b"ddd"]), (4, [])]
    written = write_shards(units, template)
    names = [f"hcs-fields.tfrecord-0000{number}-of-00002" for number in (0, 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert (written.lengths, written.size) == ([2, 2], 8)
    sizes = [[span.size for span in record_spans(tmp_path / name)] for name in names]
    assert sizes == [[2, 2], [1, 3]]
    digests = {n: hashlib.sha256((tmp_path / n).read_bytes()).hexdigest() for n in names}
    assert written.digests == digests


def test_without_records_there_is_no_shard(template, tmp_path):
    assert write_shards([(0, []), (1, [])], template).lengths == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["bags", "cells"])
def test_a_plate_of_several_shards_has_the_records_of_one(
    kind, cell_table, cell_plate, cell_records, tmp_path, monkeypatch
):
    monkeypatch.setattr(shard_writing, "SHARD_BYTES", 5000)
    (folder,) = build_plates(cell_table, tmp_path, "hcs", kind, config=cell_plate.CONFIG)
    several, one = (records_of(root / PREPARED.format(kind)) for root in (tmp_path, cell_records))
    assert several == one
    assert sum(listed.records is not None for listed in read_manifest(folder).files.values()) > 2
    assert not verify_root(tmp_path)[0].faults
    opened = tfds.builder_from_directory(folder).as_dataset(split="fields")
    assert len(list(opened)) == len(one)


def records_of(folder: Path) -> list[bytes]:
    """The records of all shards, one after the other."""
    found = []
    for path in sorted(folder.glob("*.tfrecord*")):
        data = path.read_bytes()
        found += [data[s.offset + 12 : s.offset + 12 + s.size] for s in record_spans(path)]
    return found
