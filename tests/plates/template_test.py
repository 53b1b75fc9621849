"""Templates: their grammar, every image accounted for, and BBBC013's names."""

import logging
import os
import string
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellscreen.errors import ConfigError, PlateTableError
from cellscreen.plates.key import normalize_well
from cellscreen.plates.template import read_template
from cellscreen.plates.template_grammar import regex_grammar, template_grammar

DATA = Path(os.environ.get("CELLSCREEN_DATA", Path(__file__).parents[3] / "shared" / "data"))
BBBC013 = "Channel{channel}-*-{row}-{col}.tif"
KEYS = ["Metadata_Plate", "Metadata_Well", "Metadata_Site", "channel"]


@pytest.fixture
def read(tmp_path):
    """Makes files and reads them by a template."""

    def make_and_read(template, *names, ignore=()):
        for name in names:
            path = tmp_path / "plates" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return read_template(tmp_path / "plates", template_grammar(template), ignore)

    return make_and_read


def test_folders_and_names_become_a_table(read, tmp_path):
    table = read(
        "{plate}/{well}_{site}_{channel}.tif",
        *("P1/a1_01_DNA.TIF", "P1/A01_2_DNA.tif", "P1/A01_10_ER.tif", "Ü 2/B3_1_ER.tif"),
    )
    assert table[KEYS].to_numpy().tolist() == [
        ["P1", "A01", "1", "DNA"],
        ["P1", "A01", "2", "DNA"],
        ["P1", "A01", "10", "ER"],
        ["Ü 2", "B03", "1", "ER"],
    ]
    assert table["path"][0] == str(tmp_path / "plates" / "P1" / "a1_01_DNA.TIF")


def test_planes_and_times_where_there_are_several(read):
    table = read("{well}_z{plane}_t{timepoint}.tif", "A1_z01_t1.tif", "A1_z02_t1.tif")
    assert table["Metadata_Plane"].tolist() == ["1", "2"]
    assert table["Metadata_Timepoint"].tolist() == ["", ""]
    assert table["Metadata_Plate"].unique().tolist() == ["plates"]


def test_dishes_and_wells_by_row_and_column(read):
    assert read("{well}_{site}.png", "dish-03_1.png")["Metadata_Well"].tolist() == ["dish-03"]
    table = read("r{row}c{col}.tif", "r03c07.tif", "R32C48.tif", ignore=["*.png"])
    assert table["Metadata_Well"].tolist() == ["C07", "AF48"]


def test_names_of_bbbc013():
    parse = template_grammar(BBBC013).parse
    assert parse("Channel2-31-C-07.tif") == {"channel": "2", "row": "C", "col": "07"}
    assert parse("Channel1-01-A-01.TIF") == {"channel": "1", "row": "A", "col": "01"}
    regex = r"Channel(?P<channel>\d)-\d+-(?P<row>[A-H])-(?P<col>\d\d)\.tif"
    assert regex_grammar(regex).parse("Channel2-31-C-07.tif") == parse("Channel2-31-C-07.tif")


def test_real_bbbc013(tmp_path):
    archive = DATA / "bbbc013.zip"
    if not archive.is_file():
        pytest.skip(f"needs bbbc013.zip in {DATA}")
    zipfile.ZipFile(archive).extractall(tmp_path)
    folder = tmp_path / "BBBC013_ExampleSBS"
    table = read_template(folder, template_grammar(BBBC013))
    assert table["Metadata_Well"].nunique() == 96
    assert table["channel"].value_counts().to_dict() == {"1": 96, "2": 96}
    listed = pd.read_csv(folder / "platemap_derived.csv").set_index("well")
    names = table["path"].map(os.path.basename)
    for channel, column in {"1": "file_gfp", "2": "file_dna"}.items():
        of_channel = table["channel"] == channel
        found = dict(zip(table.loc[of_channel, "Metadata_Well"], names[of_channel], strict=True))
        assert found == listed[column].to_dict()


