"""Every trap of an images.csv, with what is said about it."""

import re
import time

import pandas as pd
import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.images_csv import read_images_csv

HEADER = "path,plate,well,site"
SCREEN = "path,plate,well,site,pert_iname,concentration_um,control_type"


@pytest.fixture
def read(tmp_path):
    """Writes lines to images.csv and reads them."""

    def write_and_read(*lines, encoding="utf-8", newline="\n"):
        path = tmp_path / "images.csv"
        path.write_bytes((newline.join(lines) + newline).encode(encoding))
        return read_images_csv(path)

    return write_and_read


def _column(table, name):
    return table[name].tolist()


def test_smallest_table(read, tmp_path):
    table = read(HEADER, "a/1.png,P1,a1,1")
    expected = {
        "Metadata_Plate": "P1",
        "Metadata_Well": "A01",
        "Metadata_Site": "1",
        "Metadata_Plane": "",
        "Metadata_Timepoint": "",
        "channel": "",
        "path": str(tmp_path / "a" / "1.png"),
        "bit_depth": pd.NA,
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame([expected]).astype({"bit_depth": "Int64"}))


def test_every_known_column_and_one_more(read):
    table = read(
        f"{HEADER},channel,plane,timepoint,cell_line,condition,hours,batch,pert_iname,"
        "concentration_um,control_type,bit_depth,simulated,row_pair",
        "1.png,P1,A1,1,DNA,2,3,AC16,Hypoxia,48,b1,Digoxin,0.5,TRT,12,True,A+E",
        "2.png,P1,A2,1,DNA,2,3,H9C2,,,b1,,,,,,B+F",
    )
    first, second = table.to_dict("records")
    assert list(first)[:8] == [
        *("Metadata_Plate", "Metadata_Well", "Metadata_Site", "Metadata_Plane"),
        *("Metadata_Timepoint", "channel", "path", "bit_depth"),
    ]
    assert (first["Metadata_Plane"], first["Metadata_Timepoint"]) == ("2", "3")
    assert first["Metadata_condition"] == "hypoxia"
    assert first["Metadata_control_type"] == "trt"
    assert first["Metadata_hours"] == 48.0
    assert first["Metadata_concentration_um"] == 0.5
    assert first["bit_depth"] == 12
    assert table["Metadata_simulated"].tolist() == [True, False]
    assert first["Metadata_row_pair"] == "A+E"
    assert second["Metadata_condition"] == second["Metadata_control_type"] == ""
    assert table["bit_depth"].isna().tolist() == [False, True]
    assert table[["Metadata_hours", "Metadata_concentration_um"]].isna().sum().tolist() == [1, 1]


