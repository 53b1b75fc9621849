import logging

import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError, DataError, PlateTableError
from cellscreen.pipelines.cell_file import match_cells, numeric_columns, read_cell_file
from cellscreen.pipelines.cell_index import index_cells
from cellscreen.pipelines.records import prepared_plates

AREA = "Nuclei_AreaShape_Area"


@pytest.fixture(scope="module")
def index(bag_records):
    return index_cells(prepared_plates(bag_records, "hcs", "cells"), [AREA])


@pytest.fixture
def table(index):
    """CellProfiler's table of the same cells, in the reverse order, wells as it may write them."""
    fields = index.of_cells(index.fields)
    frame = pd.DataFrame(
        {
            "Metadata_Plate": fields["Metadata_Plate"],
            "Metadata_Well": fields["Metadata_Well"].str.replace("0", ""),
            "Image_Metadata_Site": fields["Metadata_Site"].astype(float),
            "Metadata_ObjectNumber": index.cells["object_id"],
            "Area": index.table[:, 0] + 1000,
            "Nuclei_AreaShape_Center_X": index.cells["centre_x"] + 1.5,
            "Nuclei_AreaShape_Center_Y": index.cells["centre_y"] - 2,
        }
    )
    return frame.iloc[::-1].reset_index(drop=True)


@pytest.fixture
def columns(tmp_path):
    path = tmp_path / "columns.csv"
    path.write_text(f"ours,theirs\nMetadata_Site,Image_Metadata_Site\n{AREA},Area\n")
    return path


def _written(table, tmp_path, columns="", suffix="parquet"):
    path = tmp_path / f"cells.{suffix}"
    table.to_parquet(path) if suffix == "parquet" else table.to_csv(path, index=False)
    return read_cell_file(path, columns)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_columns_get_our_names_and_rows_their_cells(index, table, columns, tmp_path, suffix):
    read = _written(table, tmp_path, columns, suffix)
    assert "Area" not in read
    matched = match_cells(index, read)
    assert (matched.without_row, matched.without_image) == (0, 0)
    found = numeric_columns(read, [AREA])[matched.rows]
    np.testing.assert_array_equal(found[:, 0], index.table[:, 0] + 1000)


def test_our_own_table_is_matched_by_its_key(index, tmp_path):
    ours = pd.DataFrame(
        {"Metadata_key": index.images, "Metadata_ObjectNumber": index.cells["object_id"]}
    )
    matched = match_cells(index, _written(ours.iloc[5:], tmp_path))
    assert matched.rows.tolist() == [-1] * 5 + list(range(len(ours) - 5))


def test_rows_without_image_and_the_reverse_are_counted_and_told(
    index, table, columns, tmp_path, caplog
):
    table.loc[0, "Metadata_Plate"] = "P9"
    read = _written(table.iloc[:-3], tmp_path, columns)
    with caplog.at_level(logging.WARNING):
        matched = match_cells(index, read)
    assert (matched.without_row, matched.without_image) == (4, 1)
    assert "4 of 24 cells have no row in the table (such as P1/A01/1:1)" in caplog.text
    assert "1 of 21 rows of the table have no cell in the records (such as row 1, of an" in (
        caplog.text
    )


def test_cells_found_anew_are_matched_by_place(index, table, columns, tmp_path):
    table["Metadata_ObjectNumber"] += 100
    table.loc[0, "Nuclei_AreaShape_Center_X"] += 10
    matched = match_cells(index, _written(table, tmp_path, columns), "place")
    assert matched.rows.tolist() == [*range(23, 0, -1), -1]


def test_a_table_of_other_cells_is_an_error(index, table, columns, tmp_path):
    table["Metadata_ObjectNumber"] += 100
    with pytest.raises(DataError, match=r"none of its 24 rows has a cell among 24.*P2/B01/2.*P1/A"):
        match_cells(index, _written(table, tmp_path, columns))


def test_two_rows_of_one_cell_are_an_error(index, table, columns, tmp_path):
    twice = pd.concat([table, table.iloc[:1]])
    with pytest.raises(
        DataError, match=r"one row a cell.*; 1 stand twice, the first is P2/B01/2:2"
    ):
        match_cells(index, _written(twice, tmp_path, columns))


def test_missing_columns_are_told(index, table, tmp_path):
    with pytest.raises(ConfigError, match=r"it lacks Metadata_Site.*--cell_table_columns"):
        match_cells(index, table)
    table = table.rename(columns={"Image_Metadata_Site": "Metadata_Site"})
    with pytest.raises(ConfigError, match=r"Expected Metadata_ObjectNumber"):
        match_cells(index, table.drop(columns="Metadata_ObjectNumber"))
    with pytest.raises(ConfigError, match=r"Center_X and Nuclei_AreaShape_Center_Y .* by place"):
        match_cells(index, table.drop(columns="Nuclei_AreaShape_Center_X"), "place")
    with pytest.raises(ConfigError, match=r"numbers in the features; Metadata_Well holds texts"):
        numeric_columns(table, ["Metadata_Well"])


def test_all_faults_of_a_mapping_are_told_together(table, tmp_path):
    mapping = tmp_path / "columns.csv"
    mapping.write_text("ours,theirs\na,Area\na,Metadata_Plate\nb,Nowhere\n")
    message = r"(?s)line 2: The name a stands.*line 3: .*line 4: Expected a column.*'Nowhere'"
    with pytest.raises(PlateTableError, match=message):
        _written(table, tmp_path, mapping)
    mapping.write_text("mine,yours\n")
    with pytest.raises(PlateTableError, match="columns ours and theirs; got mine, yours"):
        _written(table, tmp_path, mapping)
    with pytest.raises(ConfigError, match="Expected a table as parquet or CSV"):
        read_cell_file(tmp_path / "none.parquet")
