"""What wells have and lack, and their places."""

import numpy as np
import pandas as pd

from cellscreen.plates.columns import plate_table
from cellscreen.quality.plate_text import draw_plate
from cellscreen.quality.plate_wells import count_wells, empty_places, to_grid, usual_sites, well_at


def _table(wells, sites=(1, 2, 3), channels=("DNA", "ER")):
    names = ["Metadata_Plate", "Metadata_Well", "Metadata_Site", "channel", "path"]
    rows = [
        ("P", well, str(site), name, "x") for well in wells for site in sites for name in channels
    ]
    return plate_table(pd.DataFrame(rows, columns=names))


def _without(table, well, site, channel=None):
    lost = (table["Metadata_Well"] == well) & (table["Metadata_Site"] == site)
    return table[~(lost & (table["channel"] == channel if channel else True))]


WELLS = [f"{row}{column:02d}" for row in "ABCDEFGH" for column in range(1, 13)]


def test_counts_of_whole_missing_and_unusable_sites():
    table = _table(["A01", "A02", "A03", "A04", "B01", "B02", "B03", "B04"])
    table = _without(_without(table, "A02", "2"), "A03", "1", "ER")
    table = table.assign(problem=np.where(table["Metadata_Well"] == "B04", "focus failed", ""))
    counts = count_wells(table).loc["P"]
    assert counts.columns.tolist() == ["images", "unusable", "sites", "lacking"]
    assert counts.loc["A01"].tolist() == [6, 0, 3, 0]
    assert counts.loc["A02"].tolist() == [4, 0, 2, 1]
    assert counts.loc["A03"].tolist() == [5, 0, 2, 1]
    assert counts.loc["B04"].tolist() == [0, 6, 0, 3]


def test_plate_of_which_nothing_can_be_used():
    table = _table(["A01", "A02"]).assign(problem="the file is missing")
    assert count_wells(table).to_numpy().tolist() == [[0, 6, 0, 3]] * 2


def test_sites_that_vary_by_design_lack_nothing():
    table = pd.concat([_table(["A01", "A02"]), _table(["A03", "A04"], sites=(1,))])
    assert usual_sites(table).tolist() == [3, 3, 1, 1]
    assert (count_wells(table)["lacking"] == 0).all()


def test_empty_places_in_a_full_plate_only():
    assert empty_places(well for well in WELLS if well not in ("C07", "F11")) == ["C07", "F11"]
    assert empty_places(well for well in WELLS if well[0] in "BG") == []
    assert empty_places(["dish-1", "dish-2"]) == []


def test_wells_have_names_and_places():
    assert [well_at(*place) for place in ((0, 0), (31, 47))] == ["A01", "AF48"]
    grid = to_grid(pd.Series([5.0, 7.0], index=["A01", "H12"]))
    assert grid.shape == (8, 12)
    assert (grid[0, 0], grid[7, 11], np.isnan(grid).sum()) == (5, 7, 94)
    assert to_grid(pd.Series([1.0], index=["dish-1"])) is None


def test_plate_of_384_wells_shows_a_missing_field_at_a_glance():
    wells = [f"{chr(65 + row)}{column:02d}" for row in range(16) for column in range(1, 25)]
    counts = pd.DataFrame({"images": 9, "lacking": 0}, index=wells)
    counts.loc["C07", "lacking"] = 1
    counts.loc["G20"] = 0, 9
    counts.loc["P24", "lacking"] = 12
    lines = draw_plate(counts.drop("D09")).splitlines()
    assert lines[:2] == ["              1         2", "     123456789012345678901234"]
    assert lines[4] == "  C  ......1................."
    assert lines[5] == "  D  ........ ..............."
    assert lines[8] == "  G  ...................X...."
    assert lines[17] == "  P  .......................+"
    assert [lines[row] for row in (2, 3, 6)] == [f"  {row}  {'.' * 24}" for row in "ABE"]


def test_dishes_have_no_plate_to_draw():
    assert draw_plate(pd.DataFrame({"images": [1], "lacking": [0]}, index=["dish-1"])) is None
