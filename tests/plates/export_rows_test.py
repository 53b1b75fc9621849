from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellscreen.errors import PlateTableError
from cellscreen.plates.export_rows import check_one_folder, finish_rows, number_text, well_of
from cellscreen.plates.key import well_position
from cellscreen.plates.problems import Problems

NAMES = ["Metadata_Plate", "Metadata_Well", "Metadata_Site", "Metadata_Plane", "channel", "path"]


def _finish(*rows, **columns):
    table = pd.DataFrame(rows, columns=NAMES).assign(**columns)
    return finish_rows(table, Problems(Path("export"), fix="Mend it."))


@given(st.integers(1, 32), st.integers(1, 48))
def test_every_position_of_a_1536_well_plate_is_a_well(row, column):
    well = well_of(row, column)
    assert well_position(well) == well
    assert int(well[-2:]) == column


def test_wells_off_the_plate_are_refused():
    assert [well_of(1, 1), well_of(26, 2), well_of(27, 3)] == ["A01", "Z02", "AA03"]
    for place in ((0, 1), (33, 1), (1, 0), (1, 49)):
        with pytest.raises(ValueError, match="a row from 1 to 32"):
            well_of(*place)


def test_numbers_lose_their_zeros():
    assert [number_text(text) for text in ("", "0", "007", "10")] == ["", "0", "7", "10"]


def test_rows_go_by_well_and_number():
    table = _finish(
        ("P1", "AA01", "1", "1", "w1", "/e"),
        ("P1", "B01", "10", "1", "w1", "/d"),
        ("P1", "B01", "9", "10", "w1", "/c"),
        ("P1", "B01", "9", "2", "w1", "/b"),
        ("P1", "A10", "1", "1", "w1", "/a"),
    )
    assert table["path"].tolist() == ["/a", "/b", "/c", "/d", "/e"]
    assert table["problem"].tolist() == [""] * 5


def test_one_plane_is_no_plane_plate_by_plate():
    table = _finish(
        ("P1", "A01", "1", "3", "w1", "/a"),
        ("P2", "A01", "1", "1", "w1", "/b"),
        ("P2", "A01", "1", "2", "w1", "/c"),
    )
    assert table["Metadata_Plane"].tolist() == ["", "1", "2"]


def test_two_files_for_one_image_are_both_named():
    rows = [("P1", "A01", "1", "2", "DNA", f"/{name}.tif") for name in "abc"]
    other = ("P1", "A02", "1", "1", "DNA", "/d.tif")
    with pytest.raises(PlateTableError) as raised:
        _finish(*rows, other)
    assert str(raised.value) == (
        "Two files for one image (site 1, plane 2, channel DNA): /a.tif and /b.tif and 1 more. "
        "[file export, plate P1, well A01] Mend it."
    )


def test_one_file_for_two_images_is_told_unless_pages_differ():
    rows = [("P1", well, "1", "1", "DNA", "/a.tif") for well in ("A01", "A02")]
    with pytest.raises(
        PlateTableError, match=r"One file for two images \(A01 site 1.*and A02.*/a\.tif"
    ):
        _finish(*rows)
    assert _finish(*rows, page=[0, 1])["page"].tolist() == [0, 1]


def test_a_failure_that_was_tried_again_is_left_out():
    rows = [
        ("P1", "A01", "1", "1", "DNA", ""),
        ("P1", "A01", "1", "1", "DNA", "/a.tif"),
        ("P1", "A02", "1", "1", "DNA", ""),
        ("P1", "A02", "1", "1", "DNA", ""),
    ]
    table = _finish(*rows, problem=["focus", "", "focus", "focus"])
    assert table[["Metadata_Well", "path", "problem"]].to_numpy().tolist() == [
        ["A01", "/a.tif", ""],
        ["A02", "", "focus"],
    ]


def test_names_that_cannot_be_used_and_empty_exports_are_told():
    with pytest.raises(PlateTableError, match=r"plate's name that a directory can have .*'P\*'"):
        _finish(("P*", "A01", "1", "1", "DNA", "/a.tif"))
    with pytest.raises(PlateTableError, match="A file's name cannot be used"):
        _finish(("P1", "A01", "1", "1", "DNA", "/a\n.tif"))
    with pytest.raises(PlateTableError, match="Expected images; the export has none"):
        _finish()


def test_a_plate_in_two_folders_is_told_once():
    problems = Problems(Path("export"))
    places = [("P1", Path("a")), ("P2", Path("b")), ("P1", Path("c")), ("P1", Path("c"))]
    check_one_folder(places, problems)
    (problem,) = problems.found
    assert (problem.plate, problem.file) == ("P1", Path("c"))
    assert problem.text == "Expected one measurement of a plate; another is in a."
