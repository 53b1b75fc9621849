import logging

import pandas as pd
import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.columns import plate_table
from cellscreen.plates.usable import problems_by_well, usable, usable_plates, warn_of_problems


def _table(*rows):
    names = ["Metadata_Well", "Metadata_Site", "channel", "path", "problem"]
    return plate_table(pd.DataFrame(rows, columns=names).assign(Metadata_Plate="P1"))


TABLE = _table(
    ("A01", "1", "DNA", "/a", ""),
    ("A02", "1", "DNA", "/b", "gone"),
    ("A02", "1", "ER", "/c", "gone"),
    ("A02", "2", "DNA", "", "focus"),
    ("B01", "1", "DNA", "/d", "gone"),
)


def test_usable_rows_have_no_problem():
    assert usable(TABLE)["path"].tolist() == ["/a"]
    without = TABLE.drop(columns="problem")
    assert usable(without).equals(without)


def test_problems_are_listed_by_well_and_reason():
    found = problems_by_well(TABLE)
    assert found.drop(columns="Metadata_Plate").to_numpy().tolist() == [
        ["A02", "gone", 2, "1", "DNA, ER", "/b"],
        ["A02", "focus", 1, "2", "DNA", ""],
        ["B01", "gone", 1, "1", "DNA", "/d"],
    ]
    assert problems_by_well(usable(TABLE)).empty
    assert list(problems_by_well(usable(TABLE))) == list(found)


def test_warnings_count_and_name_wells(caplog):
    with caplog.at_level(logging.WARNING):
        warn_of_problems(TABLE)
        warn_of_problems(usable(TABLE))
    assert caplog.messages == [
        "Plate P1: 3 of 5 images: gone: A02 (2), B01 (1).",
        "Plate P1: 1 of 5 images: focus: A02 (1).",
    ]


def test_many_wells_are_cut_short(caplog):
    rows = [(f"A{well:02d}", "1", "DNA", "", "gone") for well in range(1, 21)]
    with caplog.at_level(logging.WARNING):
        warn_of_problems(_table(*rows))
    assert caplog.messages[0].endswith("A12 (1) and 8 more wells.")


def test_a_plate_of_which_nothing_is_left_is_an_error():
    assert usable_plates(TABLE).equals(usable(TABLE))
    lost = pd.concat([TABLE, TABLE[1:4].assign(Metadata_Plate="P2")])
    with pytest.raises(PlateTableError, match=r"this plate can be used: gone; focus\. .plate P2"):
        usable_plates(lost)
