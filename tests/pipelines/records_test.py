import shutil

import pytest

from cellscreen.errors import RecordError
from cellscreen.pipelines.records import channel_names, prepared_plates, read_metadata


def test_metadata_comes_back_with_its_names_and_types(records):
    frame = read_metadata(prepared_plates(records, "hypoxia", "edges"))
    assert len(frame) == 24
    assert set(frame["Metadata_condition"]) == {"normoxia", "hypoxia"}
    assert frame["Metadata_hours"].tolist() == [48.0] * 24
    assert frame["Metadata_operator"].tolist() == ["ann"] * 24
    assert "edges" not in frame


def test_the_channel_of_plain_images_has_a_name_for_nets():
    assert channel_names([b"DNA", b"ER"]) == ("DNA", "ER")
    assert channel_names([b""]) == ("gray",)


def test_no_prepared_plate_is_an_error(tmp_path):
    with pytest.raises(RecordError, match="No prepared plate of dataset hcs, kind edges"):
        prepared_plates(tmp_path, "hcs", "edges")


def test_an_unknown_channel_is_an_error(records):
    with pytest.raises(RecordError, match="No record has channel 'DNA'"):
        read_metadata(prepared_plates(records, "hypoxia", "edges"), "DNA")


def test_a_shard_that_was_cut_is_an_error(records, tmp_path):
    root = shutil.copytree(records, tmp_path / "records")
    shard = next((root / "AC16_hypoxia/hypoxia/edges/1.0.0").glob("*.tfrecord*"))
    data = shard.read_bytes()
    length = int.from_bytes(data[:8], "little")
    shard.write_bytes(data[: length + 16])
    with pytest.raises(
        RecordError, match=r"cut short or damaged: .*24 elements but contained only 13"
    ):
        read_metadata(prepared_plates(root, "hypoxia", "edges"))


def test_a_plate_in_two_folders_is_an_error(records, tmp_path):
    root = shutil.copytree(records, tmp_path / "records")
    shutil.copytree(root / "AC16_hypoxia", root / "AC16_hypoxia_old")
    folders = prepared_plates(root, "hypoxia", "edges")
    with pytest.raises(
        RecordError, match=r"each plate once; .*AC16_hypoxia_old.*plate AC16_hypoxia\] Move one"
    ):
        read_metadata(folders)
