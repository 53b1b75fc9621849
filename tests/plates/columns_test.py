import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.plates.columns import column_of, is_known, metadata_column, plate_table


def test_known_names_have_many_spellings_and_others_keep_theirs():
    spellings = ("plate", "PLATE", " Metadata_Plate", "Metadata_plate")
    assert {column_of(name) for name in spellings} == {"Metadata_Plate"}
    assert column_of("Bit_Depth") == "bit_depth"
    assert column_of("Row_Pair") == column_of("Metadata_Row_Pair") == "Metadata_Row_Pair"
    assert [is_known(name) for name in ("channel", "row_pair", "")] == [True, False, False]


def test_column_with_or_without_its_prefix():
    table = pd.DataFrame(columns=["path", "Metadata_b", "Metadata_a"])
    assert metadata_column(table, "a") == metadata_column(table, "Metadata_a") == "Metadata_a"
    with pytest.raises(ConfigError, match="Expected one of the columns a, b; got 'c'"):
        metadata_column(table, "c")


def test_what_a_microscope_tells_stands_last_and_is_typed():
    rows = pd.DataFrame(
        {
            "problem": ["", "gone"],
            "page": [None, 1],
            "sensor_max": [4095.0, float("nan")],
            "exposure_s": ["0.5", None],
            "Metadata_batch": "b",
            "Metadata_extra": "x",
            "path": ["/a", "/b"],
            "Metadata_Plate": "P1",
            "Metadata_Well": "A01",
            "Metadata_Site": ["1", "2"],
        }
    )
    table = plate_table(rows)
    assert list(table)[-6:] == [
        "Metadata_batch",
        "Metadata_extra",
        "page",
        "sensor_max",
        "exposure_s",
        "problem",
    ]
    assert table.dtypes[["page", "sensor_max", "exposure_s"]].tolist() == [
        pd.Int64Dtype(),
        pd.Int64Dtype(),
        float,
    ]
    assert table["sensor_max"].tolist() == [4095, pd.NA]


def test_a_labs_own_column_of_such_a_name_keeps_its_prefix():
    assert [column_of(name) for name in ("page", "problem")] == [
        "Metadata_page",
        "Metadata_problem",
    ]