def test_what_looks_like_a_number_or_a_missing_value_stays_text(read):
    table = read(f"{HEADER},batch,Metadata_id", "1.png,1E5,NA,001,NA,1.0", "2.png,007,nan,2,,null")
    assert _column(table, "Metadata_Plate") == ["1E5", "007"]
    assert _column(table, "Metadata_Well") == ["NA", "nan"]
    assert _column(table, "Metadata_Site") == ["001", "2"]
    assert _column(table, "Metadata_batch") == ["NA", ""]
    assert _column(table, "Metadata_id") == ["1.0", "null"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_bom_and_line_ends(read, encoding, newline):
    table = read(HEADER, "ü.png,P1,A1,1", encoding=encoding, newline=newline)
    assert table["path"][0].endswith("/ü.png")
    assert table["Metadata_Plate"][0] == "P1"


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_semicolons_and_tabs_with_decimal_commas(read, delimiter):
    table = read(
        f"{HEADER},concentration_um,hours".replace(",", delimiter),
        "a,b.png|P1|A1|1|0,5|1.5".replace("|", delimiter),
    )
    assert table["path"][0].endswith("/a,b.png")
    assert table["Metadata_concentration_um"][0] == 0.5
    assert table["Metadata_hours"][0] == 1.5


def test_delimiter_is_told_from_the_known_names_not_by_counting(read):
    table = read("path,plate,well,site,note; of; day; one", "1.png,P1,A1,1,x")
    assert table["Metadata_note; of; day; one"][0] == "x"


def test_names_of_columns_in_any_case_with_or_without_prefix(read):
    table = read(" Path,Metadata_Plate,WELL,Metadata_Site,Metadata_target", "1.png,P1,a1,1,EGFR")
    assert table["Metadata_Well"][0] == "A01"
    assert table["Metadata_target"][0] == "EGFR"


def test_blank_rows_and_trailing_delimiters_of_spreadsheets(read):
    table = read(f"{HEADER},", "1.png,P1,A1,1,", ",,,,", "", "2.png,P1,A1,2,,")
    assert _column(table, "Metadata_Site") == ["1", "2"]
    assert "Metadata_" not in table


def test_quoted_cells_may_hold_delimiters_and_line_ends(read):
    lines = (f"{HEADER},note", '"a,1.png",P1,A1,1,"two\nlines"', "2.png,P1,A1,x,")
    with pytest.raises(PlateTableError, match=r"line 4, plate P1, well A01") as caught:
        read(*lines)
    assert caught.value.line == 4


@pytest.mark.parametrize(
    ("cell", "path"),
    [
        ("/data/1.png", "/data/1.png"),
        ("./x//1.png", "{folder}/x/1.png"),
        ("x\\1.png", "{folder}/x/1.png"),
        ("a..b.png", "{folder}/a..b.png"),
    ],
)
def test_paths(read, tmp_path, cell, path):
    assert read(HEADER, f"{cell},P1,A1,1")["path"][0] == path.format(folder=tmp_path)


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("condition", "hypoxic", r"condition to be normoxia, hypoxia, or blank; got 'hypoxic'"),
        (
            "control_type",
            "dmso",
            r"control_type to be negcon, poscon, trt, empty, or blank; got 'd",
        ),
        ("control_type", "NA", r"or blank; got 'NA'"),
        ("bit_depth", "7", r"bit_depth to be a whole number from 8 to 16, or blank; got '7'"),
        ("bit_depth", "17", r"from 8 to 16, or blank; got '17'"),
        ("bit_depth", "12.5", r"from 8 to 16, or blank; got '12.5'"),
        ("hours", "48H", r"hours to be a number; got '48H'"),
        ("hours", "1_0", r"hours to be a number; got '1_0'"),
        ("hours", "-1", r"hours to be a number of zero or more; got '-1'"),
        ("hours", "1e999", r"hours to be a number of zero or more; got '1e999'"),
        ("hours", '"0,5"', r"hours to be a number; got '0,5'"),
        ("concentration_um", "inf", r"concentration_um to be a number; got 'inf'"),
        ("simulated", "perhaps", r"simulated to be true or false; got 'perhaps'"),
        ("plane", "a/b", r"plane to be a name \(it has a slash or a control character\)"),
        ("timepoint", "-", r"timepoint to be a name \(it says nothing\)"),
    ],
)
def test_cell_that_cannot_be(read, column, cell, message):
    with pytest.raises(PlateTableError, match=message) as caught:
        read(f"{HEADER},{column}", "1.png,P1,A1,1,", f"2.png,P1,b2,1,{cell}")
    assert re.search(r"\[file .*images\.csv, line 3, plate P1, well B02\] Mend", str(caught.value))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",P1,A1,1", r"path to be the path of an image \(it is empty\)"),
        ("../1.png,P1,A1,1", r"path to be a path without '\.\.' .*got '\.\./1\.png'"),
        ("/data/../1.png,P1,A1,1", r"a path without '\.\.'"),
        ("x\\..\\1.png,P1,A1,1", r"a path without '\.\.'"),
        ("https://x/1.png,P1,A1,1", r"path to be the path of a file on this machine"),
        ("1.png,P1,,1", r"well to be a name \(it is empty\); got ''"),
        ("1.png,P1,A/1,1", r"well to be a name \(it has a slash"),
        ("1.png,P1,A1,", r"site to be digits, like 1; got ''"),
        ("1.png,P1,A1,s1", r"site to be digits, like 1; got 's1'"),
        ("1.png,P1,A1,1.0", r"site to be digits, like 1; got '1\.0'"),
        ("1.png,,A1,1", r"plate to be a name that a directory can have \(it is empty\)"),
        ("1.png,a/b,A1,1", r"plate to be a name .*\(it has a slash"),
        ("1.png,.P1,A1,1", r"plate to be a name .*\(it begins with a dot\); got '\.P1'"),
        ("1.png,..,A1,1", r"plate to be a name .*\(it begins with a dot\)"),
        ("1.png,P1,A1", r"Expected 4 cells, got 3\. \[file .*images\.csv, line 2\]"),
        ("1.png,P1,A1,1,0,5", r"Expected 4 cells, got 6\."),
    ],
)
def test_row_that_cannot_be(read, row, message):
    with pytest.raises(PlateTableError, match=message):
        read(HEADER, row)


