import dataclasses
import logging

import pytest

from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.errors import RecordError
from cellscreen.pipelines.records import prepared_plates, read_metadata
from cellscreen.plates.table import read_plate_table
from cellscreen.records.build import build_plates
from cellscreen.records.same_way import METADATA, check_same_way


@pytest.fixture
def built(cell_plate, tmp_path):
    """Builds a plate of a name with a config; returns all prepared directories."""

    def build(plate, config):
        table = read_plate_table(cell_plate.write_cell_plate(tmp_path / plate, plate))
        build_plates(table, tmp_path / "records", "hcs", "bags", config=config)
        return prepared_plates(tmp_path / "records", "hcs", "bags")

    return build


def test_plates_of_one_way_open_together(built, cell_plate, caplog):
    built("P1", cell_plate.CONFIG)
    folders = built("P2", dataclasses.replace(cell_plate.CONFIG, max_failed=0.5))
    with caplog.at_level(logging.WARNING):
        caplog.clear()
        check_same_way(folders)
    assert not caplog.messages


def test_crops_of_another_kind_are_not_opened_together(built, cell_plate):
    config = cell_plate.CONFIG
    built("P1", config)
    masked = dataclasses.replace(config.crops, mask_neighbours=True)
    folders = built("P2", dataclasses.replace(config, crops=masked))
    told = r"crops.mask_neighbours is False in .*P1.* and True in this folder.*P2.*build its plate"
    with pytest.raises(RecordError, match=told):
        read_metadata(folders)


def test_another_threshold_is_told_and_taken(built, cell_plate, caplog):
    config = cell_plate.CONFIG
    built("P1", config)
    segment = SegmentConfig(nuclei_channel="DNA", diameter_px=15.0)
    folders = built("P2", dataclasses.replace(config, segment=segment))
    assert len(read_metadata(folders)) == 12
    assert "was prepared with another segment.diameter_px than" in caplog.text


def test_schemas_must_agree_where_folders_state_them(built, cell_plate):
    built("P1", cell_plate.CONFIG)
    folders = built("P2", cell_plate.CONFIG)
    path = folders[1] / METADATA
    path.write_text(path.read_text().replace("bags 1.0.0", "bags 2.0.0"))
    with pytest.raises(RecordError, match=r"schema is 'bags 1\.0\.0' in .* and 'bags 2\.0\.0'"):
        check_same_way(folders)
    path.unlink()
    check_same_way(folders)
