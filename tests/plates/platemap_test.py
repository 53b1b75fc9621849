"""Plate maps as lists of wells: every trap, with what is said about it."""

import logging

import openpyxl
import pandas as pd
import pytest

from cellscreen.errors import ConfigError, PlateTableError
from cellscreen.plates.controls import ControlRules
from cellscreen.plates.platemap import read_platemap
from cellscreen.plates.platemap_file import MapOptions

HEADER = "well,compound,dose (nM),control_type"


@pytest.fixture
def read(tmp_path):
    """Writes lines to map.csv and reads them."""

    def write_and_read(*lines, options=None, encoding="utf-8"):
        path = tmp_path / "map.csv"
        path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
        return read_platemap(path, options)

    return write_and_read


def workbook(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


def test_list_with_units_and_controls(read):
    frame = read(HEADER + ",Batch no", "a1,DMSO,,negcon,7", "P24,Digoxin,250,trt,007")
    expected = {
        "Metadata_Plate": ["", ""],
        "Metadata_Well": ["A01", "P24"],
        "Metadata_pert_iname": ["DMSO", "Digoxin"],
        "Metadata_concentration_um": [float("nan"), 0.25],
        "Metadata_control_type": ["negcon", "trt"],
        "Metadata_control_word": ["negcon", "trt"],
        "Metadata_Batch no": ["7", "007"],
    }
    pd.testing.assert_frame_equal(frame, pd.DataFrame(expected))


def test_workbook_gives_the_same_as_text(read, tmp_path):
    frame = read(HEADER, "a1,DMSO,,negcon", "AF48,Digoxin,250,trt")
    rows = [HEADER.split(","), ["a1", "DMSO", None, "negcon"], ["AF48", "Digoxin", 250, "trt"]]
    workbook(tmp_path / "map.xlsx", wells=[["Plate map of Ann"], [], *rows])
    pd.testing.assert_frame_equal(read_platemap(tmp_path / "map.xlsx"), frame)


@pytest.mark.parametrize(
    "header",
    [
        "Metadata_Well,pert_iname,concentration_um",
        "WELL_POSITION,Drug,Conc [µM]",
        "well,compound,dose_uM",
    ],
)
def test_names_of_columns(read, header):
    frame = read(header, "A1,x,2")
    assert frame.loc[0, ["Metadata_Well", "Metadata_pert_iname"]].tolist() == ["A01", "x"]
    assert frame.loc[0, "Metadata_concentration_um"] == 2.0


def test_column_of_the_exact_name_goes_first(read):
    frame = read("well,pert_iname,compound", "A1,digoxin,batch 4")
    assert frame.loc[0, ["Metadata_pert_iname", "Metadata_compound"]].tolist() == [
        *("digoxin", "batch 4")
    ]


def test_rows_and_columns_instead_of_wells(read):
    frame = read("row,column,compound", "A,1,x", "2,12,x", "27,48,x")
    assert frame["Metadata_Well"].tolist() == ["A01", "B12", "AA48"]


def test_unit_column_and_unit_in_the_cell(read):
    frame = read("well,drug,dose,unit", "A1,x,5,nM", "A2,x,5 µM,", "A3,x,1,mM", "A4,x,0,")
    assert frame["Metadata_concentration_um"].tolist() == [0.005, 5.0, 1000.0, 0.0]
    assert "Metadata_unit" not in frame


def test_decimal_comma_where_cells_are_not_divided_by_commas(read):
    frame = read("well;drug;dose (uM)", "A1;x;0,5", "A2;x;1")
    assert frame["Metadata_concentration_um"].tolist() == [0.5, 1.0]


def test_bom_and_non_ascii_names(tmp_path):
    path = tmp_path / "Plattenbelegung Ä.csv"
    path.write_text("\ufeffwell,drug\nA1,β-Ionon\n", encoding="utf-8")
    assert read_platemap(path)["Metadata_pert_iname"].tolist() == ["β-Ionon"]


def test_missing_unit_is_told_once(read):
    rows = [f"A{column},x,10" for column in range(1, 13)]
    message = (
        r"The unit of the concentration is not stated\. Name the column like dose \(nM\), .*set "
        r"concentration_unit\. Wells: A01, A02, .*A12\. \[file .*map\.csv, line 2\]"
    )
    with pytest.raises(PlateTableError, match=message):
        read("well,drug,dose", *rows)


def test_unit_by_a_flag(read):
    options = MapOptions(concentration_unit="nM")
    frame = read("well,drug,dose", "A1,x,500", options=options)
    assert frame["Metadata_concentration_um"].tolist() == [0.5]
    with pytest.raises(
        PlateTableError, match=r"The header states uM, but concentration_unit is nM"
    ):
        read("well,drug,dose_uM", "A1,x,500", options=options)
    with pytest.raises(PlateTableError, match=r"unit of the concentration is not .*Wells: A02\."):
        read("well,drug,dose", "A1,x,500 mM", "A2,x,500", options=options)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("-5", r"Cell C2: Expected the concentration to be a number of zero or more.*got '-5'"),
        ("high", r"Cell C2: .*got 'high'"),
        ("5 mM", r"Cell C2: Expected the concentration to be of one unit \(its places say mM and"),
        ("5 mg", r"Cell C2: Expected the concentration to be nM, µM"),
        ("", r"Cell C2: Expected a concentration for a treated well \(trt\); it is blank"),
    ],
)
def test_concentration_that_cannot_be(read, cell, message):
    with pytest.raises(PlateTableError, match=message + r".*line 2, well A01\]"):
        read("well,drug,dose (nM)", f"a1,x,{cell}")