def test_missing_column_is_named_beside_what_was_found(read):
    message = (
        r"Expected the columns path, plate, well, site; plate, site is missing\. "
        r"Found: path, well, channel\. \[file .*images\.csv, line 1\]"
    )
    with pytest.raises(PlateTableError, match=message):
        read("path,well,channel", "1.png,A1,DNA", "2.png")


def test_two_columns_of_one_name(read):
    with pytest.raises(PlateTableError, match="Two columns are called Well"):
        read(f"{HEADER},Metadata_Well", "1.png,P1,A1,1,A1")


def test_column_without_a_name(read):
    with pytest.raises(PlateTableError, match="Column 5 has values but no name"):
        read(f"{HEADER},", "1.png,P1,A1,1,x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", r"Expected a table, got an empty file"),
        (b"\xef\xbb\xbf\n \n", r"got an empty file"),
        (HEADER.encode(), r"Expected a row an image, got a header only"),
        (b"path,plate\nx,y\nM\xfcll,z\n", r"got the byte 0xfc\. \[file .*, line 3\] Save it again"),
        (HEADER.encode("utf-16"), r"got UTF-16 or binary\. .*Save it again as CSV UTF-8"),
        (HEADER.encode() + b'\n"1.png,P1,A1,1\n', r"quotation marks do not close: .*line 2\]"),
    ],
)
def test_file_that_is_no_table(tmp_path, text, message):
    path = tmp_path / "images.csv"
    path.write_bytes(text)
    with pytest.raises(PlateTableError, match=message):
        read_images_csv(path)


def test_same_image_twice_is_told_with_both_lines_and_spellings(read):
    message = (
        r"The same plate, well and site as line 2 \(well a1 here, A01 there\)\. .*column channel"
        r".*line 4, plate P1, well A01\]"
    )
    with pytest.raises(PlateTableError, match=message):
        read(HEADER, "1.png,P1,A01,1", "2.png,P1,A01,2", "3.png,P1,a1,01")


def test_three_spellings_of_one_well(read):
    with pytest.raises(PlateTableError, match="2 problems:") as caught:
        read(HEADER, "1.png,P1,A01,1", "2.png,P1,a1,1", "3.png,P1,A1,1")
    assert "line 3, plate P1, well A01: The same" in str(caught.value)
    assert "line 4, plate P1, well A01: The same" in str(caught.value)


def test_same_plane_and_channel_twice(read):
    with pytest.raises(
        PlateTableError, match="The same plate, well and site and channel as line 2"
    ):
        read(f"{HEADER},channel", "1.png,P1,A1,1,DNA", "2.png,P1,A1,1,DNA", "3.png,P1,A1,1,ER")


