import numpy as np
import pytest
import tensorflow as tf

from cellscreen.errors import RecordError
from cellscreen.pipelines.cell_index import index_cells
from cellscreen.pipelines.cell_reading import read_cell
from cellscreen.pipelines.records import open_records, prepared_plates
from cellscreen.records.cells import decode_cell


@pytest.fixture(scope="module")
def folders(bag_records):
    return prepared_plates(bag_records, "hcs", "cells")


@pytest.fixture(scope="module")
def index(folders):
    return index_cells(folders, [])


def test_a_cell_is_read_where_it_lies_as_it_is_decoded_in_the_graph(folders, index):
    for row, record in enumerate(open_records(folders).take(5)):
        for ours, theirs in zip(read_cell(index, row), decode_cell(record), strict=True):
            np.testing.assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.numpy().dtype


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "flow",
            r"Expected the flow of cell 1 to be as large as its box, 15×15×0 values; got 4\. ",
        ),
        ("mask", r"Expected the mask of cell 1 .* 15×15 values; got 241.* \[file .*well A01\]"),
    ],
)
def test_pixels_of_another_size_than_the_box_are_an_error(index, name, message, monkeypatch):
    example = tf.train.Example.FromString(index.read_record(0))
    data = example.features.feature[name].bytes_list
    data.value[0] += b"\0" * 16
    monkeypatch.setattr(type(index), "read_record", lambda self, row: example.SerializeToString())
    with pytest.raises(RecordError, match=message):
        read_cell(index, 0)
