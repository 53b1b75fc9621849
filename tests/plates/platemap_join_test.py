"""Images joined with a plate map: nothing is lost in silence."""

import logging
import os
import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from cellscreen.errors import ConfigError, PlateTableError
from cellscreen.plates.controls import ControlRules
from cellscreen.plates.coverage import describe_coverage
from cellscreen.plates.platemap import read_platemap
from cellscreen.plates.platemap_file import MapOptions
from cellscreen.plates.platemap_join import join_platemap

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("CELLSCREEN_DATA", ROOT.parent / "shared" / "data"))
NAN = float("nan")


def images(*wells, plate="P1", **columns):
    rows = pd.DataFrame({"Metadata_Plate": plate, "Metadata_Well": list(wells), "path": "x"})
    return rows.assign(**columns)


def platemap(*wells, plate="", **columns):
    rows = pd.DataFrame({"Metadata_Plate": plate, "Metadata_Well": list(wells)})
    return rows.assign(Metadata_pert_iname=[f"c{well}" for well in wells], **columns)


def names(joined):
    return joined["Metadata_pert_iname"].tolist()


def test_wells_join_whatever_their_spelling():
    joined, coverage = join_platemap(images("A1", "a01", "B2"), platemap("A01", "b02"))
    assert names(joined) == ["cA01", "cA01", "cb02"]
    assert joined["Metadata_Well"].tolist() == ["A01", "A01", "B02"]
    assert coverage.share == 1
    (plate,) = coverage.plates
    assert plate[:5] == ("P1", "", 3, 2, 2)
    assert plate.without_map == plate.without_images == plate.duplicates == ()


def test_rows_keep_order_and_index():
    table = images("B2", "A1", "B2").set_axis([7, 5, 6])
    joined, _ = join_platemap(table, platemap("A1", "B2"))
    assert joined.index.tolist() == [7, 5, 6]
    assert names(joined) == ["cB2", "cA1", "cB2"]


def test_wells_without_a_row_of_the_map_are_an_error_that_lists_them():
    table = images(*(f"{row}{column}" for row in "ABC" for column in range(1, 13)))
    message = (
        r"(?s)Expected 100 % of the wells with images in the plate map; got 91\.67 %\."
        r".*P1: images without a row of the map: A05, B07, C12.*plate P1.*lower min_coverage"
    )
    known = [well for well in table["Metadata_Well"] if well not in ("A5", "B7", "C12")]
    with pytest.raises(PlateTableError, match=message):
        join_platemap(table, platemap(*known))


def test_lower_threshold_keeps_the_images_without_metadata():
    table = images("A1", "A2", "A3", "A4")
    right = platemap("A1", "A2", "A3", Metadata_concentration_um=5.0)
    joined, coverage = join_platemap(table, right, min_coverage=0.75)
    assert names(joined) == ["cA1", "cA2", "cA3", ""]
    assert joined["Metadata_concentration_um"].isna().tolist() == [False, False, False, True]
    assert coverage.share == 0.75
    assert coverage.plates[0].without_map == ("A04",)
    with pytest.raises(PlateTableError, match=r"Expected 76 % .*got 75 %"):
        join_platemap(table, right, min_coverage=0.76)


def test_coverage_is_asked_of_every_plate():
    table = pd.concat([images("A1", "A2", plate="P1"), images("A1", "A2", plate="P2")])
    right = pd.concat([platemap("A1", "A2", plate="P1"), platemap("A1", plate="P2")])
    with pytest.raises(PlateTableError, match=r"Expected 75 % .*got 50 %\.") as caught:
        join_platemap(table, right, min_coverage=0.75)
    assert caught.value.plate == "P2"
    assert "P1" not in str(caught.value).split("\n", 1)[1]


def test_wells_of_the_map_without_images_are_told(caplog):
    right = platemap("A1", "A2", "A3", Metadata_control_type=["trt", "trt", "empty"])
    with caplog.at_level(logging.WARNING, logger="cellscreen"):
        joined, coverage = join_platemap(images("A1"), right)
    assert len(joined) == 1
    assert coverage.plates[0].without_images == ("A02",)
    assert "Plate P1: wells of the map without images: A02." in caplog.text


