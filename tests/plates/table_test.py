"""Which reader reads a folder, and plate tables as parquet."""

import logging

import pandas as pd
import pytest

from cellscreen.errors import ConfigError, PlateTableError
from cellscreen.plates.read_options import ReadOptions, read_channel_names
from cellscreen.plates.table import (
    FORMATS,
    read_plate_table,
    read_with_layout,
    write_plate_table,
)

CSV = "path,plate,well,site,hours,simulated,row_pair\n1.png,P1,a1,001,48,True,A+E\n"


def test_images_csv_then_parquet_give_one_table(tmp_path):
    (tmp_path / "images.csv").write_text(CSV)
    table, layout = read_with_layout(tmp_path)
    assert layout == "images.csv"
    write_plate_table(table, tmp_path / "made" / "plate_table.parquet")
    again, layout = read_with_layout(tmp_path / "made")
    assert layout == "plate_table.parquet"
    pd.testing.assert_frame_equal(again, table)


def test_folder_convention(tmp_path):
    folder = tmp_path / "AC16" / "48H" / "hypoxia"
    folder.mkdir(parents=True)
    (folder / "A01_1.png").touch()
    table, layout = read_with_layout(str(tmp_path))
    assert layout == "folders like AC16/48H"
    assert table["Metadata_Well"].tolist() == ["A01"]


def test_parquet_lacking_optional_columns_gets_them(tmp_path):
    table = pd.DataFrame(
        {"path": ["/1.png"], "Metadata_Plate": ["P"], "Metadata_Well": ["x"], "Metadata_Site": "1"}
    )
    write_plate_table(table, tmp_path / "plate_table.parquet")
    again = read_plate_table(tmp_path)
    assert again["bit_depth"].dtype == "Int64"
    assert again.loc[0, ["Metadata_Plane", "Metadata_Timepoint", "channel"]].tolist() == [""] * 3


def test_when_two_readers_match_it_is_said(tmp_path, caplog):
    (tmp_path / "images.csv").write_text(CSV)
    write_plate_table(read_plate_table(tmp_path), tmp_path / "plate_table.parquet")
    with caplog.at_level(logging.WARNING, logger="cellscreen"):
        read_plate_table(tmp_path)
    assert "read from plate_table.parquet; not looked at: images.csv." in caplog.text
    assert "The first of parquet, images_csv, load_data, deepprofiler, harmony," in caplog.text
    assert "folders counts; set format=images_csv to read that." in caplog.text
    caplog.clear()
    read_plate_table(tmp_path, ReadOptions(format="images_csv"))
    assert not caplog.text


def test_folder_that_is_laid_out_in_no_known_way(tmp_path):
    for name in "jihgfedcba":
        (tmp_path / f"{name}.csv").touch()
    message = (
        r"Expected plate_table.parquet, images.csv, load_data.csv, .*, or folders <cell_line>.*; "
        r"got a.csv, .*, …\. .*template=\{plate\}/\{well\}_\{site\}_\{channel\}\.tif"
    )
    with pytest.raises(PlateTableError, match=message):
        read_plate_table(tmp_path)


def test_empty_folder(tmp_path):
    with pytest.raises(PlateTableError, match=r"got nothing\. \[file .*\] Write an images.csv"):
        read_plate_table(tmp_path)


def test_folder_that_is_missing_or_a_file(tmp_path):
    with pytest.raises(PlateTableError, match=r"got: No such file or directory\. \[file .*none\]"):
        read_plate_table(tmp_path / "none")
    (tmp_path / "a.csv").touch()
    with pytest.raises(PlateTableError, match=r"got: Not a directory\. \[file .*a\.csv\]"):
        read_plate_table(tmp_path / "a.csv")


@pytest.mark.parametrize("text", [b"", b"PAR1 and more", b"path,plate\n"])
def test_file_that_is_no_parquet(tmp_path, text):
    (tmp_path / "plate_table.parquet").write_bytes(text)
    with pytest.raises(PlateTableError, match=r"got a file that cannot be read .*Write it again"):
        read_plate_table(tmp_path)


