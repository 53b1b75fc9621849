"""LoadData files: channels, functions, paths of other machines, and everything that is wrong."""

import logging
import os
import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.harmony import read_harmony
from cellscreen.plates.load_data import load_data_sign, read_load_data
from cellscreen.plates.load_data_header import channel_of, image_of

DATA = Path(os.environ.get("CELLSCREEN_DATA", Path(__file__).parents[3] / "shared" / "data"))
SITE = "Metadata_Plate,Metadata_Well,Metadata_Site"
HEADER = f"FileName_OrigDNA,PathName_OrigDNA,FileName_OrigER,PathName_OrigER,{SITE}"


@pytest.fixture
def read(tmp_path):
    """Writes lines to load_data.csv, makes files beside it, and reads."""

    def write_and_read(*lines, files=(), name="load_data.csv", replaced=(), encoding="utf-8"):
        for file in files:
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding=encoding)
        return read_load_data(tmp_path, replaced)

    return write_and_read


def test_a_row_a_site_becomes_a_row_a_channel(read, tmp_path):
    table = read(
        HEADER,
        "1.tif,im,2.tif,im/,P1,a1,1",
        f"3.tif,{tmp_path}/im,4.tif,im,P1,A02,1",
        files=[f"im/{number}.tif" for number in (1, 2, 3, 4)],
        encoding="utf-8-sig",
    )
    keys = ["Metadata_Plate", "Metadata_Well", "Metadata_Site", "channel"]
    assert table[keys].to_numpy().tolist() == [
        ["P1", "A01", "1", "DNA"],
        ["P1", "A01", "1", "ER"],
        ["P1", "A02", "1", "DNA"],
        ["P1", "A02", "1", "ER"],
    ]
    assert table["path"].tolist() == [str(tmp_path / "im" / f"{n}.tif") for n in (1, 2, 3, 4)]
    assert "problem" not in table


def test_metadata_of_a_site_and_of_a_channel(read):
    table = read(
        f"{HEADER},Metadata_hours,Metadata_control_type,Metadata_Exposure_OrigER,"
        "Metadata_pixel_size_um,Metadata_bit_depth_OrigDNA,Frame_OrigER,Titration_NaCl,Height_OrigER",
        "1.tif,,2.tif,,P1,A1,1,48,negcon,0.2,0.65,12,3,7,1080",
        files=["1.tif", "2.tif"],
    )
    dna, er = table.to_dict("records")
    assert (dna["Metadata_hours"], dna["Metadata_control_type"]) == (48.0, "negcon")
    assert (dna["Metadata_Exposure"], er["Metadata_Exposure"]) == ("", "0.2")
    assert table["pixel_size_um"].tolist() == [0.65, 0.65]
    assert table["bit_depth"].tolist() == [12, pd.NA]
    assert table["page"].tolist() == [pd.NA, 3]
    assert table["Metadata_Titration_NaCl"].tolist() == ["7", "7"]
    assert not [name for name in table if "Height" in name]


def test_well_of_row_and_column(read):
    table = read(
        "FileName_DNA,Metadata_Plate,Metadata_Row,Metadata_Col,Metadata_Site",
        "1.tif,P1,C,7,1",
        "2.tif,P1,3,08,1",
        files=["1.tif", "2.tif"],
    )
    assert table["Metadata_Well"].tolist() == ["C07", "C08"]


def test_row_or_column_of_no_plate(read):
    with pytest.raises(PlateTableError, match=r"row from 1 to 32 .* got 33 and 1\. .*line 2"):
        read("FileName_D,Metadata_Plate,Metadata_Row,Metadata_Col,Metadata_Site", "1.tif,P1,33,1,1")


def test_functions_stand_beside_the_images(read, tmp_path):
    table = read(
        f"{HEADER},FileName_IllumDNA,PathName_IllumDNA",
        "1.tif,,2.tif,,P1,A1,1,P1_IllumDNA.npy,illum",
        files=["1.tif", "2.tif", "illum/P1_IllumDNA.npy"],
    )
    assert table["illumination"].tolist() == [str(tmp_path / "illum" / "P1_IllumDNA.npy"), ""]


def test_function_that_is_not_there(read):
    with pytest.raises(PlateTableError, match=r"illumination function cannot be used .*DNA\.npy"):
        read(
            f"{HEADER},FileName_IllumDNA",
            "1.tif,,2.tif,,P1,A1,1,DNA.npy",
            files=["1.tif", "2.tif"],
        )


def test_function_without_a_channel(read):
    with pytest.raises(PlateTableError, match="channel 'RNA' for the function IllumRNA"):
        read(f"{HEADER},FileName_IllumRNA", "1.tif,,2.tif,,P1,A1,1,a.npy")


