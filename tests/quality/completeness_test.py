"""Columns, values, channels and sites that are not there; names in several spellings."""

import pandas as pd

from cellscreen.quality.completeness import (
    check_missing,
    check_spelling,
    check_twice,
    check_unusable,
)
from cellscreen.quality.findings import Finding

ALL = {
    "Metadata_cell_line": "AC16",
    "Metadata_condition": "hypoxia",
    "Metadata_hours": 48.0,
    "Metadata_batch": "b",
    "Metadata_pert_iname": "",
    "Metadata_control_type": "",
}


def _table(*rows):
    """A plate table; rows are (well, site) or (well, site, channel)."""
    names = ["Metadata_Well", "Metadata_Site", "channel"]
    table = pd.DataFrame([(*row, "")[:3] for row in rows], columns=names)
    table = table.assign(Metadata_Plate="P", Metadata_Plane="", Metadata_Timepoint="", path="/x")
    return table.assign(**ALL)


def test_whole_table_is_fine():
    assert check_missing(_table(("A01", "1"), ("A01", "2"), ("A02", "1"), ("A02", "2"))) == []


def test_columns_that_are_not_there():
    table = _table(("A01", "1")).drop(columns=["Metadata_condition", "Metadata_batch"])
    assert check_missing(table) == [
        Finding("note", "No column condition: needed for training on hypoxia."),
        Finding("note", "No column batch: needed for the vote."),
    ]


def test_values_that_are_not_there_are_told_once_a_well():
    table = _table(("A01", "1"), ("A01", "2"), ("A02", "1"), ("A02", "2"))
    table.loc[:1, "Metadata_cell_line"] = ""
    table.loc[2:, "Metadata_hours"] = float("nan")
    text = "No cell_line: needed for training on one group and the vote."
    assert check_missing(table) == [
        Finding("warning", text, plate="P", well="A01"),
        Finding("warning", "No hours: needed for the dataset hypoxia.", plate="P", well="A02"),
    ]


def test_channel_that_is_missing_at_a_site():
    table = _table(("A01", "1", "DNA"), ("A01", "1", "ER"), ("A02", "1", "DNA"))
    text = "Channel ER is missing at site 1."
    assert check_missing(table) == [Finding("warning", text, plate="P", well="A02")]


def test_well_with_fewer_sites_than_most():
    sites = [(f"A0{well}", str(site)) for well in range(1, 6) for site in range(1, 4)]
    text = "2 of the 3 sites that most wells of the plate have."
    assert check_missing(_table(*sites[:-1])) == [Finding("warning", text, plate="P", well="A05")]


def test_wells_whose_sites_vary_by_design_are_left_alone():
    assert check_missing(_table(("A01", "1"), ("A02", "1"), ("A02", "2"))) == []
    both = [(f"A0{well}", site) for well in range(1, 7) for site in "12"]
    most, half = _table(*both[:-1]), _table(*both[:6], *both[6::2]).assign(Metadata_Plate="Q")
    assert len(check_missing(most)) == 1
    assert check_missing(pd.concat([most, half], ignore_index=True)) == []
    table = _table(*[(f"A0{well}", "1") for well in range(1, 5)], ("A05", "1"), ("A05", "2"))
    table["Metadata_control_type"] = ["trt"] * 4 + ["negcon"] * 2
    assert check_missing(table) == []


def test_wells_of_which_nothing_is_known():
    table = _table(("A01", "1")).drop(columns=list(ALL))
    (finding,) = check_missing(table)
    assert finding.level == "note"
    assert "A plate map tells it (--platemap)" in finding.text


def test_well_without_images_amid_others():
    wells = [f"{row}{column:02d}" for row in "ABC" for column in range(1, 6)]
    (finding,) = check_missing(_table(*[(well, "1") for well in wells if well != "B03"]))
    assert (finding.level, finding.well) == ("warning", "B03")
    assert finding.text == "No image of this well, though most wells around it have images."


def test_listed_images_that_cannot_be_used_are_told_by_well():
    table = _table(("A01", "1", "DNA"), ("A02", "1", "DNA"), ("A02", "2", "DNA"))
    assert check_unusable(table) == []
    table["problem"] = ["", "the file is missing", "the file is missing"]
    text = "Listed, but not usable: the file is missing (sites 1, 2, channels DNA)."
    assert check_unusable(table) == [Finding("warning", text, plate="P", well="A02")]
    table["problem"] = "focus failed"
    last = check_unusable(table)[-1]
    assert last == Finding("error", "No image of this plate can be used.", plate="P")


def test_two_images_of_one_plane():
    table = _table(("A01", "1", "DNA"), ("A01", "1", "ER"), ("A01", "1", "DNA"))
    table["path"] = ["/a", "/b", "/c"]
    (finding,) = check_twice(table)
    assert (finding.level, finding.file, finding.well) == ("error", "/c", "A01")
    assert finding.text.endswith("; the first is /a.")


def test_names_in_several_spellings():
    table = _table(("dish-1", "1"), ("Dish-1", "1"), ("dish-2", "1"))
    table["Metadata_cell_line"] = ["AC16", "ac16", "AC16"]
    assert check_spelling(table) == [
        Finding("warning", "One well in several spellings? P/Dish-1, P/dish-1."),
        Finding("warning", "One cell_line in several spellings? AC16, ac16."),
    ]
    assert check_spelling(table[:1]) == []


def _stacks(*rows):
    """A plate table of stacks; rows are (well, site, channel, plane, time)."""
    table = _table(*(row[:3] for row in rows))
    parts = {"Metadata_Plane": [row[3] for row in rows]}
    return table.assign(**parts, Metadata_Timepoint=[row[4] for row in rows])


def test_plane_that_a_stack_lacks_is_told_with_its_place():
    rows = [(well, "1", "DNA", z, t) for well in ("A01", "A02") for z in "123" for t in "12"]
    assert check_missing(_stacks(*rows)) == []
    text = "2 of the 3 planes that most of the plate has (site 1, time 2, channel DNA)."
    assert check_missing(_stacks(*rows[:-1])) == [Finding("warning", text, plate="P", well="A02")]


def test_times_that_a_site_lacks():
    rows = [(well, "1", "", "", t) for well in ("A01", "A02", "A03") for t in "123"]
    text = "2 of the 3 times that most of the plate has (site 1)."
    assert check_missing(_stacks(*rows[:-1])) == [Finding("warning", text, plate="P", well="A03")]


def test_channels_may_differ_in_their_planes():
    rows = [(well, "1", "DNA", z, "") for well in ("A01", "A02") for z in "123"]
    bright = [(well, "1", "Brightfield", "1", "") for well in ("A01", "A02")]
    assert check_missing(_stacks(*rows, *bright)) == []
