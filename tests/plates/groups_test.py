import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.plates.groups import row_groups

TABLE = pd.DataFrame(
    {
        "Metadata_Plate": ["P1", "P2", "P2"],
        "Metadata_Well": ["A01", "A01", "dish-1"],
        "Metadata_Site": ["1", "2", "1"],
        "Metadata_pert_iname": ["x", "", "x"],
        "Metadata_hours": [24.0, None, 48.0],
    }
)


@pytest.mark.parametrize(
    ("group_by", "groups"),
    [
        ("well", ["P1/A01", "P2/A01", "P2/dish-1"]),
        ("plate", ["P1", "P2", "P2"]),
        ("site", ["P1/A01/1", "P2/A01/2", "P2/dish-1/1"]),
        ("position", ["A01", "A01", "-"]),
        ("compound", ["x", "-", "x"]),
        ("pert_iname", ["x", "-", "x"]),
        ("Metadata_hours", ["24.0", "-", "48.0"]),
    ],
)
def test_each_word_names_its_groups_and_rows_without_a_value_have_none(group_by, groups):
    assert row_groups(TABLE, group_by).fillna("-").tolist() == groups


def test_numbers_of_plates_become_text_and_the_index_is_kept():
    table = TABLE.assign(Metadata_Plate=[1, 2, 2]).set_axis([7, 5, 3])
    groups = row_groups(table, "well")
    assert groups.to_dict() == {7: "1/A01", 5: "2/A01", 3: "2/dish-1"}


def test_planes_of_one_site_are_one_group():
    table = TABLE.iloc[[0, 0]].assign(key=["P1/A01/1/1/-", "P1/A01/1/2/-"])
    assert row_groups(table, "site").nunique() == 1


def test_an_unknown_column_is_an_error_that_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"columns Plate, Site, Well, hours, .*; got 'row_pair'"):
        row_groups(TABLE, "row_pair")
