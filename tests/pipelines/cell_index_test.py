import numpy as np
import pytest

from cellscreen.errors import RecordError
from cellscreen.pipelines import cell_index
from cellscreen.pipelines.cell_index import index_cells
from cellscreen.pipelines.cell_table import read_cell_table
from cellscreen.pipelines.records import prepared_plates

AREA, BOX = "Nuclei_AreaShape_Area", "Nuclei_AreaShape_BoundingBoxMinimum_X"


@pytest.fixture(scope="module")
def folders(bag_records):
    return prepared_plates(bag_records, "hcs", "cells")


@pytest.fixture(scope="module")
def index(folders):
    return index_cells(folders)


@pytest.fixture(scope="module")
def table(folders):
    return read_cell_table(folders)


def test_cells_have_keys_of_field_and_object(index, table):
    expected = table["Metadata_key"] + ":" + table["Metadata_ObjectNumber"].astype(str)
    assert index.keys.tolist() == expected.tolist()
    assert index.keys[0] == "P1/A01/1:1"
    assert index.images.tolist() == table["Metadata_key"].tolist()


def test_a_field_is_kept_once_and_known_to_its_cells(index, table):
    assert len(index.fields) == table["Metadata_key"].nunique() == 10  # two fields have no cell
    wells = index.of_cells(index.fields["Metadata_Well"])
    assert wells.tolist() == table["Metadata_Well"].tolist()
    assert index.channels == ("DNA", "ER")


def test_features_are_those_asked_for_in_their_order(folders, index, table):
    np.testing.assert_array_equal(index.table, table[list(index.features)].to_numpy(np.float32))
    some = index_cells(folders, [BOX, AREA])
    assert some.features == (BOX, AREA)
    np.testing.assert_array_equal(some.table, table[[BOX, AREA]].to_numpy(np.float32))
    np.testing.assert_array_equal(some.cells["left"], some.table[:, 0])
    assert index_cells(folders, []).table.shape == (len(table), 0)


def test_features_are_gathered_in_blocks(folders, index, monkeypatch):
    monkeypatch.setattr(cell_index, "_BLOCK", 3)
    np.testing.assert_array_equal(index_cells(folders).table, index.table)


def test_chosen_cells_keep_their_records_and_fields(index):
    chosen = np.zeros(len(index.cells), bool)
    chosen[[3, 12]] = True
    some = index.selected(chosen)
    assert some.keys.tolist() == index.keys[chosen].tolist()
    assert some.fields["key"].tolist() == sorted(set(index.images[chosen]))
    assert [some.read_record(0), some.read_record(1)] == [
        index.read_record(3),
        index.read_record(12),
    ]
    np.testing.assert_array_equal(some.table, index.table[chosen])


def test_a_damaged_record_is_an_error_with_its_file(index):
    wrong = index.selected(np.arange(len(index.cells)) < 1)
    wrong.cells["offset"] += 1
    with pytest.raises(RecordError, match=r"record at byte 1 is damaged.*cellscreen verify"):
        wrong.read_record(0)


def test_plates_of_other_channels_are_an_error(index):
    fields = index.fields.copy()
    fields["channels"] = [np.array([b"DNA"])] + [np.array([b"DNA", b"ER"])] * (len(fields) - 1)
    with pytest.raises(RecordError, match=r"Expected the channels DNA, as the first.*got DNA, ER"):
        cell_index._channels(fields)
