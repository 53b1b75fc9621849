"""Centres of nuclei from CSV; a missing file is never zero cells."""

import pytest

from cellscreen.cells.locations import locations_path, read_locations
from cellscreen.cells.place import Place
from cellscreen.errors import PlateTableError

PLACE = Place("P1", "A01", "2")
HEADER = "Nuclei_Location_Center_X,Nuclei_Location_Center_Y\n"


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = locations_path(tmp_path, PLACE)
        path.parent.mkdir()
        path.write_text(text)
        return path

    return write


def test_centres_in_the_order_of_the_file(written):
    path = written(HEADER + "10.5,3\n-0.5,99.4\n")
    assert path.parts[-2:] == ("P1", "A01-2-Nuclei.csv")
    assert read_locations(path, (100, 50)).tolist() == [[10.5, 3], [-0.5, 99.4]]


def test_cellprofilers_own_columns_and_others_beside_them(written):
    path = written("ObjectNumber;Location_Center_Y;Location_Center_X\n1;3;4\n")
    assert read_locations(path, (9, 9)).tolist() == [[4, 3]]


def test_the_sites_own_name_is_used():
    path = locations_path("in", Place("P1", "A01", "2", site_name="f02"))
    assert path.name == "A01-f02-Nuclei.csv"


def test_a_header_alone_is_a_field_without_cells(written):
    assert read_locations(written(HEADER), (9, 9)).shape == (0, 2)


def test_a_missing_file_is_an_error_that_names_the_field(tmp_path):
    path = locations_path(tmp_path, PLACE)
    text = r"nuclei are missing; .* \[file .*A01-2-Nuclei\.csv, plate P1, well A01\] Export the"
    with pytest.raises(PlateTableError, match=text):
        read_locations(path, (9, 9), PLACE)


def test_missing_columns_are_told(written):
    text = r"Expected a column Nuclei_Location_Center_Y; got Nuclei_Location_Center_X, Y\."
    with pytest.raises(PlateTableError, match=text):
        read_locations(written("Nuclei_Location_Center_X,Y\n1,2\n"), (9, 9), PLACE)


def test_all_places_outside_the_field_are_told_together(written):
    path = written(HEADER + "1,2\n9,2\nnan,2\nx,9\n")
    with pytest.raises(PlateTableError) as caught:
        read_locations(path, (9, 9), PLACE)
    text = str(caught.value)
    assert "4 problems" in text
    assert "line 3, plate P1, well A01: Expected Nuclei_Location_Center_X to be a place" in text
    assert "0 to 8; got 'nan'" in text