def test_planes_and_timepoints_are_images_of_their_own(read):
    table = read(f"{HEADER},plane,timepoint", *[f"{i}.png,P1,A1,1,{i},{i}" for i in "123"])
    assert len(table) == 3


def test_same_path_twice(read):
    message = r"The same path as line 2\. \[file .*, line 3, plate P1, well A02\]"
    with pytest.raises(PlateTableError, match=message):
        read(HEADER, "x/1.png,P1,A1,1", "./x/1.png,P1,A2,1")


def test_channel_is_needed_where_a_site_has_several_images(read):
    message = r"The channel is empty, but this site has other images\. .*line 3, plate P1, well A01"
    with pytest.raises(PlateTableError, match=message):
        read(f"{HEADER},channel", "1.png,P1,A1,1,DNA", "2.png,P1,A1,1,", "3.png,P1,A2,1,")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("", r"Expected a concentration_um for a treated well \(trt\); got ''"),
        ("NaN", r"Expected a concentration_um for a treated well \(trt\); got 'NaN'"),
        ("-3", r"concentration_um to be a number of zero or more; got '-3'"),
    ],
)
def test_compound_without_a_concentration(read, cell, message):
    with pytest.raises(PlateTableError, match=message + r".*line 3, plate P1, well A02"):
        read(SCREEN, "1.png,P1,A1,1,DMSO,nan,negcon", f"2.png,P1,A2,1,Digoxin,{cell},trt")


def test_compound_without_a_name(read):
    with pytest.raises(PlateTableError, match="Expected a pert_iname for a treated well"):
        read(SCREEN, "1.png,P1,A1,1,,10,trt")


def test_one_well_in_two_ways(read):
    message = r"One well with two values of pert_iname: 'Ouabain', and 'Digoxin' in line 2"
    with pytest.raises(PlateTableError, match=message):
        read(SCREEN, "1.png,P1,A1,1,Digoxin,10,trt", "2.png,P1,a1,2,Ouabain,10,trt")


def test_culture_may_change_with_time(read):
    table = read(
        f"{HEADER},timepoint,condition", "1.png,P1,A1,1,1,hypoxia", "2.png,P1,A1,1,2,normoxia"
    )
    assert len(table) == 2


def test_all_problems_are_told_at_once_in_the_order_of_lines(read):
    with pytest.raises(PlateTableError) as caught:
        read(
            f"{HEADER},condition,hours",
            "1.png,P1,A1,1,hot,48",
            "2.png,P1,A2,x,hypoxia,48",
            "1.png,P1,A3,1,hypoxia,two",
            "3.png,P1",
        )
    message = str(caught.value)
    assert message.startswith("5 problems:\n  line 2, plate P1, well A01: Expected condition")
    lines = re.findall(r"^  line (\d)", message, re.MULTILINE)
    assert lines == ["2", "3", "4", "4", "5"]
    assert "The same path as line 2." in message


def test_twenty_problems_are_shown_and_all_counted(read):
    with pytest.raises(PlateTableError, match=r"^57 problems:") as caught:
        read(f"{HEADER},hours", *[f"{i}.png,P1,A1,{i},h" for i in range(1, 58)])
    assert len(re.findall("got 'h'", str(caught.value))) == 20
    assert "… and 37 more\n" in str(caught.value)


def test_hundred_thousand_rows_in_three_seconds(read):
    rows = [
        f"P{i // 3456}/{i}.png,P{i // 3456},{chr(65 + i // 9 % 16)}{i // 144 % 24 + 1},{i % 9 + 1},"
        f"AC16,hypoxia,48,b1,cpd{i // 9 % 384},10,trt"
        for i in range(100_000)
    ]
    header = f"{HEADER},cell_line,condition,hours,batch,pert_iname,concentration_um,control_type"
    start = time.process_time()
    table = read(header, *rows)
    assert time.process_time() - start < 3
    assert len(table) == 100_000
