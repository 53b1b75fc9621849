"""Which reader reads a folder, and plate tables as parquet."""

import logging

import pandas as pd
import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.table import read_plate_table, read_with_layout, write_plate_table

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


def test_folder_that_is_laid_out_in_no_known_way(tmp_path):
    for name in "jihgfedcba":
        (tmp_path / f"{name}.csv").touch()
    message = (
        r"Expected plate_table.parquet, images.csv, or folders <cell_line>.*; got a.csv, .*, …\."
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