def test_parquet_without_rows_or_columns(tmp_path):
    table = pd.DataFrame(columns=["path", "Metadata_Plate", "Metadata_Well", "Metadata_Site"])
    write_plate_table(table, tmp_path / "plate_table.parquet")
    with pytest.raises(PlateTableError, match="it has no row"):
        read_plate_table(tmp_path)
    write_plate_table(table[["path", "Metadata_Plate"]], tmp_path / "plate_table.parquet")
    with pytest.raises(PlateTableError, match="Metadata_Well, Metadata_Site is missing"):
        read_plate_table(tmp_path)


def test_failed_write_leaves_the_old_table(tmp_path):
    (tmp_path / "images.csv").write_text(CSV)
    table = read_plate_table(tmp_path)
    path = tmp_path / "made" / "plate_table.parquet"
    write_plate_table(table, path)
    with pytest.raises(ValueError, match="Could not convert"):
        write_plate_table(table.assign(note=[object()]), path)
    pd.testing.assert_frame_equal(read_plate_table(path.parent), table)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def _touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_template_and_channels_by_options(tmp_path):
    _touch(tmp_path, "P1/a1_1_c1.tif", "P1/a1_1_c2.tif", "P1/mask.png")
    options = ReadOptions(
        template="{plate}/{well}_{site}_{channel}.tif",
        ignore=("mask.*",),
        channels=("c1=DNA", "c2=ER"),
    )
    table, layout = read_with_layout(tmp_path, options)
    assert layout == "{plate}/{well}_{site}_{channel}.tif"
    assert table["channel"].tolist() == ["DNA", "ER"]
    regex = r"(?P<plate>\w+)/(?P<well>\w\d)_(?P<site>\d)_(?P<channel>\w+)\.tif"
    options = ReadOptions(regex=regex, ignore=("*.png",), channels=("c1=DNA", "c2=ER"))
    pd.testing.assert_frame_equal(read_plate_table(tmp_path, options), table)


def test_template_goes_before_what_a_folder_looks_like(tmp_path):
    _touch(tmp_path, "AC16/48H/hypoxia/A01_1.png")
    options = ReadOptions(template="{channel}/*/*/{well}_{site}.png")
    assert read_plate_table(tmp_path, options)["channel"].tolist() == ["AC16"]


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ("imagexpress", ["P1_A01_s1_w1.tif"]),
        ("yokogawa", ["P1_B02_T0001F003L01A02Z01C04.tif"]),
        ("incucyte", ["V_A7_1_00d00h00m.tif"]),
        ("folders", ["AC16/48H/hypoxia/A01_1.png"]),
    ],
)
def test_microscopes_are_known_by_their_names(tmp_path, form, names):
    _touch(tmp_path, *names)
    table, layout = read_with_layout(tmp_path)
    assert layout
    pd.testing.assert_frame_equal(read_plate_table(tmp_path, ReadOptions(format=form)), table)
    assert form in FORMATS


def test_tables_go_before_names(tmp_path, caplog):
    _touch(tmp_path, "P1_A01_s1_w1.tif")
    header = "FileName_OrigDNA,Metadata_Plate,Metadata_Well,Metadata_Site"
    (tmp_path / "load_data.csv").write_text(f"{header}\nP1_A01_s1_w1.tif,X,A1,1\n")
    with caplog.at_level(logging.WARNING, logger="cellscreen"):
        table, layout = read_with_layout(tmp_path)
    assert layout == "load_data.csv"
    assert table["Metadata_Plate"].tolist() == ["X"]
    assert "not looked at: ImageXpress names like P1_A01_s1_w1.tif" in caplog.text
    assert "set format=imagexpress to read that" in caplog.text


