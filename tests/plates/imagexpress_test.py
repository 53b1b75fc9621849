"""ImageXpress names and folders, with what goes missing from them."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellscreen.errors import PlateTableError
from cellscreen.plates.imagexpress import (
    ABSENT,
    ImageName,
    imagexpress_sign,
    parse_imagexpress,
    read_imagexpress,
)
from cellscreen.plates.imagexpress_htd import read_htd
from cellscreen.plates.usable import usable

GUID = "9DE56250-2E4B-4C11-9C6A-0123456789AB"
HTD = """"HTSInfoFile", Version 1.0
"Description", "two, wells"
"TimePoints", 1
"XWells", 3
"YWells", 2
"WellsSelection1", TRUE, TRUE, FALSE
"WellsSelection2", FALSE, FALSE, FALSE
"Sites", TRUE
"XSites", 2
"YSites", 2
"SiteSelection1", TRUE, TRUE
"SiteSelection2", FALSE, FALSE
"Waves", TRUE
"NWavelengths", 3
"WaveName1", "DAPI"
"WaveName2", "FITC"
"WaveName3", "Cy5"
"WaveCollect1", 1
"WaveCollect2", 1
"WaveCollect3", 0
"EndFile"
"""
PLANNED = [f"P1_{well}_s{site}_w{wave}.tif" for well in ("A01", "A02") for site in (1, 2)
           for wave in (1, 2)]  # fmt: skip


@pytest.fixture
def tree(tmp_path):
    def make(*names, htd=None, htd_name="P1.HTD"):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        if htd is not None:
            data = htd if isinstance(htd, bytes) else htd.encode()
            (tmp_path / htd_name).write_bytes(data)
        return tmp_path

    return make


def _values(table, *names):
    return table[list(names)].to_numpy().tolist()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("P1_A01_s2_w3.tif", ("P1", "A01", "2", "3", "", "", False)),
        (f"P1_A01_s1_w4{GUID}.tif", ("P1", "A01", "1", "4", "", "", False)),
        (f"P1_A01_s1_w12{GUID}.TIF", ("P1", "A01", "1", "12", "", "", False)),
        (f"P1_A01_s1_w4_thumb{GUID}.tif", ("P1", "A01", "1", "4", "", "", True)),
        ("P1_A01_s1_w4_thumb.tif", ("P1", "A01", "1", "4", "", "", True)),
        (f"P1_A01_s1_[{GUID}].tif", ("P1", "A01", "1", "", "", "", False)),
        (f"P1_A01{GUID}.tif", ("P1", "A01", "", "", "", "", False)),
        ("P1_A01.tif", ("P1", "A01", "", "", "", "", False)),
        ("P1_a01_S02_W01_T003.TIFF", ("P1", "A01", "2", "1", "3", "", False)),
        ("P1_AF48_s1_w1_z7.tif", ("P1", "AF48", "1", "1", "", "7", False)),
        ("my_long_B02_plate_C03_w1.tif", ("my_long_B02_plate", "C03", "", "1", "", "", False)),
        ("Plättchen_P24_w1.tif", ("Plättchen", "P24", "", "1", "", "", False)),
        ("P1_A00_w1.tif", None),
        ("P1_AZ01_w1.tif", None),
        ("P1_A1_w1.tif", None),
        ("A01_w1.tif", None),
        ("P1_A01_w123.tif", None),
        ("P1_A01_w1.png", None),
        ("P1_A01_T0001F001L01A01Z01C01.tif", None),
    ],
)
def test_what_a_name_says(name, expected):
    assert parse_imagexpress(name) == (expected and ImageName(*expected))


OPTIONAL = st.none() | st.integers(1, 99)


@given(
    plate=st.from_regex(r"[A-Za-z0-9-]{1,8}(_[A-Za-z0-9-]{3,5})?", fullmatch=True),
    row=st.sampled_from(["A", "P", "Z", "AA", "AF"]),
    column=st.integers(1, 48),
    parts=st.tuples(OPTIONAL, OPTIONAL, OPTIONAL),
    thumb=st.booleans(),
    guid=st.none() | st.uuids(),
    upper=st.booleans(),
)
def test_every_name_of_the_grammar_is_read(plate, row, column, parts, thumb, guid, upper):
    tail = "".join(f"_{key}{part}" for key, part in zip("swt", parts, strict=True) if part)
    name = f"{plate}_{row}{column:02d}{tail}{'_thumb' * thumb}{guid or ''}.tif"
    name = name.upper() if upper else name
    site, wave, time = (str(part or "") for part in parts)
    expected = (name[: len(plate)], f"{row}{column:02d}", site, wave, time, "", thumb)
    assert parse_imagexpress(name) == ImageName(*expected)


def test_a_small_plate_without_site_or_wavelength(tree):
    table = read_imagexpress(tree("P1_A01.tif", "P1_b02.TIF", "notes.txt"))
    assert _values(table, "Metadata_Well", "Metadata_Site", "channel", "Metadata_Timepoint") == [
        ["A01", "1", "w1", ""],
        ["B02", "1", "w1", ""],
    ]
    assert table["path"][1].endswith("/P1_b02.TIF")


def test_folders_tell_times_and_planes(tree):
    names = [f"P1/TimePoint_{t}/ZStep_{z}/P1_A01_s1_w1.tif" for t in (1, 2) for z in (1, 10)]
    table = read_imagexpress(tree(*names))
    assert _values(table, "Metadata_Timepoint", "Metadata_Plane") == [
        ["1", "1"],
        ["1", "10"],
        ["2", "1"],
        ["2", "10"],
    ]
    single = read_imagexpress(tree() / "P1" / "TimePoint_2" / "ZStep_1")
    assert _values(single, "Metadata_Timepoint", "Metadata_Plane") == [["", ""]]


def test_thumbnails_are_left_out_and_counted(tree, caplog):
    names = [f"P1_A01_s1_w{wave}{kind}{GUID}.tif" for wave in (1, 2) for kind in ("", "_thumb")]
    with caplog.at_level(logging.INFO):
        table = read_imagexpress(tree(*names, "overview.tif"))
    assert table["channel"].tolist() == ["w1", "w2"]
    assert "2 thumbnails are left out." in caplog.messages
    assert "1 TIFF files have other names, like " in caplog.text


def test_the_htd_names_wavelengths(tree):
    table = read_imagexpress(tree(*PLANNED, htd=HTD))
    assert set(table["channel"]) == {"DAPI", "FITC"}
    assert (table["problem"] == "").all()
    renamed = read_imagexpress(tree(), {"DAPI": "OrigDNA", "FITC": "OrigER"})
    assert set(renamed["channel"]) == {"DNA", "ER"}


def test_what_was_planned_and_is_not_there_is_told(tree, caplog):
    present = [name for name in PLANNED if "A02" not in name and "s2_w2" not in name]
    table = read_imagexpress(tree(*present, htd=HTD))
    absent = table[table["problem"] == ABSENT]
    assert len(table) == 8
    assert len(usable(table)) == 3
    assert _values(absent, "Metadata_Well", "Metadata_Site", "channel", "path") == [
        ["A01", "2", "FITC", ""],
        ["A02", "1", "DAPI", ""],
        ["A02", "1", "FITC", ""],
        ["A02", "2", "DAPI", ""],
        ["A02", "2", "FITC", ""],
    ]
    assert f"Plate P1: 5 of 8 images: {ABSENT}: A01 (1), A02 (4)." in caplog.messages


def test_an_htd_of_any_other_name_counts_if_it_is_the_only_one(tree):
    table = read_imagexpress(tree(*PLANNED, htd=HTD, htd_name="other.htd"))
    assert set(table["channel"]) == {"DAPI", "FITC"}


def test_an_htd_of_another_code_page_or_without_names_is_read(tree):
    data = HTD.replace("two, wells", "30 °C").replace('"FITC"', '"DAPI"').replace('"Cy5"', '""')
    data = data.replace('"WaveCollect3", 0', "").replace('"Sites", TRUE', '"Sites", FALSE')
    folder = tree(
        *(f"P1_{well}_w{wave}.tif" for well in ("A01", "A02") for wave in (1, 2, 3)),
        htd=data.replace("\n", "\r\n").encode("latin-1"),
    )
    table = read_imagexpress(folder)
    assert table["channel"].tolist()[:3] == ["DAPI w1", "DAPI w2", "w3"]
    assert (table["problem"] == "").all()
    plan = read_htd(folder / "P1.HTD")
    assert (plan.wells, plan.sites) == (("A01", "A02"), 1)


@pytest.mark.parametrize("htd", ["", "hello", '"Other", 1\n'])
def test_what_is_no_htd_is_told(tree, htd):
    with pytest.raises(PlateTableError, match=r"Expected an \.HTD, which begins with 'HTSInfo"):
        read_imagexpress(tree("P1_A01_w1.tif", htd=htd))


def test_two_files_for_one_image_are_both_named(tree):
    names = [f"P1_A01_s1_w1{guid}.tif" for guid in (GUID, GUID.replace("9", "8"))]
    with pytest.raises(PlateTableError, match=r"Two files .*9DE56250.* and .*8DE56250|8DE.*9DE"):
        read_imagexpress(tree(*names))


def test_two_folders_of_one_plate_are_an_error(tree):
    folder = tree("P1_Plate_7/TimePoint_1/P1_A01_w1.tif", "P1_Plate_8/TimePoint_1/P1_B01_w1.tif")
    with pytest.raises(
        PlateTableError, match=r"one measurement of a plate.*Plate_7\..*Plate_8, pl"
    ):
        read_imagexpress(folder)
    assert len(read_imagexpress(folder / "P1_Plate_8")) == 1


def test_several_plates_make_one_table(tree):
    table = read_imagexpress(tree("a/P1_A01_w1.tif", "b/P2_A01_w1.tif"))
    assert table["Metadata_Plate"].tolist() == ["P1", "P2"]


def test_a_link_out_of_the_folder_is_refused(tree, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "x.tif"
    outside.touch()
    folder = tree("P1_A01_w1.tif")
    (folder / "P1_A02_w1.tif").symlink_to(outside)
    with pytest.raises(PlateTableError, match=r"a link that leaves.*P1_A02_w1\.tif"):
        read_imagexpress(folder)


def test_a_linked_plate_is_read_and_a_linked_folder_within_it_is_not(tree, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "P2_A01_w1.tif").touch()
    folder = tree()
    (folder / "P2").symlink_to(elsewhere)
    assert len(read_imagexpress(folder)) == 1
    (folder / "P2").unlink()
    (folder / "P2").mkdir()
    (folder / "P2" / "TimePoint_1").symlink_to(elsewhere)
    with pytest.raises(PlateTableError, match=r"a link that leaves.*TimePoint_1/P2_A01_w1\.tif"):
        read_imagexpress(folder)


def test_a_folder_without_images_is_told(tree):
    with pytest.raises(PlateTableError, match="Expected images; the export has none"):
        read_imagexpress(tree("a.txt"))


@pytest.mark.parametrize(
    ("names", "sign"),
    [
        (["P1_A01_s1_w1.tif"], True),
        ([f"P1_A01{GUID}.tif"], True),
        (["TimePoint_1/P1_A01.tif"], True),
        (["P1_A01.tif", "P1.HTD"], True),
        (["P1_A01.tif"], False),
        (["notes.HTD"], False),
        (["Channel2-31-C-07.tif", "a1_03.tif"], False),
        ([], False),
    ],
)
def test_signs(tree, names, sign):
    found = imagexpress_sign(tree(*names))
    assert (found is not None) == sign
    assert not sign or found == f"ImageXpress names like {names[0].rpartition('/')[2]}"
