import dataclasses
import errno
import logging
import shutil

import pandas as pd
import pytest

from cellscreen.errors import ImageError, RecordError
from cellscreen.pipelines.records import read_metadata
from cellscreen.plates.table import read_plate_table
from cellscreen.records.build import build_plates
from cellscreen.records.verify import verify_root

PREPARED = "P1/hcs/bags/1.0.0"


@pytest.fixture
def broken(cell_table, tmp_path):
    """The plate with one channel of A02/1 cut short, and ER missing of B01/2."""
    source = cell_table["path"].iloc[0].split("/P1/")[0]
    folder = shutil.copytree(source, tmp_path / "plates")
    image = folder / "P1/A02_1_ER.png"
    image.write_bytes(image.read_bytes()[:80])
    table = read_plate_table(folder)
    lacking = table.query("Metadata_Well == 'B01' and Metadata_Site == '2' and channel == 'ER'")
    return table.drop(lacking.index)


def config(cell_plate, max_failed):
    return dataclasses.replace(cell_plate.CONFIG, max_failed=max_failed)


def test_a_failing_field_becomes_a_row_of_failures(broken, cell_plate, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        build_plates(broken, tmp_path / "r", "hcs", "bags", config=config(cell_plate, 0.4))
    failures = pd.read_csv(tmp_path / "r" / PREPARED / "failures.csv")
    assert failures[["plate", "well", "site"]].to_numpy().tolist() == [
        ["P1", "A02", 1],
        ["P1", "B01", 2],
    ]
    assert "A02_1_ER.png" in failures["reason"][0]
    assert "site 2 has no ER" in failures["reason"][1]
    assert len(read_metadata([tmp_path / "r" / PREPARED])) == 4
    assert "2 of 6 fields failed" in caplog.text
    assert not verify_root(tmp_path / "r")[0].faults


def test_too_many_failing_fields_fail_the_build(broken, cell_plate, tmp_path):
    with pytest.raises(RecordError, match=r"at most 20.0% .* 6 fields to fail; 2 did.*well A02"):
        build_plates(broken, tmp_path / "r", "hcs", "bags", config=config(cell_plate, 0.2))
    assert not list((tmp_path / "r/P1/hcs/bags").iterdir())


def test_without_leave_to_fail_the_first_error_ends_the_build(broken, cell_plate, tmp_path):
    whole = broken[broken["Metadata_Well"] != "B01"]
    with pytest.raises(ImageError, match=r"A02_1_ER\.png, plate P1, well A02"):
        build_plates(whole, tmp_path / "r", "hcs", "bags", config=cell_plate.CONFIG)
    assert not list((tmp_path / "r/P1/hcs/bags").iterdir())


def test_a_plate_without_any_cell_is_an_error(cell_table, cell_plate, tmp_path):
    empty = cell_table.query("Metadata_Well == 'A02' and Metadata_Site == '2'")
    with pytest.raises(RecordError, match=r"None of the plate's 1 fields gave a record.*plate P1"):
        build_plates(empty, tmp_path, "hcs", "cells", config=cell_plate.CONFIG)
    assert build_plates(empty, tmp_path, "hcs", "bags", config=cell_plate.CONFIG)


def test_another_way_of_finding_cells_is_not_mixed_in(cell_table, cell_records, cell_plate):
    other = dataclasses.replace(
        cell_plate.CONFIG, crops=dataclasses.replace(cell_plate.CONFIG.crops, crop_size=20)
    )
    with pytest.raises(RecordError, match=r"in another way.*crop_size.*Remove that folder"):
        build_plates(cell_table, cell_records, "hcs", "bags", config=other)
    forgiving = config(cell_plate, 0.5)  # how much may fail does not change the records
    assert build_plates(cell_table, cell_records, "hcs", "bags", config=forgiving)


@pytest.mark.parametrize("made", ["bags.bags_example", "cells.cells_examples"])
def test_a_full_disk_is_no_failing_field(cell_table, cell_plate, tmp_path, monkeypatch, made):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    kind = made.split(".")[0]
    monkeypatch.setattr(f"cellscreen.records.{made}", full)
    with pytest.raises(RecordError, match="The disk is full; nothing of this plate was kept"):
        build_plates(cell_table, tmp_path, "hcs", kind, config=config(cell_plate, 0.9))
    assert not list((tmp_path / "P1/hcs" / kind).iterdir())