def test_images_of_a_table_elsewhere(tmp_path):
    _touch(tmp_path, "new/1.tif")
    header = "FileName_OrigDNA,PathName_OrigDNA,Metadata_Plate,Metadata_Well,Metadata_Site"
    (tmp_path / "load_data.csv").write_text(f"{header}\n1.tif,/old,X,A1,1\n")
    options = ReadOptions(replace_root=(f"/old={tmp_path}/new",))
    assert read_plate_table(tmp_path, options)["path"].tolist() == [str(tmp_path / "new/1.tif")]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "nikon"}, r"Expected a format of auto, parquet, images_csv, .*; got 'nikon'"),
        ({"format": "images_csv", "replace_root": ("a=b",)}, "Expected no replace_root: the form"),
        ({"ignore": ("*.png",)}, "Expected no ignore: the format images_csv has none"),
        ({"template": "{well}.tif", "replace_root": ("a=b",)}, "Expected no replace_root"),
    ],
)
def test_options_that_do_not_fit_the_layout(tmp_path, options, said):
    (tmp_path / "images.csv").write_text(CSV)
    with pytest.raises(ConfigError, match=said):
        read_plate_table(tmp_path, ReadOptions(**options))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"template": "{well}", "regex": "(?P<well>.+)"}, "a template or a regex; got both"),
        ({"format": "template"}, "Expected a template for the format template"),
        ({"format": "harmony", "template": "{well}"}, "no template for the format harmony"),
        ({"template": "{wel}.tif"}, "got 'wel'"),
        ({"replace_root": ("/old",)}, "replace_root as OLD=NEW; got '/old'"),
        ({"channels": ("nowhere.yml",)}, "names of channels; got 'nowhere.yml'"),
        ({"channels": ("a=b", "a=c")}, "one name for the channel 'a'"),
    ],
)
def test_options_that_cannot_be_right(options, said):
    with pytest.raises(ConfigError, match=said):
        ReadOptions(**options)


CONFIG = """# of the converter
channels:
    HOECHST 33342: OrigDNA
    "405ex, 570-630-em)": OrigActin

metadata:
    Row: Row
"""


def test_channel_names_of_a_config(tmp_path):
    (tmp_path / "config.yml").write_text(CONFIG)
    names = {"HOECHST 33342": "OrigDNA", "405ex, 570-630-em)": "OrigActin"}
    assert read_channel_names(tmp_path / "config.yml") == names
    (tmp_path / "config.json").write_text('{"channels": {"a=b": "c"}}')
    assert read_channel_names(tmp_path / "config.json") == {"a=b": "c"}
    assert ReadOptions(channels=("A = B=C",)).channel_names() == {"A = B": "C"}


@pytest.mark.parametrize("text", ["", "channels: [a]\nb", "metadata:\n  a: b\nchannels:\n", "[1]"])
def test_config_without_channel_names(tmp_path, text):
    (tmp_path / "config.yml").write_text(text)
    with pytest.raises(ConfigError, match=r"Expected .*channels.*NAME=NEW, or a file with lines"):
        read_channel_names(tmp_path / "config.yml")


def test_channels_that_the_map_does_not_name(tmp_path):
    _touch(tmp_path, "P1_A01_s1_w1.tif", "P1_A01_s1_w2.tif")
    with pytest.raises(PlateTableError, match=r"channel map lacks 'w2'.*Mend the map of channels"):
        read_plate_table(tmp_path, ReadOptions(channels=("w1=DNA",)))


def test_bit_depth_where_the_folder_states_none(tmp_path):
    (tmp_path / "images.csv").write_text(
        "path,plate,well,site,bit_depth\na.png,P,A1,1,\nb.png,P,A2,1,16\n"
    )
    table = read_plate_table(tmp_path, ReadOptions(bit_depth=12))
    assert table["bit_depth"].tolist() == [12, 16]
    assert str(table["bit_depth"].dtype) == "Int64"
    with pytest.raises(ConfigError, match="bit_depth from 8 to 16; got 7"):
        ReadOptions(bit_depth=7)