def test_with_illum_is_read_in_place_of_its_neighbour(read, tmp_path):
    (tmp_path / "load_data.csv").write_text(f"{HEADER}\n9.tif,,8.tif,,P1,A1,1\n")
    table = read(HEADER, "1.tif,,2.tif,,P1,A1,1", name="load_data_with_illum.csv", files=["1.tif"])
    assert load_data_sign(tmp_path) == "load_data_with_illum.csv"
    assert os.path.basename(table["path"][0]) == "1.tif"


def test_images_of_another_machine(read, tmp_path):
    lines = [HEADER, r"1.tif,D:\scans\P1,2.tif,D:\scans\P1,P1,A1,1"]
    message = (
        r"None of 2 files is there: D:/scans/P1/1\.tif\. .* replace_root to D:/scans/P1=<folder"
    )
    with pytest.raises(PlateTableError, match=message):
        read(*lines)
    files = ["new/P1/1.tif", "new/P1/2.tif"]
    table = read(*lines, files=files, replaced=[(r"D:\scans", str(tmp_path / "new"))])
    assert table["path"].tolist() == [str(tmp_path / file) for file in files]


def test_advice_on_relative_paths_can_be_followed_word_by_word(read, tmp_path):
    lines = [HEADER, "1.tif,tests/im,2.tif,tests/im,P1,A1,1"]
    with pytest.raises(PlateTableError) as error:
        read(*lines, files=["new/1.tif", "new/2.tif"])
    old = re.search("replace_root to (.*)=<", str(error.value))[1]
    for root in (old, "tests/im"):
        table = read(*lines, replaced=[(root, str(tmp_path / "new"))])
        assert table["path"].tolist() == [str(tmp_path / "new" / f"{n}.tif") for n in (1, 2)]
    table = read(HEADER, "1.tif,,2.tif,,P1,A1,1", replaced=[("", str(tmp_path / "new"))])
    assert table["path"].tolist() == [str(tmp_path / "new" / f"{n}.tif") for n in (1, 2)]


def test_some_absent_files_are_told_by_wells_and_stay(read, caplog):
    with caplog.at_level(logging.WARNING, logger="cellscreen"):
        table = read(
            HEADER,
            "1.tif,,2.tif,,P1,A1,1",
            "3.tif,,4.tif,,P1,B2,1",
            files=["1.TIF", "2.tif", "4.tif"],
        )
    absent = "listed in the table, the file is absent"
    assert table["problem"].tolist() == ["", "", absent, ""]
    assert os.path.basename(table["path"][0]) == "1.TIF"
    assert f"Plate P1: 1 of 4 images: {absent}: B02 (1)." in caplog.text


def test_plate_without_any_file_is_an_error_beside_another(read):
    with pytest.raises(PlateTableError, match=r"None of 2 files is there: .*plate P2"):
        read(HEADER, "1.tif,,2.tif,,P1,A1,1", "3.tif,,4.tif,,P2,A1,1", files=["1.tif", "2.tif"])


def test_addresses_of_this_machine_and_others(read, tmp_path, caplog):
    (tmp_path / "ä ö").mkdir()
    (tmp_path / "ä ö" / "1.tif").touch()
    local = (tmp_path / "ä ö" / "1.tif").as_uri()
    with caplog.at_level(logging.INFO, logger="cellscreen"):
        table = read(f"URL_OrigDNA,URL_OrigER,{SITE}", f"{local},s3://b/P1/2.tiff,P1,A1,1")
    assert table["path"].tolist() == [str(tmp_path / "ä ö" / "1.tif"), "s3://b/P1/2.tiff"]
    assert "1 addresses are not looked up" in caplog.text


def test_addresses_may_be_replaced_by_a_copy(read, tmp_path):
    table = read(
        f"URL_OrigDNA,{SITE}",
        "s3://bucket/images/P1/1.tif,P1,A1,1",
        files=["P1/1.tif"],
        replaced=[("s3://bucket/images", str(tmp_path))],
    )
    assert table["path"].tolist() == [str(tmp_path / "P1" / "1.tif")]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ftp://host/1.tif", r"address with file:// or s3://.*got 'ftp://host/1\.tif'"),
        ("1.tif", "address with file://"),
        ("file://other/1.tif", "address with file://"),
        ("s3://bucket/../secret/1.tif", r"address without '\.\.'"),
        ("s3://bucket/%2e%2e/1.tif", r"address without '\.\.'"),
        ("file:///data/../etc/1.tif", r"path without '\.\.'"),
    ],
)
def test_addresses_that_are_refused(read, address, said):
    with pytest.raises(PlateTableError, match=f"URL_OrigDNA to be an? .*{said}"):
        read(f"URL_OrigDNA,{SITE}", f"{address},P1,A1,1")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("s3://b/1.tif", r"FileName_OrigDNA to be a path \(addresses stand in columns URL_…\)"),
        ("../1.tif", r"FileName_OrigDNA to be a path without '\.\.'"),
        ("", r"FileName_OrigDNA to be the name of a file \(it is empty\); got ''"),
    ],
)
def test_names_that_are_refused(read, name, said):
    with pytest.raises(PlateTableError, match=rf"{said}.*line 2, plate P1, well A01"):
        read(HEADER, f"{name},,2.tif,,P1,A1,1", files=["2.tif"])