def test_concentration_of_all_treated_wells(read):
    options = MapOptions(ControlRules("DMSO"), treated_concentration_um=5)
    frame = read("well,broad_sample", "A1,BRD-1", "A2,", options=options)
    assert frame["Metadata_concentration_um"].tolist() == pytest.approx(
        [5, float("nan")], nan_ok=True
    )
    assert frame["Metadata_pert_iname"].tolist() == ["BRD-1", "DMSO"]


@pytest.mark.parametrize("well", ["A0", "A49", "AG1", "1A", "dish-1", ""])
def test_well_that_cannot_be(read, well):
    with pytest.raises(PlateTableError, match=r"Cell A3: Expected Well to be a well, A1 to AF48"):
        read("well,drug", "A1,x", f"{well},y")


def test_well_twice_in_two_spellings(read):
    with pytest.raises(PlateTableError, match=r"Cell A4: The same well as in A2.*line 4, well A01"):
        read("well,drug", "A01,x", "A2,x", "a1,y")


def test_same_well_of_two_plates(read):
    frame = read("barcode,well,drug", "P1,A1,x", "P2,A1,y")
    assert frame["Metadata_Plate"].tolist() == ["P1", "P2"]


def test_plate_in_some_rows_only(read):
    with pytest.raises(PlateTableError, match=r"Cell B3: Expected a plate, as other rows have"):
        read("plate,well,drug", "P1,A1,x", ",A2,y")


def test_empty_names_need_a_rule(read):
    with pytest.raises(
        PlateTableError, match=r"no rule says .*empty_broad_sample_is.*Wells: A02, B02\."
    ):
        read("well,drug", "A1,x", "B2,", "A2,")
    frame = read("well,drug", "A1,x", "B2,", options=MapOptions(ControlRules("empty")))
    assert frame["Metadata_control_type"].tolist() == ["trt", "empty"]


def test_all_problems_are_told_at_once(read):
    with pytest.raises(PlateTableError) as caught:
        read("well,drug,dose (nM)", "A1,DMSO,", "X0,x,5", "A3,x,-1", "A3,x,1")
    message = str(caught.value)
    assert message.startswith("4 problems:")
    for place in ("Cell A3", "Cell C4", "Cell A5", "negcon_names=DMSO"):
        assert place in message


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["well,drug,compound", "A1,x,y"], r"columns 'drug' and 'compound' both mean pert_iname"),
        (["well,dose (nM),dose (uM)", "A1,1,1"], r"both mean concentration_um; keep one"),
        (["well,dose_nm", "A1,1"], r"the unit of 'dose_nm' to be nM, µM"),
        (["well,drug", "A1,x,z"], r"Cell C2 has the value 'z', its column no name\. .*line 2\]"),
        (["well,drug,dose (nM)", "A1,x"], r"Expected 3 cells, got 2\. .*line 2\]"),
        (["well,drug"], r"Expected a row a well, got a header only"),
        (["drug,dose", "x,1"], r"Expected one plate map: a list with a column well, .*got neither"),
        (["well,drug", '"A1,x'], r"quotation marks do not close"),
    ],
)
def test_list_that_cannot_be(read, lines, message):
    with pytest.raises(PlateTableError, match=message):
        read(*lines)


def test_text_that_is_not_utf8(read):
    with pytest.raises(PlateTableError, match=r"Expected UTF-8 text, got the byte 0xb5"):
        read("well,dose (µM)", "A1,1", encoding="latin-1")


def test_known_columns_get_their_types(read):
    frame = read("well,drug,hours,condition,path", "A1,x,48,Hypoxia,somewhere")
    assert frame.loc[0, "Metadata_hours"] == 48.0
    assert frame.loc[0, "Metadata_condition"] == "hypoxia"
    assert frame.loc[0, "Metadata_path"] == "somewhere"
    with pytest.raises(PlateTableError, match=r"Cell C2: Expected hours to be a number"):
        read("well,drug,hours", "A1,x,two")


def test_sheet_without_a_map_is_said(tmp_path, caplog):
    path = tmp_path / "map.xlsx"
    workbook(path, wells=[["well", "drug"], ["A1", "x"]], notes=[["grown by Ann"]])
    with caplog.at_level(logging.WARNING, logger="cellscreen"):
        assert len(read_platemap(path)) == 1
    assert "sheet 'notes' holds no plate map and is not read" in caplog.text


def test_two_lists_in_one_workbook(tmp_path):
    path = tmp_path / "map.xlsx"
    rows = [["well", "drug"], ["A1", "x"]]
    workbook(path, one=rows, two=[[], *rows])
    with pytest.raises(
        PlateTableError, match=r"got several, at A1 of sheet 'one', A2 of sheet 'two'"
    ):
        read_platemap(path)


def test_name_that_became_a_date(tmp_path):
    path = tmp_path / "map.xlsx"
    workbook(path, wells=[["well", "gene"], ["A1", pd.Timestamp("2024-03-01")]])
    with pytest.raises(PlateTableError, match=r"Cell B2 of sheet 'wells' cannot be used: .*a date"):
        read_platemap(path)


def test_folder_that_is_no_jump_folder(tmp_path):
    with pytest.raises(PlateTableError, match=r"or a folder with barcode_platemap\.csv"):
        read_platemap(tmp_path)


def test_options_that_cannot_be():
    with pytest.raises(ConfigError, match="treated_concentration_um to be zero or more; got -1"):
        MapOptions(treated_concentration_um=-1)
    with pytest.raises(ConfigError, match="Expected the unit to be"):
        MapOptions(concentration_unit="nm")