def test_plate_without_a_map():
    table = pd.concat([images("A1", plate="P1"), images("A1", plate="P2")], ignore_index=True)
    right = platemap("A1", plate="P1")
    with pytest.raises(PlateTableError, match=r"got 0 %\.\n.*\nP2 +\(none\) +1 +1 +0 +0 %"):
        join_platemap(table, right)
    joined, coverage = join_platemap(table, right, min_coverage=0)
    assert names(joined) == ["cA1", ""]
    assert [plate.share for plate in coverage.plates] == [1, 0]
    assert coverage.share == 0.5


def test_long_names_of_folders_are_cut_to_their_barcode():
    name = "BR00117006__2020-11-08T19_57_47-Measurement1"
    right = pd.concat([platemap("A1", plate="BR00117006"), platemap("A1", plate="BR00117007")])
    joined, coverage = join_platemap(images("A1", plate=name), right)
    assert joined["Metadata_Plate"].tolist() == [name]
    assert joined["Metadata_barcode"].tolist() == ["BR00117006"]
    assert [plate[:2] for plate in coverage.plates] == [*((name, "BR00117006"), ("", "BR00117007"))]
    same, _ = join_platemap(images("A1", plate="BR00117006"), right)
    assert "Metadata_barcode" not in same


def test_two_plates_with_one_barcode():
    table = pd.concat([images("A1", plate="P1-a"), images("A1", plate="P1-b")])
    with pytest.raises(PlateTableError, match="Two plates of images have the barcode P1: P1-a and"):
        join_platemap(table, platemap("A1", plate="P1"))


@pytest.mark.parametrize("plates", [("P1", "P1"), ("", "")])
def test_well_twice_in_the_map(plates):
    right = platemap("A1", "a01", plate=list(plates))
    with pytest.raises(
        PlateTableError, match=r"one row a well .*several are of A01\. \[plate P1\]"
    ):
        join_platemap(images("A1"), right, min_coverage=0)


def test_map_that_names_a_plate_in_some_rows():
    right = platemap("A1", "A2", plate=["P1", ""])
    with pytest.raises(PlateTableError, match="a plate in every row of the plate map, or in none"):
        join_platemap(images("A1"), right)


def test_map_of_a_smaller_plate():
    message = r"wells of a 384-well plate, the map those of a 96-well plate\. \[plate P1\]"
    with pytest.raises(PlateTableError, match=message):
        join_platemap(images("A1", "P24"), platemap("A1", "H12"), min_coverage=0)


def wells(rows, columns):
    return [f"{row}{column}" for row in rows for column in range(1, columns + 1)]


def test_map_of_a_larger_plate_than_the_one_that_is_full():
    full, right = images(*wells("ABCDEFGH", 12)), platemap(*wells("ABCDEFGHIJKLMNOP", 24))
    with pytest.raises(PlateTableError, match="wells of a 96-well plate, the map those of a 384-"):
        join_platemap(full, right)
    assert join_platemap(full[:90], right)[1].share == 1


def test_blanks_of_the_images_are_filled_and_contradictions_are_errors():
    table = images("A1", "A2", Metadata_pert_iname=["", "cA2"], Metadata_concentration_um=[NAN, 2])
    right = platemap("A1", "A2", Metadata_concentration_um=[1.0, 2.0])
    joined, _ = join_platemap(table, right)
    assert names(joined) == ["cA1", "cA2"]
    assert joined["Metadata_concentration_um"].tolist() == [1.0, 2.0]
    message = (
        r"images says Metadata_pert_iname is 'x', the plate map 'cA2' \(wells that differ: A02\)\. "
        r"\[plate P1, well A02\] Take the column out"
    )
    with pytest.raises(PlateTableError, match=message):
        join_platemap(table.assign(Metadata_pert_iname=["cA1", "x"]), right)
    with pytest.raises(
        PlateTableError, match=r"Metadata_concentration_um is '3\.0', the plate map '2\.0'"
    ):
        join_platemap(table.assign(Metadata_concentration_um=[1, 3.0]), right)


