import errno
import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow_datasets as tfds

from cellscreen.errors import ConfigError, ImageError, PlateTableError, RecordError
from cellscreen.images.edges import unpack_edges
from cellscreen.images.threads import read_in_order
from cellscreen.plates.table import read_plate_table
from cellscreen.records.build import build_plates, dataset_builder
from cellscreen.records.builder import one_plate
from cellscreen.records.field_order import ordered_rows
from cellscreen.records.fields import read_field
from cellscreen.records.table_fingerprint import table_fingerprint

ROOT = Path(__file__).parents[2]
PREPARED = "AC16_hypoxia/hypoxia/edges/1.0.0"


def copy_of(cultures, folder):
    return Path(shutil.copytree(cultures, folder / "cultures"))


def test_records_hold_the_edges_and_all_metadata(cultures, records):
    table = read_plate_table(cultures)
    row = table[table["Metadata_Plate"] == "AC16_hypoxia"].iloc[0].to_dict()
    loaded = tfds.builder_from_directory(records / PREPARED).as_dataset(split="fields")
    record = next(iter(loaded.as_numpy_iterator()))
    assert record["key"] == b"AC16_hypoxia/A01/1"
    assert (record["condition"], record["hours"]) == (b"hypoxia", 48)
    assert json.loads(record["metadata_json"]) == {"Metadata_operator": "ann"}
    assert np.isnan(record["concentration_um"])
    edge_map = unpack_edges(record["edges"], record["height"], record["width"])
    np.testing.assert_array_equal(edge_map, read_field(row).edge_map)
    assert record["edge_density"] == pytest.approx(edge_map.mean())
    assert edge_map.any()


def test_fields_of_a_well_lie_side_by_side(records):
    loaded = tfds.builder_from_directory(records / PREPARED).as_dataset(split="fields")
    keys = [record["key"].decode() for record in loaded.as_numpy_iterator()]
    assert keys == [f"AC16_hypoxia/A{well:02d}/{site}" for well in range(1, 7) for site in (1, 2)]


def test_sites_are_in_numeric_order(cultures):
    table = read_plate_table(cultures).head(3).assign(Metadata_Well="A01")
    table["Metadata_Site"] = ["10", "9", "1"]
    assert [row["Metadata_Site"] for row in ordered_rows(table)] == ["1", "9", "10"]


