import json

import numpy as np
import pytest
import tensorflow_datasets as tfds

from cellscreen.errors import ConfigError, PlateTableError
from cellscreen.records.bags import bags_example, decode_bag
from cellscreen.records.build import build_plates
from cellscreen.records.field_cells import find_cells
from cellscreen.records.planes import read_planes
from cellscreen.records.table_fingerprint import rows_of

PREPARED = "P1/hcs/bags/1.0.0"


@pytest.fixture(scope="module")
def bags(cell_records):
    opened = tfds.builder_from_directory(cell_records / PREPARED).as_dataset(split="fields")
    return {record["key"].decode(): record for record in opened.as_numpy_iterator()}


def test_a_record_is_a_field_with_all_its_crops_raw(bags, cell_table):
    record = bags["P1/A01/1"]
    crops = np.frombuffer(record["crops"], record["dtype"].decode())
    crops = crops.reshape(record["cells"], 16, 16, 2)
    rows = cell_table.query("Metadata_Well == 'A01' and Metadata_Site == '1'")
    planes = read_planes(rows_of(rows))
    assert [c.decode() for c in record["channels"]] == ["DNA", "ER"]
    for crop, (x, y) in zip(crops, record["centres"].round().astype(int), strict=True):
        expected = planes.pixels[:, y - 8 : y + 8, x - 8 : x + 8]
        np.testing.assert_array_equal(crop, np.moveaxis(expected, 0, -1))


def test_centres_are_those_of_the_nuclei(bags, cell_plate):
    for (well, site), centres in cell_plate.CENTRES.items():
        found = bags[f"P1/{well}/{site}"]["centres"]
        assert sorted(map(tuple, found.round().astype(int))) == sorted(centres)


def test_a_field_without_cells_is_a_record_with_no_crops(bags):
    record = bags["P1/A02/2"]
    assert (record["cells"], record["crops"], record["centres"].shape) == (0, b"", (0, 2))
    assert decode_bag(record).crops.shape == (0, 16, 16, 2)


def test_metadata_of_one_channel_get_its_name(bags):
    record = bags["P1/B01/1"]
    assert record["pert_iname"] == b"drug"
    assert json.loads(record["metadata_json"]) == {
        "Metadata_dye_DNA": "Hoechst",
        "Metadata_dye_ER": "ConA",
    }


def test_fields_of_a_well_lie_side_by_side(bags):
    assert list(bags) == [f"P1/{well}/{site}" for well in ("A01", "A02", "B01") for site in (1, 2)]


def test_the_graph_decodes_what_numpy_decodes(bags):
    record = bags["P1/B01/2"]
    bag = decode_bag(record)
    plain = np.frombuffer(record["crops"], "<u2").reshape(2, 16, 16, 2)
    np.testing.assert_array_equal(bag.crops, plain)
    assert bag.low.tolist() == [0, 0]
    assert bag.high.tolist() == [65535, 65535]


def test_crops_at_the_border_are_flagged_or_left_out_and_counted(cell_table, cell_plate):
    import dataclasses

    rows = cell_table.query("Metadata_Well == 'B01' and Metadata_Site == '2'")
    planes, config = read_planes(rows_of(rows)), cell_plate.CONFIG
    found = find_cells(planes, config.segment)
    wide = dataclasses.replace(config.crops, crop_size=40)
    padded = bags_example(planes, found, dataclasses.replace(config, crops=wide))
    assert (sorted(padded["padded"]), padded["excluded"]) == ([False, True], 0)
    wide = dataclasses.replace(wide, crop_border="exclude")
    left = bags_example(planes, found, dataclasses.replace(config, crops=wide))
    assert (left["cells"], left["excluded"]) == (1, 1)
    assert left["object_ids"].tolist() == padded["object_ids"][~padded["padded"]].tolist()


def test_no_nuclei_channel_is_an_error_that_lists_the_channels(cell_table, tmp_path):
    with pytest.raises(ConfigError, match=r"nuclei channel; the field has DNA, ER.*plate P1"):
        build_plates(cell_table, tmp_path, "hcs", "bags")


def test_a_missing_channel_is_told_for_all_fields_before_anything_is_converted(
    cell_table, cell_plate, tmp_path
):
    lacking = cell_table.drop(
        cell_table.query("channel == 'ER' and Metadata_Site == '2' and Metadata_Well < 'B'").index
    )
    with pytest.raises(PlateTableError, match=r"(?s)2 problems.*well A01.*no ER.*well A02.*no ER"):
        build_plates(lacking, tmp_path, "hcs", "bags", config=cell_plate.CONFIG)
