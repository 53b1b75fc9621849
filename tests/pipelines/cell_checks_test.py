import dataclasses

import pytest

from cellscreen.errors import ConfigError, RecordError
from cellscreen.pipelines.cell_checks import (
    check_boxes,
    check_flows,
    intensity_columns,
    perimeter_column,
)
from cellscreen.pipelines.cell_index import index_cells
from cellscreen.pipelines.records import prepared_plates

NAMES = [
    "Nuclei_AreaShape_Perimeter",
    "Nuclei_Intensity_MeanIntensity_DNA",
    "Cells_AreaShape_Perimeter",
    "Cells_Intensity_MeanIntensity_DNA",
    "Cytoplasm_Intensity_MeanIntensity_ER",
]


@pytest.fixture(scope="module")
def index(bag_records):
    return index_cells(prepared_plates(bag_records, "hcs", "cells"), [])


def _with(index, **columns):
    return dataclasses.replace(index, cells=index.cells.assign(**columns))


def test_columns_are_those_of_whole_cells_where_there_are_any():
    assert perimeter_column(NAMES) == "Cells_AreaShape_Perimeter"
    assert perimeter_column(NAMES[:2]) == "Nuclei_AreaShape_Perimeter"
    assert perimeter_column(["Nuclei_AreaShape_Area"]) is None
    assert intensity_columns(NAMES, ("DNA", "ER")) == ["Cells_Intensity_MeanIntensity_DNA"]


def test_boxes_inside_their_fields_pass(index):
    check_boxes(index)


@pytest.mark.parametrize(
    ("side", "value", "box"),
    [
        ("right", 97, "right 97, bottom 28 in 96×96 px"),
        ("left", -1, "left -1"),
        ("bottom", 10, "bottom 10"),
    ],
)
def test_a_box_outside_its_field_is_an_error(index, side, value, box):
    column = index.cells[side].to_numpy().copy()
    column[0] = value
    message = rf"boxes inside their field; 1 of 24 are not, the first is P1/A01/1:1: .*{box}.*well"
    with pytest.raises(RecordError, match=message):
        check_boxes(_with(index, **{side: column}))


def test_records_without_flows_are_an_error_where_flows_are_asked_for(index):
    with pytest.raises(ConfigError, match=r"P1/A01/1:1 with 0\. .*plate P1.*--flows=from_labels"):
        check_flows(index)
    check_flows(_with(index, flow_planes=3))
    check_flows(_with(index, flow_planes=4))
