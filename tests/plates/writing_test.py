"""Plate tables out and in again: LoadData, DeepProfiler; and what cannot be written."""

import csv
import logging
import string

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellscreen.errors import PlateTableError
from cellscreen.plates.columns import plate_table
from cellscreen.plates.deepprofiler import read_deepprofiler
from cellscreen.plates.load_data import read_load_data
from cellscreen.plates.writing import write_deepprofiler, write_load_data


def make_table(folder, plates=("P1",), channels=("DNA", "ER"), **metadata):
    """Two wells of two sites a plate, with files of 0 bytes."""
    rows = []
    for plate in plates:
        for well, compound in (("A01", "DMSO"), ("B12", "Digoxin")):
            for site in ("1", "2"):
                for channel in channels:
                    path = folder / plate / f"{well}_{site}_{channel}.tif"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.touch()
                    rows.append(
                        {
                            "Metadata_Plate": plate,
                            "Metadata_Well": well,
                            "Metadata_Site": site,
                            "channel": channel,
                            "path": str(path),
                            "Metadata_pert_iname": compound,
                            "Metadata_concentration_um": 0.1 if compound == "Digoxin" else None,
                            "Metadata_control_type": "trt" if compound == "Digoxin" else "negcon",
                            "Metadata_simulated": True,
                            **metadata,
                        }
                    )
    return plate_table(pd.DataFrame(rows))


def test_load_data_comes_back_as_it_was(tmp_path):
    table = make_table(tmp_path / "ä images", Metadata_note='a "b", c', Metadata_hours=0.1 + 0.2)
    table["bit_depth"] = pd.array([12, 16] * 4, "Int64")
    table["pixel_size_um"] = [0.1, 0.65] * 4
    table["sensor_max"] = pd.array([4095, pd.NA] * 4, "Int64")
    table = plate_table(table.assign(Metadata_Exposure=["5", ""] * 4))
    (file,) = write_load_data(table, tmp_path / "out")
    assert file == tmp_path / "out" / "load_data.csv"
    pd.testing.assert_frame_equal(read_load_data(file.parent), table)


def test_header_is_what_cellprofiler_expects(tmp_path):
    (file,) = write_load_data(make_table(tmp_path, channels=("DNA", "w2")), tmp_path)
    with file.open(newline="") as text:
        first = next(csv.DictReader(text))
    assert list(first)[:7] == [
        *("FileName_OrigDNA", "PathName_OrigDNA", "FileName_Orig_w2", "PathName_Orig_w2"),
        *("Metadata_Plate", "Metadata_Well", "Metadata_Site"),
    ]
    assert first["PathName_OrigDNA"] == str(tmp_path / "P1")
    assert first["FileName_Orig_w2"] == "A01_1_w2.tif"
    assert first["Metadata_simulated"] == "True"


def test_several_plates_get_a_folder_each_and_may_differ_in_channels(tmp_path):
    tables = [make_table(tmp_path, ["P1"]), make_table(tmp_path, ["P2"], ["DNA", "Mito"])]
    table = plate_table(pd.concat(tables))
    files = write_load_data(table, tmp_path / "out")
    assert files == [tmp_path / "out" / plate / "load_data.csv" for plate in ("P1", "P2")]
    pd.testing.assert_frame_equal(read_load_data(tmp_path / "out"), table)


def test_functions_pages_and_planes_come_back(tmp_path):
    table = make_table(tmp_path, channels=["DNA", ""])
    for channel in ("DNA", ""):
        (tmp_path / f"{channel}.npy").touch()
    functions = [str(tmp_path / f"{channel}.npy") for channel in table["channel"]]
    table = table.assign(illumination=functions, page=[0, 1] * 4, Metadata_Timepoint="2")
    table = plate_table(
        table.assign(path=table.groupby("Metadata_Well")["path"].transform("first"))
    )
    table["page"] = pd.array([0, 1, 2, 3] * 2, "Int64")
    (file,) = write_load_data(table, tmp_path / "out")
    assert file.name == "load_data_with_illum.csv"
    again = read_load_data(file.parent)
    pd.testing.assert_frame_equal(again, table, check_like=True)


def test_addresses_come_back(tmp_path):
    table = make_table(tmp_path, channels=["DNA"])
    table.loc[1:, "path"] = [f"s3://bucket/P1/{n}.tif" for n in range(3)]
    (file,) = write_load_data(table, tmp_path / "out")
    pd.testing.assert_frame_equal(read_load_data(file.parent), table)


def test_images_with_a_problem_are_left_out_with_a_word(tmp_path, caplog):
    table = make_table(tmp_path).assign(problem="")
    table.loc[table["Metadata_Well"] == "B12", "problem"] = "focus failed"
    with caplog.at_level(logging.WARNING, logger="cellscreen"):
        (file,) = write_load_data(table, tmp_path / "out")
    assert "4 images with a problem are left out" in caplog.text
    assert read_load_data(file.parent)["Metadata_Well"].unique().tolist() == ["A01"]
    with pytest.raises(PlateTableError, match="images that can be used; the plate table has none"):
        write_load_data(table.assign(problem="x"), tmp_path / "none")


