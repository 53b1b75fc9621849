import shutil

import pytest

from cellscreen import commands
from cellscreen.errors import RecordError
from cellscreen.records import shards
from cellscreen.records.build import build_plates
from cellscreen.records.manifest import read_manifest
from cellscreen.records.verify import verify_folder, verify_root

BAGS = "P1/hcs/bags/1.0.0"
BUILD_AGAIN = "Remove the prepared folder and run `cellscreen build` again."
SHARD = "hcs-fields.tfrecord-00000-of-00001"


@pytest.fixture
def root(cell_records, tmp_path):
    return shutil.copytree(cell_records, tmp_path / "records")


def faults(root):
    return [(fault.file.name, fault.text) for one in verify_root(root) for fault in one.faults]


def test_what_was_just_built_is_whole(cell_records):
    checked = verify_root(cell_records)
    assert [(one.kind, one.records, one.faults) for one in checked] == [
        ("bags", 6, ()),
        ("cells", 12, ()),
    ]


def test_a_deleted_shard_is_missed(root):
    (root / BAGS / SHARD).unlink()
    assert faults(root) == [(SHARD, "Expected this shard; it is missing.")]


def test_a_shard_cut_at_a_record_boundary_is_found(root):
    path = root / BAGS / SHARD
    last = shards.record_spans(path)[-1]
    with open(path, "r+b") as file:
        file.truncate(last.offset)
    assert faults(root) == [(SHARD, "Expected 6 records; the shard holds 5.")]


def test_a_shard_cut_within_a_record_is_found(root):
    path = root / BAGS / SHARD
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size - 1)
    assert faults(root) == [(SHARD, "Expected whole records; the shard ends within record 6.")]


@pytest.mark.parametrize("place", [0, 700, -1])
def test_one_flipped_bit_is_found(root, place):
    path = root / BAGS / SHARD
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)
    assert [name for name, _ in faults(root)] == [SHARD]


def test_a_foreign_file_is_found(root):
    (root / BAGS / "hcs-fields.tfrecord-00001-of-00002").write_bytes(b"")
    assert [text for _, text in faults(root)] == [
        "Expected only the files of the manifest; this one is foreign."
    ]


@pytest.mark.parametrize("name", ["features.json", "metadata.json", "dataset_info.json"])
def test_changed_metadata_are_found(root, name):
    path = root / BAGS / name
    path.write_text(path.read_text().replace("e", "f", 1))
    assert name in [changed for changed, _ in faults(root)]


def test_a_changed_manifest_is_found(root):
    path = root / BAGS / "manifest.json"
    path.write_text(path.read_text().replace('"records": 6', '"records": 5'))
    changed = "The manifest was changed since it was written."
    assert faults(root) == [("manifest.json", f"{changed} {BUILD_AGAIN}")]


def test_a_folder_without_a_manifest_is_to_be_built_again(root):
    (root / BAGS / "manifest.json").unlink()
    lost = "Expected a manifest; the folder lost it, or was prepared before there were any."
    assert faults(root) == [("manifest.json", f"{lost} {BUILD_AGAIN}")]


def test_a_folder_without_a_manifest_is_told_by_the_next_build(
    root, cell_table, cell_plate, caplog
):
    (root / BAGS / "manifest.json").unlink()
    build_plates(cell_table, root, "hcs", "bags", config=cell_plate.CONFIG)
    assert f"{BAGS} has no manifest, so that nothing can be verified" in caplog.text


def test_a_half_written_folder_is_found(root):
    (root / "P1/hcs/bags/incomplete.XY_1.0.0").mkdir()
    assert [name for name, _ in faults(root)] == ["incomplete.XY_1.0.0"]


def test_records_of_a_later_schema_are_told(cell_records, monkeypatch):
    from cellscreen.records import kinds

    later = kinds.KINDS["bags"].__class__(**{**vars(kinds.KINDS["bags"]), "schema": "2.0.0"})
    monkeypatch.setitem(kinds.KINDS, "bags", later)
    found = verify_folder(cell_records / BAGS).faults
    assert found[0].text == "Expected schema 2.0.0 of bags; the records have 1.0.0."


def test_a_folder_without_plates_is_an_error(tmp_path):
    with pytest.raises(RecordError, match=r"Expected prepared plates.*there is none"):
        verify_root(tmp_path)


def test_the_manifest_counts_what_the_shards_hold(cell_records):
    manifest = read_manifest(cell_records / BAGS)
    assert manifest.records == len(shards.record_spans(cell_records / BAGS / SHARD)) == 6


def test_the_command_tells_folders_and_faults(root, capsys):
    assert commands.main(["verify", f"--data_dir={root}"]) == 0
    (root / BAGS / SHARD).unlink()
    assert commands.main(["verify", f"--data_dir={root}"]) == 1
    said = capsys.readouterr().out
    assert "2 of 2 prepared folders are whole" in said
    assert f"FAULT  {BAGS}: 6 records\n       {SHARD}: Expected this shard; it is missing." in said
    assert "1 of 2 prepared folders are whole" in said
