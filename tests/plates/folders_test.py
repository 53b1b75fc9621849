"""The folder convention: what is a well, and what does not belong."""

import os

import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.folders import read_folders, well_of_name


@pytest.fixture
def tree(tmp_path):
    """Makes empty files; the reader looks at names only."""

    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("stem", "well"),
    [
        ("A01_1", "A01"),
        ("a1_", "A01"),
        ("p24_x_y", "P24"),
        ("well-b2_1", "B02"),
        ("WellC03_1", "C03"),
        ("dish-03_1", "dish-03"),
        ("Dish 3_1", "Dish 3"),
        ("dish3_1", "dish3"),
        ("well7_1", "well7"),
        ("img_001", None),
        ("A01", None),
        ("A01-1", None),
        ("A25_1", None),
        ("a0_1", None),
        ("A001_1", None),
        ("Q01_1", None),
        ("s1_2", None),
        ("t48_1", None),
        ("AC16_1", None),
        ("A549_1", None),
        ("well_1", None),
        ("dish_001", None),
        ("_A01", None),
        ("", None),
    ],
)
def test_a_well_stands_before_the_first_underscore(stem, well):
    assert well_of_name(stem) == well


def test_the_name_of_a_cell_line_is_no_well():
    assert well_of_name("b16_1", cell_line="B16") is None
    assert well_of_name("b16_1", cell_line="AC16") == "B16"


def test_table_of_a_plate_and_of_dishes(tree):
    root = tree(
        "AC16/48H/normoxia/A01_10.PNG",
        "AC16/48H/normoxia/A01_9.tif",
        "AC16/48H/normoxia/b2_1.jpeg",
        "AC16/48h/Hypoxia/A01_1.TIFF",
        "H9C2/1.5H/hypoxia/dish-03_1.jpg",
    )
    table = read_folders(root)
    columns = ["Metadata_Plate", "Metadata_Well", "Metadata_Site", "path"]
    relative = table[columns].assign(path=[os.path.relpath(path, root) for path in table["path"]])
    assert relative.to_numpy().tolist() == [
        ["AC16_48H_normoxia", "A01", "1", "AC16/48H/normoxia/A01_9.tif"],
        ["AC16_48H_normoxia", "A01", "2", "AC16/48H/normoxia/A01_10.PNG"],
        ["AC16_48H_normoxia", "B02", "1", "AC16/48H/normoxia/b2_1.jpeg"],
        ["AC16_48H_hypoxia", "A01", "1", "AC16/48h/Hypoxia/A01_1.TIFF"],
        ["H9C2_1.5H_hypoxia", "dish-03", "1", "H9C2/1.5H/hypoxia/dish-03_1.jpg"],
    ]
    assert table["Metadata_batch"].tolist() == ["AC16_48H"] * 4 + ["H9C2_1.5H"]
    assert table["Metadata_hours"].tolist() == [48.0] * 4 + [1.5]
    assert table["Metadata_condition"].tolist() == ["normoxia"] * 3 + ["hypoxia"] * 2
    assert table["Metadata_cell_line"].tolist() == ["AC16"] * 4 + ["H9C2"]


def test_without_wells_the_folder_is_one_well(tree):
    root = tree("AC16/48H/hypoxia/img_2.tif", "AC16/48H/hypoxia/img_10.tif")
    table = read_folders(root)
    assert table["Metadata_Well"].tolist() == ["folder", "folder"]
    assert [os.path.basename(path) for path in table["path"]] == ["img_2.tif", "img_10.tif"]
    assert table["Metadata_Site"].tolist() == ["1", "2"]


def test_other_files_and_hidden_ones_are_passed_over(tree):
    root = tree(
        "AC16/48H/hypoxia/A01_1.tif",
        "AC16/48H/hypoxia/._A01_1.tif",
        "AC16/48H/hypoxia/notes.txt",
        "AC16/48H/.thumbs/A01_1.png",
        "figures/plot.png",
        "logo.png",
    )
    assert len(read_folders(root)) == 1


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["AC16/48H/anoxia/A01_1.tif"],
            r"condition, normoxia or hypoxia; got 'anoxia'\. .*/anoxia",
        ),
        (
            ["AC16/48H/A01_1.tif"],
            r"images in <cell_line>/.* only; images in this folder: 1\. .*48H\]",
        ),
        (["AC16/48H/hypoxia/A01_1.tif", "AC16/x.tif"], r"images in this folder: 1\. .*AC16\]"),
        (
            ["AC16/48H/hypoxia/A01_1.tif", "AC16/2 days/y/x.tif"],
            r"<hours>H, like 48H; images .*2 days",
        ),
        (["AC16/48H/hypoxia/day1/A01_1.tif"], r"no folder below the condition; images .*day1\]"),
        (
            ["AC16/48H/hypoxia/A01_1.tif", "AC16/48H/hypoxia/img_1.tif"],
            r"1 of 2 names in this folder have no well.*img_1\.tif, plate AC16_48H_hypoxia\]",
        ),
        (
            ["AC16/48H/hypoxia/A01_1.tif", "AC16/48H/hypoxia/A01_1.png"],
            r"The same name as A01_1\.png\. \[file .*A01_1\.tif",
        ),
        (
            ["AC16/48H/hypoxia/A01_1.tif", "AC16/48h/hypoxia/A01_1.tif"],
            r"The same cell line, time and condition as .*48H/hypoxia\. \[file .*48h/hypoxia\]",
        ),
        (["AC[16]/48H/hypoxia/A01_1.tif"], r"name that a plate can have \(it has one of the patt"),
        (["AC16/48H/hypoxia/A01_\n.tif"], r"name cannot be used \(.*control.*\): 'A01_\\n\.tif'"),
        (["AC16/48H/hypoxia/notes.txt"], r"Expected images, found none in any folder"),
    ],
)
def test_what_does_not_follow_the_convention(tree, names, message):
    with pytest.raises(PlateTableError, match=message) as caught:
        read_folders(tree(*names))
    assert "or write an images.csv." in str(caught.value)


def test_all_problems_are_told_at_once(tree):
    with pytest.raises(PlateTableError, match=r"^2 problems:") as caught:
        read_folders(tree("AC16/48H/anoxia/A01_1.tif", "H9C2/36H/hypo/A01_1.tif"))
    assert "got 'anoxia'" in str(caught.value)
    assert "got 'hypo'" in str(caught.value)


def test_file_name_that_is_not_utf8(tree):
    root = tree("AC16/48H/hypoxia/A01_1.tif")
    (root / os.fsdecode(b"AC16/48H/hypoxia/A01_\xff.tif")).touch()
    with pytest.raises(PlateTableError, match=r"cannot be used \(it is not UTF-8\): 'A01_\\udcff"):
        read_folders(root)