@pytest.mark.parametrize("write", [write_load_data, write_deepprofiler])
def test_sites_that_lack_a_channel_or_have_it_twice(tmp_path, write):
    table = make_table(tmp_path / "inputs" / "images")
    with pytest.raises(PlateTableError, match=r"1 sites lack channel ER\. Wells: B12"):
        write(table.drop(index=7), tmp_path)
    twice = pd.concat([table, table.tail(1)])
    with pytest.raises(PlateTableError, match=r"1 sites have several images of channel ER\. Well"):
        write(twice, tmp_path)
    assert not list(tmp_path.rglob("*.csv"))


@pytest.mark.parametrize("write", [write_load_data, write_deepprofiler])
def test_arrays_are_no_files(tmp_path, write):
    table = make_table(tmp_path).assign(path="/data/P1.zarr/A/1/0/0")
    with pytest.raises(PlateTableError, match=r"Expected files \.tif, .*; 8 are others: /data/P1"):
        write(table, tmp_path)


def test_channel_names_that_cellprofiler_does_not_take(tmp_path):
    table = make_table(tmp_path, channels=["DNA", "488 long"])
    with pytest.raises(PlateTableError, match="as CellProfiler does; got '488 long'"):
        write_load_data(table, tmp_path)


def test_deepprofiler_comes_back_as_it_was(tmp_path):
    table = make_table(tmp_path / "inputs" / "images", ["P1", "0012"], ["DNA", "488 long"])
    file = write_deepprofiler(table, tmp_path)
    assert file == tmp_path / "inputs" / "metadata" / "index.csv"
    pd.testing.assert_frame_equal(read_deepprofiler(tmp_path), table)
    first = pd.read_csv(file, dtype=str).iloc[0]
    assert first["488 long"] == "P1/A01_1_488 long.tif"


def test_deepprofiler_with_images_elsewhere(tmp_path):
    table = make_table(tmp_path / "scans")
    with pytest.raises(
        PlateTableError, match=r"Expected images below .*images; 4 are not: .*DNA\.tif"
    ):
        write_deepprofiler(table, tmp_path / "project")
    write_deepprofiler(table, tmp_path / "project", tmp_path / "scans")
    again = read_deepprofiler(tmp_path / "project", [("", str(tmp_path / "scans"))])
    pd.testing.assert_frame_equal(again, table)


def test_what_deepprofiler_has_no_place_for(tmp_path, caplog):
    table = make_table(tmp_path / "inputs" / "images").assign(Metadata_Exposure=["5", "6"] * 4)
    with caplog.at_level(logging.WARNING, logger="cellscreen"):
        write_deepprofiler(table, tmp_path)
    assert "DeepProfiler has no place for: Metadata_Exposure." in caplog.text
    planes = pd.concat([table.assign(Metadata_Plane=str(plane)) for plane in (1, 2)])
    with pytest.raises(PlateTableError, match=r"several images of channel DNA\. Wells: A01, B12"):
        write_deepprofiler(planes, tmp_path)
    with pytest.raises(PlateTableError, match="a channel with a name of its own; got ''"):
        write_deepprofiler(make_table(tmp_path / "inputs" / "images", channels=[""]), tmp_path)
    with pytest.raises(PlateTableError, match="DeepProfiler reads no pages"):
        write_deepprofiler(table.assign(page=0), tmp_path)


TEXTS = st.text(string.ascii_letters + string.digits + "äß ,;'\"=|", max_size=6).map(str.strip)
PLATES = st.text(string.ascii_letters + string.digits + "ä._-", min_size=1, max_size=8)
PLATES = PLATES.filter(lambda name: name[0] != "." and name != "-")


@st.composite
def tables(draw):
    """A whole plate: wells, sites, channels, and metadata of sites and of channels."""
    plate = draw(PLATES)
    wells = draw(
        st.lists(st.sampled_from(["A01", "B12", "AF48", "dish-3"]), min_size=1, unique=True)
    )
    channels = draw(
        st.lists(st.sampled_from(["DNA", "w1", "488", "_x", "Ab"]), min_size=1, unique=True)
    )
    rows = []
    for well in wells:
        dose = draw(st.floats(0, 1e9, allow_nan=False) | st.just(float("nan")))
        for site in range(draw(st.integers(1, 3))):
            note = draw(TEXTS)
            for channel in channels:
                number = len(rows)
                rows.append(
                    {
                        "Metadata_Plate": plate,
                        "Metadata_Well": well,
                        "Metadata_Site": str(site),
                        "channel": channel,
                        "path": f"s3://bucket/{plate}/{number}.tif",
                        "Metadata_concentration_um": dose,
                        "Metadata_note": note,
                        "Metadata_Stain": draw(TEXTS),
                        "exposure_s": draw(st.floats(-1, 1) | st.just(float("nan"))),
                        "bit_depth": draw(st.sampled_from([8, 12, 16, pd.NA])),
                    }
                )
    return plate_table(pd.DataFrame(rows))


@given(tables())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
def test_any_table_comes_back_from_load_data(tmp_path, table):
    (file,) = write_load_data(table, tmp_path)
    pd.testing.assert_frame_equal(read_load_data(tmp_path), table, check_like=True)
    file.unlink()
