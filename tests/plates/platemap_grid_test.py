"""Plate maps as pictures of the plate: blocks in sheets, their names, sizes and traps."""

import csv

import openpyxl
import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.controls import ControlRules
from cellscreen.plates.platemap import read_platemap
from cellscreen.plates.platemap_file import MapOptions
from cellscreen.plates.platemap_grid import row_letters


def block(name, value, rows=8, columns=12, above=False):
    """Lines of a block; `value` is a function of row and column from 0, or one value."""
    at = value if callable(value) else lambda row, column: value
    lines = [["" if above else name, *range(1, columns + 1)]]
    lines += [
        [row_letters(row), *(at(row, column) for column in range(columns))] for row in range(rows)
    ]
    return [[name], *lines] if above else lines


def beside(*blocks):
    """Blocks of one height, with a blank column between them."""
    return [[cell for line in lines for cell in (*line, "")] for lines in zip(*blocks, strict=True)]


@pytest.fixture
def write(tmp_path):
    def to_csv(lines, delimiter=","):
        path = tmp_path / "map.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=delimiter).writerows(lines)
        return path

    return to_csv


def book(path, **sheets):
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, lines in sheets.items():
        sheet = workbook.create_sheet(title)
        for line in lines:
            sheet.append([None if cell == "" else cell for cell in line])
    workbook.save(path)
    return path


COMPOUND = block("compound", lambda row, column: f"c{row}-{column}")
DOSE = block("dose (nM)", lambda row, column: 1000 * column + row)


def check(frame):
    assert len(frame) == 96
    by_well = frame.set_index("Metadata_Well")
    assert by_well.loc["C07", "Metadata_pert_iname"] == "c2-6"
    assert by_well.loc["C07", "Metadata_concentration_um"] == 6.002
    assert by_well.loc["H12", "Metadata_pert_iname"] == "c7-11"
    assert set(frame["Metadata_control_type"]) == {"trt"}


def test_blocks_below_each_other(write):
    check(read_platemap(write([["Map of Ann"], [], *COMPOUND, [], *DOSE])))


def test_blocks_without_a_line_between_them(write):
    check(read_platemap(write([*COMPOUND, *DOSE])))


def test_blocks_beside_each_other(write):
    check(read_platemap(write(beside(COMPOUND, DOSE))))


def test_names_in_the_line_above(write):
    compound = block("compound", lambda row, column: f"c{row}-{column}", above=True)
    dose = block("dose (nM)", lambda row, column: 1000 * column + row, above=True)
    check(read_platemap(write([*compound, [], *dose])))


def test_blocks_of_one_sheet_of_a_workbook(tmp_path):
    check(read_platemap(book(tmp_path / "a.xlsx", map=[*COMPOUND, [], *DOSE])))


def test_a_sheet_a_block_named_by_its_title(tmp_path):
    compound, dose = ([["", *lines[0][1:]], *lines[1:]] for lines in (COMPOUND, DOSE))
    check(read_platemap(book(tmp_path / "a.xlsx", **{"compound": compound, "dose (nM)": dose})))


def test_decimal_comma_with_semicolons(write):
    frame = read_platemap(write([*block("drug", "x"), *block("dose (uM)", "0,5")], ";"))
    assert set(frame["Metadata_concentration_um"]) == {0.5}


@pytest.mark.parametrize(
    ("rows", "columns", "last"),
    [(2, 3, "B03"), (4, 6, "D06"), (8, 12, "H12"), (16, 24, "P24"), (32, 48, "AF48")],
)
def test_sizes_of_plates(write, rows, columns, last):
    frame = read_platemap(write(block("compound", "x", rows, columns)))
    assert len(frame) == rows * columns
    assert frame["Metadata_Well"].iloc[-1] == last


def test_other_variables_are_text_and_controls_are_words(write):
    role = block("role", lambda row, column: "negative control" if column == 0 else "treated")
    batch = block("serum batch", "007")
    frame = read_platemap(write([*COMPOUND, [], *role, [], *batch]))
    assert frame["Metadata_control_type"].value_counts().to_dict() == {"trt": 88, "negcon": 8}
    assert set(frame["Metadata_serum batch"]) == {"007"}


def test_blank_wells_need_a_rule(write):
    edge = block("compound", lambda row, column: "" if row in (0, 7) else "x")
    with pytest.raises(PlateTableError, match=r"no rule says what that means.*Wells: A01, A02"):
        read_platemap(write(edge))
    frame = read_platemap(write(edge), MapOptions(ControlRules("empty")))
    assert frame["Metadata_control_type"].value_counts().to_dict() == {"trt": 72, "empty": 24}


def test_wrong_cell_is_named(write):
    dose = block("dose (nM)", lambda row, column: "ten" if (row, column) == (1, 2) else 5)
    message = r"Cell D12: Expected the concentration to be a number .*got 'ten'.*well B03\]"
    with pytest.raises(PlateTableError, match=message):
        read_platemap(write([*COMPOUND, *dose]))


def test_wrong_cell_of_a_workbook_is_named_with_its_sheet(tmp_path):
    dose = block("dose (nM)", lambda row, column: -1 if (row, column) == (1, 2) else 5)
    with pytest.raises(PlateTableError, match=r"Cell D3 of sheet 'doses': Expected the concentr"):
        read_platemap(book(tmp_path / "a.xlsx", names=COMPOUND, doses=dose))


def test_merged_cells_of_a_block(tmp_path):
    path = book(tmp_path / "a.xlsx", map=COMPOUND)
    workbook = openpyxl.load_workbook(path)
    workbook["map"].merge_cells("B2:C2")
    workbook.save(path)
    with pytest.raises(PlateTableError, match=r"Cell C2 of sheet 'map' cannot be used: the merged"):
        read_platemap(path)


def test_unit_missing_in_a_block(write):
    with pytest.raises(PlateTableError, match=r"The unit of the concentration is not stated"):
        read_platemap(write([*COMPOUND, *block("dose", 5)]))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            COMPOUND[:-2],
            r"Expected the rows A to H below A1, for 12 columns; got A B .* F \(blank\)",
        ),
        (block("drug", "x", 9, 12), r"Expected the rows A to H below A1, for 12 columns; .*H I\."),
        (block("drug", "x", 8, 10), r"Expected 3, 4, 6, 8, 12, 24, 48 columns .*at A1; got 10"),
        (block("", "x"), r"The block at A1 has no name\. Write the variable in its corner"),
        ([*COMPOUND, [], *COMPOUND], r"columns 'compound' and 'compound' both mean pert_iname"),
        (
            [*COMPOUND, [], *block("dose (nM)", 1, 16, 24)],
            r"blocks of one plate size; the block at A11 has 24 columns, the one at A1 12",
        ),
        ([*COMPOUND, [], ["well", "role"], ["A1", "trt"]], r"got several, at A11, A1\."),
    ],
)
def test_blocks_that_cannot_be(write, lines, message):
    with pytest.raises(PlateTableError, match=message):
        read_platemap(write(lines))


def test_letters_of_rows():
    assert [row_letters(number) for number in (0, 25, 26, 31)] == ["A", "Z", "AA", "AF"]