@pytest.mark.parametrize("share", [-0.1, 1.1, 100, NAN])
def test_threshold_that_is_no_share(share):
    with pytest.raises(ConfigError, match="min_coverage from 0 to 1"):
        join_platemap(images("A1"), platemap("A1"), share)


def test_coverage_as_text_and_table():
    table = pd.concat([images("A1", "A1", "A2", plate="P1"), images("A1", plate="Plate2")])
    right = pd.concat(
        [
            platemap("A1", "A3", plate="P1"),
            platemap("A1", plate="Plate2"),
            platemap("A1", plate="Q"),
        ]
    )
    _, coverage = join_platemap(table, right, min_coverage=0)
    lines = describe_coverage(coverage).splitlines()
    assert [re.split(r"  +", line) for line in lines[1:4]] == [
        ["P1", "P1", "3", "2", "1", "50 %", "1", "1", "0"],
        ["Plate2", "Plate2", "1", "1", "1", "100 %", "0", "0", "0"],
        ["(no images)", "Q", "0", "0", "0", "undefined", "0", "1", "0"],
    ]
    assert lines[4:] == [
        "P1: images without a row of the map: A02",
        "P1: rows of the map without images: A03",
    ]
    frame = coverage.frame()
    assert frame["share"].tolist() == pytest.approx([0.5, 1, NAN], nan_ok=True)
    assert frame["without_map"].tolist() == [("A02",), (), ()]


def test_bbbc013_joins_all_its_wells(tmp_path):
    archive = DATA / "bbbc013.zip"
    if not archive.is_file():
        pytest.skip(f"needs bbbc013.zip in {DATA}")
    with zipfile.ZipFile(archive) as files:
        files.extract("BBBC013_ExampleSBS/platemap_derived.csv", tmp_path)
        names = [re.search(r"Channel(\d)-\d+-([A-H])-(\d+)", name) for name in files.namelist()]
    found = [name for name in names if name]
    table = images(*(f"{name[2]}{name[3]}" for name in found), channel=[n[1] for n in found])
    path = tmp_path / "BBBC013_ExampleSBS" / "platemap_derived.csv"
    with pytest.raises(PlateTableError, match="'dose_series' is not known"):
        read_platemap(path)
    words = (("dose_series", "trt"), ("empty_no_drug", "negcon"))
    joined, coverage = join_platemap(
        table, read_platemap(path, MapOptions(ControlRules(words=words)))
    )
    assert coverage.plates[0][:5] == ("P1", "", 192, 96, 96)
    by_well = joined.drop_duplicates("Metadata_Well").set_index("Metadata_Well")
    assert by_well["Metadata_control_type"].value_counts().to_dict() == {
        "trt": 72,
        "negcon": 16,
        "poscon": 8,
    }
    assert by_well.loc["A12", "Metadata_concentration_um"] == 0.15
    assert by_well.loc["E01", "Metadata_concentration_um"] == 80


def test_simulated_is_what_either_side_says(tmp_path):
    path = tmp_path / "map.csv"
    path.write_text("well,drug,simulated\nA1,DMSO,True\nA2,x,\n")
    said = read_platemap(path, MapOptions(ControlRules(negcon_names=("DMSO",))))
    assert said["Metadata_simulated"].tolist() == [True, False]
    joined, _ = join_platemap(images("A01", "A02", "A03"), said, 0.5)
    assert joined["Metadata_simulated"].tolist() == [True, False, False]
    assert joined["Metadata_simulated"].dtype == bool
    both = images("A01", "A02", Metadata_simulated=[False, True])
    assert join_platemap(both, said)[0]["Metadata_simulated"].tolist() == [True, True]