def test_prepared_data_opens_without_our_package(records):
    code = (
        "import sys, tensorflow_datasets as tfds;"
        f"b = tfds.builder_from_directory({str(records / PREPARED)!r});"
        "print(len(list(b.as_dataset(split='fields'))), 'cellscreen' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    assert done.stdout.split() == ["12", "False"]


@pytest.mark.slow
def test_the_tfds_command_builds_a_plate(cultures, tmp_path):
    command = [
        *(sys.executable, "-m", "tensorflow_datasets.scripts.cli.main", "build"),
        *("datasets/hypoxia", "--config=edges", f"--manual_dir={cultures}"),
        f"--data_dir={tmp_path / 'AC16_hypoxia'}",
    ]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    assert (tmp_path / PREPARED / "dataset_info.json").is_file()


def test_a_second_build_changes_nothing(cultures, records):
    table = read_plate_table(cultures)
    info = records / PREPARED / "dataset_info.json"
    before = info.stat().st_mtime_ns
    build_plates(table, records, "hypoxia")
    assert info.stat().st_mtime_ns == before


def test_images_may_move_after_conversion(cultures, records, tmp_path):
    moved = read_plate_table(copy_of(cultures, tmp_path))
    build_plates(moved, records, "hypoxia")


def test_other_metadata_for_a_prepared_plate_is_an_error(cultures, records):
    table = read_plate_table(cultures).assign(Metadata_operator="bob")
    with pytest.raises(RecordError, match=r"another plate table.*Remove that folder"):
        build_plates(table, records, "hypoxia")


def test_the_fingerprint_sees_every_value_and_not_the_order(cultures):
    table = read_plate_table(cultures)
    assert table_fingerprint(table) == table_fingerprint(table.iloc[::-1])
    assert table_fingerprint(table) != table_fingerprint(table.assign(Metadata_hours=24.0))


def test_a_leftover_of_a_killed_build_is_cleaned(cultures, tmp_path):
    parent = tmp_path / "AC16_hypoxia/hypoxia/edges"
    leftover = parent / "incomplete.ABC_1.0.0"
    leftover.mkdir(parents=True)
    build_plates(read_plate_table(cultures), tmp_path, "hypoxia")
    assert [path.name for path in parent.iterdir()] == ["1.0.0"]


def test_a_broken_image_leaves_the_plate_absent_and_others_whole(cultures, tmp_path):
    folder = copy_of(cultures, tmp_path)
    broken = folder / "AC16_normoxia/A03_1.png"
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(ImageError, match=r"A03_1\.png, plate AC16_normoxia, well A03"):
        build_plates(read_plate_table(folder), tmp_path / "records", "hypoxia")
    assert (tmp_path / "records" / PREPARED).is_dir()
    assert not list((tmp_path / "records/AC16_normoxia/hypoxia/edges").iterdir())


def test_a_full_disk_is_named_and_keeps_nothing_half(cultures, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("cellscreen.records.edges.edges_example", full)
    with pytest.raises(RecordError, match="The disk is full; nothing of this plate was kept"):
        build_plates(read_plate_table(cultures), tmp_path, "hypoxia")
    assert not list((tmp_path / "AC16_hypoxia/hypoxia/edges").iterdir())
    monkeypatch.undo()
    assert len(build_plates(read_plate_table(cultures), tmp_path, "hypoxia")) == 2


def test_two_builds_of_a_plate_at_once_are_refused(cultures, tmp_path):
    import fcntl

    (tmp_path / "AC16_hypoxia").mkdir()
    with open(tmp_path / "AC16_hypoxia/.build.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(RecordError, match="Another process is converting this plate"):
            build_plates(read_plate_table(cultures), tmp_path, "hypoxia")


def test_hypoxia_wants_its_columns_and_hcs_takes_any(cultures, tmp_path):
    table = read_plate_table(cultures).drop(columns="Metadata_hours")
    with pytest.raises(PlateTableError, match="needs hours for every image"):
        build_plates(table, tmp_path / "a", "hypoxia")
    assert len(build_plates(table, tmp_path / "b", "hcs")) == 2


def test_a_blank_cell_line_names_its_well(cultures, tmp_path):
    table = read_plate_table(cultures)
    table.loc[table["Metadata_Well"] == "A04", "Metadata_cell_line"] = ""
    with pytest.raises(PlateTableError, match=r"cell_line for every image; 2 have none.*well A04"):
        build_plates(table, tmp_path, "hypoxia")


def test_an_image_of_another_size_is_an_error(cultures, tmp_path):
    folder = copy_of(cultures, tmp_path)
    cv2.imwrite(str(folder / "AC16_hypoxia/A05_1.png"), np.zeros((20, 30), np.uint8))
    with pytest.raises(ImageError, match=r"Expected 128×128 .* got 30×20.*plate AC16_hy.*well A05"):
        build_plates(read_plate_table(folder), tmp_path / "records", "hypoxia")


def test_several_plates_need_a_data_dir_named_like_one(cultures):
    table = read_plate_table(cultures)
    assert set(one_plate(table, "AC16_hypoxia")["Metadata_Plate"]) == {"AC16_hypoxia"}
    with pytest.raises(PlateTableError, match="data_dir name 'x' and the plates AC16_hypoxia"):
        one_plate(table, "x")


def test_an_unknown_dataset_or_kind_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="dataset one of hypoxia, hcs, cpjump1; got 'mnist'"):
        dataset_builder("mnist", "edges", tmp_path)
    with pytest.raises(ConfigError, match="kind one of edges, bags, cells; got 'maps'"):
        dataset_builder("hcs", "maps", tmp_path)


def test_reading_keeps_the_order_and_raises_the_first_error():
    def slow_first(number):
        if number == 7:
            raise ValueError("seven")
        return number

    assert list(read_in_order(slow_first, range(7))) == list(range(7))
    with pytest.raises(ValueError, match="seven"):
        list(read_in_order(slow_first, range(20)))