def test_images_of_another_form_are_listed(read):
    with pytest.raises(PlateTableError) as error:
        read("{well}.tif", "A1.tif", *(f"x/{number:02d}.png" for number in range(23)))
    told = str(error.value)
    assert "23 of 24 images are not like {well}.tif:\n    x/00.png\n" in told
    assert "x/19.png" in told
    assert "x/20.png" not in told
    assert "… and 3 more" in told


def test_what_is_left_out_is_counted(read, caplog):
    with caplog.at_level(logging.INFO, logger="cellscreen"):
        table = read(
            "{well}.tif",
            *("A1.tif", "._A1.tif", "A1_thumb.tif", "x/thumbs/A1.tif", "A1_thumb1A2B3C4D-x.tif"),
            *("A1_mask.tif", "masks/A1.tif", "notes.txt", ".cache/A1.tif"),
            ignore=["*_MASK.tif", "masks/*"],
        )
    assert len(table) == 1
    assert "left out: 1 hidden, 2 ignored, 1 other files, 3 thumbnails." in caplog.text


def test_suffix_of_the_template_is_that_of_images(read, tmp_path):
    assert len(read("{well}.jxl", "A1.jxl")) == 1
    grammar = regex_grammar(r"(?P<well>\w\d)\.jxl")
    assert len(read_template(tmp_path / "plates", grammar)) == 1


def test_no_image_at_all(read):
    message = r"Expected images like \{well\}\.tif; found none \(1 hidden\)"
    with pytest.raises(PlateTableError, match=message):
        read("{well}.tif", ".A1.tif")


@pytest.mark.parametrize(
    ("template", "names", "said"),
    [
        ("{well}*.tif", ["A1.tif", "A01.tif"], "something between"),
        ("{well}_*.tif", ["A1_x.tif", "A01_y.tif"], r"Two files for one image .*A01_y.*A1_x"),
        ("{well}.tif", ["Z99.tif"], "'Z99.tif' has no well: expected a well of a plate; got 'Z99'"),
        ("{row}_{col}.tif", ["33_1.tif"], r"'33_1.tif' has no well: expected a row from 1 to 32"),
        ("{plate}_{channel}_{well}.tif", ["a_b_c_A1.tif"], r"read in two ways: plate 'a', .* or "),
        ("{plate}_{well}.tif", ["[P]_A1.tif"], "one of the pattern characters"),
        (
            "*/{plate}_{well}.tif",
            ["a/P1_A1.tif", "b/P1_A2.tif"],
            "Expected one measurement of a pl",
        ),
        ("{plate}__*/{well}.tif", ["P__1/A1.tif", "P__2/A2.tif"], "Expected one measurement of a"),
    ],
)
def test_folders_that_cannot_be_right(read, template, names, said):
    with pytest.raises((PlateTableError, ConfigError), match=said):
        read(template, *names)


def test_folders_of_times_and_wells_are_one_measurement(read):
    table = read("t{timepoint}/{plate}_{well}.tif", "t1/P1_A1.tif", "t2/P1_A1.tif", "t2/P1_A2.tif")
    assert table["Metadata_Timepoint"].tolist() == ["1", "2", "2"]


def test_links(read, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "A1.tif").touch()
    (tmp_path / "plates").mkdir()
    (tmp_path / "plates" / "P1").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "plates" / "back").symlink_to(tmp_path / "plates")
    assert read("{plate}/{well}.tif")["Metadata_Plate"].tolist() == ["P1"]
    (tmp_path / "plates" / "P2").mkdir()
    (tmp_path / "plates" / "P2" / "A2.tif").symlink_to(tmp_path / "elsewhere" / "A1.tif")
    with pytest.raises(PlateTableError, match="a link that leaves the plate's folder"):
        read("{plate}/{well}.tif")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{wel}.tif", r"fields plate, well, .*; got 'wel' in"),
        ("{}_{well}.tif", "got ''"),
        ("{well.tif", "fields like {well}"),
        ("{site}.tif", r"Expected the well of every image; .* Name the well by \{well\}"),
        ("{row}_{site}.tif", "Expected the well of every image"),
        ("{well}_{row}.tif", "got both"),
        ("{plate}{well}.tif", r"between \{plate\} and \{well\}"),
        ("*{well}.tif", r"between \* and \{well\}"),
        ("{col}{row}.tif", r"between \{col\} and \{row\}"),
        ("../{well}.tif", "paths below the folder"),
        ("/data/{well}.tif", "paths below the folder"),
        ("", "Expected the well of every image"),
    ],
)
def test_templates_that_cannot_work(template, said):
    with pytest.raises(ConfigError, match=said):
        template_grammar(template)


