import pytest

from cellscreen.plates.key import (
    image_key,
    name_fault,
    normalize_well,
    plate_fault,
    well_position,
)


def test_key_has_plane_and_time_only_where_there_are_any():
    assert image_key("P1", "A01", "001") == "P1/A01/001"
    assert image_key("P1", "A01", "1", "2", "3") == "P1/A01/1/2/3"
    assert image_key("P1", "A01", "1", plane="2") == "P1/A01/1/2/-"
    assert image_key("P1", "A01", "1", timepoint="2") == "P1/A01/1/-/2"


@pytest.mark.parametrize(
    ("well", "normalized"),
    [
        ("a1", "A01"),
        ("A01", "A01"),
        ("A1", "A01"),
        ("a01", "A01"),
        ("p24", "P24"),
        (" B012 ", "B12"),
        ("aF48", "AF48"),
        ("AG1", "AG1"),
        ("A49", "A49"),
        ("a0", "a0"),
        ("dish-03", "dish-03"),
        ("Dish 3", "Dish 3"),
        ("H9C2", "H9C2"),
        ("A1B", "A1B"),
        ("", ""),
    ],
)
def test_letter_and_number_become_a_position_and_names_stay(well, normalized):
    assert normalize_well(well) == normalized


def test_only_wells_of_plates_have_a_position():
    assert well_position("a1") == "A01"
    assert [well_position(name) for name in ("dish-03", "folder", "A49", "")] == [None] * 4


@pytest.mark.parametrize("name", ["P1", "AC16_48H_hypoxia", "densities_1.1", "Zürich 3", "-1"])
def test_names_of_plates_that_can_be_directories(name):
    assert plate_fault(name) is None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "empty"),
        (".P1", "begins with a dot"),
        ("..", "begins with a dot"),
        ("a/b", "slash"),
        ("a\\b", "slash"),
        ("a\nb", "control character"),
        ("P[1]", "pattern characters"),
        ("P*", "pattern characters"),
        ("P" * 201, "longer than 200 bytes"),
        ("P\udcff", "not UTF-8"),
    ],
)
def test_names_of_plates_that_cannot(name, fault):
    assert fault in plate_fault(name)


def test_names_of_wells_may_have_what_names_of_plates_may_not():
    assert name_fault("dish [3]") is None
    assert "says nothing" in name_fault("-")