def test_everything_wrong_is_told_together_with_lines(read):
    with pytest.raises(PlateTableError) as error:
        read(
            HEADER,
            "1.tif,,2.tif,,P1,A1,1",
            "3.tif,,4.tif,,P1,a01,1",
            "1.tif,,6.tif,,P1,A2,1",
            "7.tif,,7.tif,,P1,A3,1",
            ",,8.tif,,P1,A4,one",
            "9.tif,P1",
        )
    told = str(error.value)
    for line, text in {
        3: r"The same plate, well and site .* as line 2 \(well a01 here, A1 there\)",
        4: r"The same file as channel DNA of line 2: .*1\.tif",
        5: r"The same file as channel DNA of line 5: .*7\.tif",
        6: r"Expected site to be digits, like 1; got 'one'",
        7: r"Expected 7 cells, got 2",
    }.items():
        assert re.search(rf"line {line}\b.*: {text}", told), text


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("FileName_OrigDNA,Metadata_Plate", "columns Metadata_Well, Metadata_Site too; got FileN"),
        (f"FileName_OrigDNA,FileName_OrigDNA,{SITE}", "Two columns are called FileName_OrigDNA"),
        (f"FileName_OrigDNA,FileName_DNA,{SITE}", "Two images are called 'DNA'"),
        (f"FileName_OrigDNA,PathName_OrigER,{SITE}", "column FileName_OrigER or URL_OrigER"),
        (f"FileName_OrigDNA,PathName_IllumDNA,{SITE}", "column FileName_IllumDNA or URL_IllumDNA"),
        (f"FileName_OrigDNA,{SITE},Metadata_plate", "Two columns are Metadata_Plate"),
    ],
)
def test_headers_that_cannot_be_right(read, header, said):
    with pytest.raises(PlateTableError, match=said):
        read(header, ",".join("x" * len(header.split(","))))


def test_header_without_rows(read):
    with pytest.raises(PlateTableError, match="Expected a row a site, got a header only"):
        read(HEADER)


def test_one_plate_in_two_files(tmp_path):
    for folder, well in (("a", "A1"), ("b", "A2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.tif").touch()
        (tmp_path / folder / "load_data.csv").write_text(
            f"FileName_OrigDNA,{SITE}\n1.tif,P1,{well},1\n"
        )
    with pytest.raises(PlateTableError, match=r"plate in one file; others are in .*a/load_data"):
        read_load_data(tmp_path)
    text = (tmp_path / "b" / "load_data.csv").read_text().replace("P1", "P2")
    (tmp_path / "b" / "load_data.csv").write_text(text)
    assert read_load_data(tmp_path)["Metadata_Plate"].tolist() == ["P1", "P2"]
    assert load_data_sign(tmp_path) == "a/load_data.csv and 1 more"


def test_other_tables_are_none_of_it(tmp_path):
    (tmp_path / "images.csv").write_text("path,plate,well,site\n")
    (tmp_path / "broken.csv").symlink_to(tmp_path / "nowhere")
    assert load_data_sign(tmp_path) is None


@pytest.mark.parametrize("channel", ["DNA", "w1", "", "_x", "Original", "488", "Orig"])
def test_every_channel_comes_back_from_its_image_name(channel):
    assert channel_of(image_of(channel)) == channel


def test_standard_converter_and_index_agree(tmp_path):
    archive = DATA / "jump_phenix.zip"
    if not archive.is_file():
        pytest.skip(f"needs jump_phenix.zip in {DATA}")
    zipfile.ZipFile(archive).extractall(tmp_path)
    for version in (1, 5):
        folder = tmp_path / "jump_phenix" / f"Version{version}"
        listed = read_load_data(folder, [(f"tests/data/Version{version}", str(folder))])
        indexed = read_harmony(folder)
        keys = ["Metadata_Plate", "Metadata_Well", "Metadata_Site", "path"]
        assert sorted(map(tuple, listed[keys].to_numpy())) == sorted(
            map(tuple, indexed[keys].to_numpy())
        )
        assert ("DNA" in set(listed["channel"])) == (version == 1)
