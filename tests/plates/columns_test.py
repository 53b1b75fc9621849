import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.plates.columns import column_of, is_known, metadata_column


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
