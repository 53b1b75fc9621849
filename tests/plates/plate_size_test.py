"""Sizes of plates from their wells."""

import pytest

from cellscreen.plates.plate_size import plate_size, row_and_column


@pytest.mark.parametrize(
    ("well", "place"),
    [("A1", (0, 0)), ("h12", (7, 11)), ("P24", (15, 23)), ("AF48", (31, 47)), ("Z01", (25, 0))],
)
def test_row_and_column(well, place):
    assert row_and_column(well) == place


@pytest.mark.parametrize("name", ["dish-1", "A0", "AG1", "folder", "12", ""])
def test_other_names_have_no_place(name):
    assert row_and_column(name) is None


@pytest.mark.parametrize(
    ("wells", "size"),
    [
        (["A1"], 6),
        (["B3"], 6),
        (["C1"], 12),
        (["D6"], 24),
        (["F8"], 48),
        (["A1", "H12"], 96),
        (["A13"], 384),
        (["I1"], 384),
        (["Q1"], 1536),
        (["dish-1"], None),
        ([], None),
    ],
)
def test_smallest_plate_with_all_wells(wells, size):
    assert plate_size(wells) == size
