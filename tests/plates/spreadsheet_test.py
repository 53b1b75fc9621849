"""Cells with their places, of workbooks and text tables, and what they hide."""

import datetime
import zipfile

import openpyxl
import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates import spreadsheet
from cellscreen.plates.spreadsheet import cell_name, read_cells


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [(1, 0, "A1"), (7, 2, "C7"), (3, 25, "Z3"), (3, 26, "AA3"), (1, 701, "ZZ1"), (1, 702, "AAA1")],
)
def test_names_of_cells(row, column, name):
    assert cell_name(row, column) == name


def workbook(path, *sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return book


def test_workbook_cells_are_text(tmp_path):
    path = tmp_path / "a.XLSX"
    workbook(path, ("one", [["x ", 10, 2.5, 3.0, None, True]]), ("two", [[], ["y"]]))
    one, two = read_cells(path)
    assert one.title == "one"
    assert one.rows == {1: ["x", "10", "2.5", "3", "", "True"]}
    assert two.rows == {2: ["y"]}
    assert two.cell(2, 0) == "y"
    assert two.cell(1, 0) == two.cell(2, 9) == ""
    assert two.place(2, 0) == "A2 of sheet 'two'"


def test_hidden_and_blank_sheets_are_left_out(tmp_path):
    book = workbook(tmp_path / "a.xlsx", ("one", [["x"]]), ("two", [["y"]]), ("three", []))
    book["two"].sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    assert [sheet.title for sheet in read_cells(tmp_path / "a.xlsx")] == ["one"]


def test_cells_that_do_not_hold_what_one_sees(tmp_path):
    path = tmp_path / "a.xlsx"
    book = workbook(path, ("one", [["x", "", datetime.date(2024, 3, 1), "=1+1", "#N/A"]]))
    book["one"].merge_cells("A1:B1")
    book.save(path)
    (sheet,) = read_cells(path)
    assert set(sheet.faults) == {(1, 1), (1, 2), (1, 3), (1, 4)}
    assert sheet.faults[1, 1] == "the merged cells A1:B1 hide it; unmerge them"
    assert "made a date of it" in sheet.faults[1, 2]
    assert "formula has no value" in sheet.faults[1, 3]
    assert "the error #N/A" in sheet.faults[1, 4]


@pytest.mark.parametrize(
    ("text", "delimiter", "row"),
    [
        ("a,b\n1,2\n", ",", ["1", "2"]),
        ("a;b\n1,5;2\n2,5;3\n", ";", ["1,5", "2"]),
        ("a\tb\nx, y\tz; w\n", "\t", ["x, y", "z; w"]),
        ('a;b\n"1,2,3";"x,y"\n', ";", ["1,2,3", "x,y"]),
        ("a\nb\n", ",", ["b"]),
    ],
)
def test_delimiter_is_the_sign_that_divides_all_lines(tmp_path, text, delimiter, row):
    path = tmp_path / "a.csv"
    path.write_text(text)
    (sheet,) = read_cells(path)
    assert sheet.delimiter == delimiter
    assert sheet.rows[2] == row
    assert sheet.place(2, 0) == "A2"


def test_bom_and_blank_lines_of_a_text_table(tmp_path):
    path = tmp_path / "é.csv"
    path.write_bytes("\ufeffwell,µ\r\n,\r\nA1,2\r\n".encode())
    (sheet,) = read_cells(path)
    assert sheet.rows == {1: ["well", "µ"], 3: ["A1", "2"]}


def test_old_workbooks_are_refused(tmp_path):
    with pytest.raises(
        PlateTableError, match=r"Expected an .xlsx, .csv or .tsv; got .xls\. .*Save"
    ):
        read_cells(tmp_path / "a.XLS")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and more", b"well,x\n"])
def test_file_that_is_no_workbook(tmp_path, data):
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with pytest.raises(PlateTableError, match=r"Expected a workbook; it cannot be read .*a\.xlsx"):
        read_cells(path)


def test_archive_that_is_no_workbook(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("x.txt", "x")
    with pytest.raises(PlateTableError, match="Expected a workbook"):
        read_cells(tmp_path / "a.xlsx")


def test_workbook_that_unpacks_to_too_much(tmp_path, monkeypatch):
    monkeypatch.setattr(spreadsheet, "MAX_BYTES", 100)
    workbook(tmp_path / "a.xlsx", ("one", [["x"]]))
    with pytest.raises(PlateTableError, match=r"at most 100 bytes; it unpacks to [\d,]+\."):
        read_cells(tmp_path / "a.xlsx")


def test_entities_of_a_workbook_are_not_expanded(tmp_path):
    path, bomb = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    workbook(path, ("one", [["x"]]))
    entities = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    with zipfile.ZipFile(path) as good, zipfile.ZipFile(bomb, "w") as bad:
        for name in good.namelist():
            text = good.read(name).decode()
            if name.endswith("sheet1.xml"):
                text = entities + text.replace("<v>0</v>", "<v>&b;</v>")
            bad.writestr(name, text)
    with pytest.raises(PlateTableError, match="Expected a workbook"):
        read_cells(bomb)


def test_missing_and_empty_files(tmp_path):
    with pytest.raises(PlateTableError, match="No such file"):
        read_cells(tmp_path / "none.csv")
    with pytest.raises(PlateTableError, match="cannot be read"):
        read_cells(tmp_path / "none.xlsx")
    (tmp_path / "a.csv").write_text(" \n,\n")
    with pytest.raises(PlateTableError, match="got an empty file"):
        read_cells(tmp_path / "a.csv")
