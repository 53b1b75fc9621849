"""Incucyte's exports and archives."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellscreen.errors import PlateTableError
from cellscreen.plates.incucyte import export_row, incucyte_sign, read_incucyte

ARCHIVE = "EssenFiles/ScanData"


@pytest.fixture
def tree(tmp_path):
    def make(*names):
        for name in names:
            (tmp_path / "exp" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "exp" / name).touch()
        return tmp_path / "exp"

    return make


def _values(table, *names):
    return table[list(names)].to_numpy().tolist()


@pytest.mark.parametrize(
    ("name", "plate", "well", "site", "channel", "hours"),
    [
        ("VID1_A7_1_00d00h00m.tif", "VID1", "A07", "1", "", 0),
        ("A7_1_00d06h30m.tif", "exp", "A07", "1", "", 6.5),
        ("VID1_H12_4_02d00h15m_crop.tif", "VID1", "H12", "4", "", 48.25),
        ("VID1_Phase_B3_1_10d00h00m.TIF", "VID1", "B03", "1", "Phase", 240),
        ("Red_B3_1_00d00h00m.png", "exp", "B03", "1", "Red", 0),
        ("phase/VID1_A1_1_00d00h00m.tif", "VID1", "A01", "1", "phase", 0),
        ("Green/A1_1_00d00h00m.jpg", "exp", "A01", "1", "Green", 0),
        ("a_B2_c_A1_1_00d00h00m.tif", "a_B2_c", "A01", "1", "", 0),
    ],
)
def test_what_an_exported_name_says(name, plate, well, site, channel, hours):
    row = export_row(Path("/data/exp") / name)
    found = [row[f"Metadata_{part}"] for part in ("Plate", "Well", "Site")]
    assert found == [plate, well, site]
    assert (row["channel"], row["elapsed_hours"]) == (channel, hours)


@pytest.mark.parametrize(
    "name",
    [
        "VID1_A7_1.tif",
        "VID1_1_00d00h00m.tif",
        "A7_1_0h00m.tif",
        "A7_1_00d00h00m.txt",
        "A7_1_2026y13m05d_14h30m.tif",
    ],
)
def test_other_names_are_not(name):
    assert export_row(Path("/data/exp") / name) is None


@given(
    vessel=st.from_regex(r"VID\d{1,5}|[a-z]{2,6}-\d(_r\d)?", fullmatch=True) | st.just(""),
    channel=st.sampled_from(["", "Phase", "red"]),
    row=st.sampled_from("AHP"),
    column=st.integers(1, 24),
    site=st.integers(1, 36),
    time=st.tuples(st.integers(0, 99), st.integers(0, 23), st.integers(0, 59)),
    crop=st.booleans(),
)
def test_every_name_of_the_grammar_is_read(vessel, channel, row, column, site, time, crop):
    scan = "{:02d}d{:02d}h{:02d}m".format(*time)
    parts = [vessel, channel, f"{row}{column}", str(site), scan, "crop" * crop]
    row_found = export_row(Path("/exp") / ("_".join(part for part in parts if part) + ".tif"))
    assert row_found == {
        "path": row_found["path"],
        "Metadata_Plate": vessel or "exp",
        "Metadata_Well": f"{row}{column:02d}",
        "Metadata_Site": str(site),
        "Metadata_scan": scan,
        "channel": channel,
        "elapsed_hours": time[0] * 24 + time[1] + time[2] / 60,
    }


def test_an_export_counts_its_scans(tree):
    names = [f"{channel}/VID1_A1_1_{scan}.tif" for channel in ("phase", "red")
             for scan in ("00d00h00m", "00d12h00m", "10d00h00m")]  # fmt: skip
    table = read_incucyte(tree(*names, "VID1.txt"))
    names = ("Metadata_Timepoint", "channel", "elapsed_hours", "Metadata_scan")
    assert _values(table, *names) == [
        ["1", "phase", 0, "00d00h00m"],
        ["1", "red", 0, "00d00h00m"],
        ["2", "phase", 12, "00d12h00m"],
        ["2", "red", 12, "00d12h00m"],
        ["3", "phase", 240, "10d00h00m"],
        ["3", "red", 240, "10d00h00m"],
    ]


def test_an_export_that_begins_late_keeps_its_hours(tree):
    table = read_incucyte(tree("VID1_A1_1_01d00h00m.tif", "VID1_A1_1_02d00h00m.tif"))
    assert _values(table, "Metadata_Timepoint", "elapsed_hours") == [["1", 24], ["2", 48]]


def test_a_single_scan_is_no_timepoint(tree):
    table = read_incucyte(tree("A1_1_00d00h00m.tif"))
    assert _values(table, "Metadata_Plate", "Metadata_Timepoint") == [["exp", ""]]


def test_dates_count_from_the_first_scan(tree):
    names = [f"A1_1_2026y10m{day}d_14h30m.tif" for day in ("25", "26")]
    table = read_incucyte(tree(*names))
    assert _values(table, "Metadata_Timepoint", "elapsed_hours") == [["1", 0], ["2", 24]]


def test_an_archive_of_two_vessels(tree):
    names = [f"{ARCHIVE}/2505/16/{time}/{vessel}/A1-{site}-Ph.tif" for site in (1, 2)
             for time, vessel in (("1124", "12"), ("2354", "12"), ("1136", "13"))]  # fmt: skip
    folder = tree(*names, f"{ARCHIVE}/2505/17/0024/12/A1-1-C1.tif", f"{ARCHIVE}/notes/A1-1-Ph.tif")
    table = read_incucyte(folder)
    names = ("Metadata_Plate", "Metadata_Timepoint", "Metadata_Site", "channel", "elapsed_hours")
    assert _values(table, *names) == [
        ["12", "1", "1", "Ph", 0],
        ["12", "2", "1", "Ph", 12.5],
        ["12", "3", "1", "C1", 13],
        ["12", "1", "2", "Ph", 0],
        ["12", "2", "2", "Ph", 12.5],
        ["13", "", "1", "Ph", 0],
        ["13", "", "2", "Ph", 0],
    ]
    assert table["Metadata_scan"][1] == "2025-05-16T23:54"
    assert incucyte_sign(folder).startswith(f"an Incucyte archive with {ARCHIVE}/2505/16")
    below = read_incucyte(folder / ARCHIVE / "2505")
    assert len(below) == 7


def test_channels_get_the_labs_names(tree):
    folder = tree("phase/A1_1_00d00h00m.tif")
    assert read_incucyte(folder, {"Phase": "BF"})["channel"].tolist() == ["BF"]


def test_two_files_for_one_image_are_both_named_with_a_hint(tree):
    folder = tree("one/V_A1_1_00d00h00m.tif", "two/V_A1_1_00d00h00m.tif")
    with pytest.raises(PlateTableError, match=r"Two files .*/one/.* and .*/two/.*Put each channel"):
        read_incucyte(folder)


def test_images_of_other_names_are_a_warning(tree, caplog):
    read_incucyte(tree("A1_1_00d00h00m.tif", "mask.tif", "Z99_1_00d00h00m.tif"))
    assert "2 images have other names, like " in caplog.text


def test_a_link_out_of_the_folder_is_refused(tree, tmp_path):
    (tmp_path / "x.tif").touch()
    folder = tree("A1_1_00d00h00m.tif")
    (folder / "A2_1_00d00h00m.tif").symlink_to(tmp_path / "x.tif")
    with pytest.raises(PlateTableError, match=r"a link that leaves.*A2_1_00d00h00m\.tif"):
        read_incucyte(folder)


def test_signs(tree):
    assert incucyte_sign(tree("a/B16_01.tif", "P1_A01_s1_w1.tif", "A1-1-Ph.tif")) is None
    with pytest.raises(PlateTableError, match="Expected images; the export has none"):
        read_incucyte(tree())
    folder = tree("phase/VID1_A1_1_00d00h00m.tif")
    assert incucyte_sign(folder) == "Incucyte names like VID1_A1_1_00d00h00m.tif"