@pytest.mark.parametrize(
    ("regex", "said"),
    [
        ("(?P<well>", "regular expression; got .*unterminated|missing"),
        (r"(?P<well>.+)_(?P<field>\d)\.tif", "got 'field'"),
        (r"(.+)\.tif", "Expected the well of every image"),
    ],
)
def test_regular_expressions_that_cannot_work(regex, said):
    with pytest.raises(ConfigError, match=said):
        regex_grammar(regex)


def test_field_that_stands_twice_has_one_value():
    parse = template_grammar(r"{plate}\{plate}_{well}.tif").parse
    assert parse("P1/P1_A01.tif") == {"plate": "P1", "well": "A01"}
    assert parse("P1/P2_A01.tif") is None


def test_row_and_column_side_by_side():
    parse = template_grammar("{row}{col}_{site}.tif").parse
    assert parse("AF07_1.tif") == {"row": "AF", "col": "07", "site": "1"}
    with pytest.raises(ValueError, match=r"two ways: row '0', col '101' or row '01', col '01'"):
        template_grammar("{row}{col}.tif").parse("0101.tif")


NAMES = st.text(string.ascii_letters + string.digits + "äß. ", min_size=1, max_size=8)
NUMBERS = st.integers(0, 10**4).map(str) | st.sampled_from(["00", "007"])
WELLS = st.builds(
    lambda row, column, width: f"{row}{column:0{width}d}",
    st.sampled_from(["a", "H", "P", "AF", "ab"]),
    st.integers(1, 48),
    st.integers(1, 3),
)
VALUES = {"plate": NAMES, "channel": NAMES, "well": WELLS} | dict.fromkeys(
    ("site", "plane", "timepoint"), NUMBERS
)


@st.composite
def templates(draw):
    """A template in which `_`, `-` and `/` stand between fields, and values for them."""
    others = st.lists(st.sampled_from([f for f in VALUES if f != "well"]), unique=True)
    fields = draw(st.permutations(["well", *draw(others)]))
    ends = draw(st.lists(st.sampled_from(["_", "-", "/", "_x"]), min_size=len(fields), max_size=8))
    template = "".join(f"{{{field}}}{end}" for field, end in zip(fields, ends, strict=False))
    return template + "i.tif", {field: draw(VALUES[field]) for field in fields}


@given(templates())
def test_what_a_template_makes_it_reads_again(made):
    template, fields = made
    path = template.format(**fields)
    assert template_grammar(template).parse(path) == fields
    regex = template.replace(".", r"\.")
    for field in fields:
        regex = regex.replace(f"{{{field}}}", f"(?P<{field}>[^-_/]+)")
    assert regex_grammar(regex).parse(path) == fields


@given(st.lists(st.sampled_from(["A1", "b02", "_", "-", "x"]), max_size=9).map("".join))
def test_a_path_is_read_in_one_way_or_not_at_all(name):
    """All ways to cut the name by hand, against what the grammar says."""
    ways = []
    for at, sign in enumerate(name):
        well, _, channel = name[at + 1 :].partition("_")
        if sign == "_" and at and channel and normalize_well(well) in ("A01", "B02"):
            ways.append({"plate": name[:at], "well": well, "channel": channel})
    parse = template_grammar("{plate}_{well}_{channel}.tif").parse
    if len(ways) > 1:
        with pytest.raises(ValueError, match="can be read in two ways"):
            parse(f"{name}.tif")
    else:
        assert parse(f"{name}.tif") == (ways[0] if ways else None)
