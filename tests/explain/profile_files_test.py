import pandas as pd
import pyarrow.parquet as pq
import pytest

from cellscreen.errors import DataError
from cellscreen.explain.profile_files import read_profiles, write_profiles


def _part(number, rows=1):
    return pd.DataFrame(
        {
            "Metadata_Plate": ["P"] * rows,
            "Metadata_Well": [f"A{number:02d}"] * rows,
            "Metadata_concentration_um": [1.0] * rows,
            "Nuclei_MID_0000": pd.array([number] * rows, "Float32").astype("float32"),
        }
    )


def test_parts_are_written_as_they_come_and_read_back(tmp_path):
    path = tmp_path / "made" / "profiles.parquet"
    parts = [_part(number, rows=3000) for number in range(3)]
    assert write_profiles(iter(parts), path) == 9000
    pd.testing.assert_frame_equal(read_profiles(path), pd.concat(parts, ignore_index=True))
    assert pq.ParquetFile(path).num_row_groups == 2


def test_single_rows_do_not_become_row_groups(tmp_path):
    write_profiles((_part(number) for number in range(20)), tmp_path / "p.parquet")
    assert pq.ParquetFile(tmp_path / "p.parquet").num_row_groups == 1


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "p.parquet"
    write_profiles([_part(1)], path)

    def parts():
        yield _part(2, rows=5000)
        raise DataError("stopped")

    with pytest.raises(DataError, match="stopped"):
        write_profiles(parts(), path)
    assert read_profiles(path)["Metadata_Well"].tolist() == ["A01"]
    assert [file.name for file in tmp_path.iterdir()] == ["p.parquet"]


def test_no_profile_is_an_error_and_no_file(tmp_path):
    with pytest.raises(DataError, match="Expected profiles to write; there are none"):
        write_profiles([], tmp_path / "p.parquet")
    assert not list(tmp_path.iterdir())


def test_parts_of_other_columns_are_an_error(tmp_path):
    other = _part(2).rename(columns={"Nuclei_MID_0000": "Nuclei_MID_0001"})
    with pytest.raises(DataError, match=r"columns of the first part.*Nuclei_MID_0000"):
        write_profiles([_part(1), other], tmp_path / "p.parquet")


def test_a_file_that_is_no_table_of_profiles_is_told(tmp_path):
    path = tmp_path / "p.parquet"
    with pytest.raises(DataError, match=r"it cannot be read.*cellscreen profiles"):
        read_profiles(path)
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="it cannot be read"):
        read_profiles(path)
    _part(1).drop(columns="Metadata_Well").to_parquet(path)
    with pytest.raises(DataError, match="it lacks Metadata_Well"):
        read_profiles(path)
    _part(1).drop(columns="Nuclei_MID_0000").to_parquet(path)
    with pytest.raises(DataError, match="it lacks a feature"):
        read_profiles(path)
