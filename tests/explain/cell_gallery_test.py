import numpy as np
import pandas as pd

from cellscreen.explain.attention_table import attention_table
from cellscreen.explain.cell_gallery import gallery_cells, gallery_crops, highest_dose, montage


def test_the_most_and_least_attended_cells_of_the_highest_dose_are_chosen(toy_explanation):
    asked = toy_explanation()
    found = gallery_cells(attention_table(asked), ["A", "D"], 3)

    assert found["Metadata_pert_iname"].tolist() == ["A"] * 6 + ["D"] * 6
    assert found["side"].tolist() == (["most"] * 3 + ["least"] * 3) * 2
    assert (found["Metadata_concentration_um"] == 10).all()
    first = found.iloc[:6]
    assert first["cell"].tolist() == [2, 2, 1, 3, 3, 4]
    assert first["attention"].is_monotonic_decreasing is False
    assert first["attention"][:3].is_monotonic_decreasing
    assert first["attention"][3:].is_monotonic_increasing


def test_a_compound_of_few_cells_shows_none_twice(toy_explanation):
    cells = attention_table(toy_explanation(), rows=[2]).head(5)
    found = gallery_cells(cells, ["A"], 6)

    assert found["side"].tolist() == ["most", "most", "least", "least"]
    assert found["cell"].is_unique


def test_an_unknown_compound_has_no_cells(toy_explanation):
    assert gallery_cells(attention_table(toy_explanation()), ["Z"], 3).empty


def test_without_doses_all_cells_count():
    cells = pd.DataFrame({"Metadata_concentration_um": [np.nan, np.nan]})

    assert len(highest_dose(cells)) == 2


def test_the_crops_are_those_of_the_chosen_cells(toy_explanation):
    asked = toy_explanation()
    chosen = pd.DataFrame({"row": [2, 2], "cell": [0, 7]})
    found = gallery_crops(asked, chosen)

    assert found.shape == (2, 8, 8, 2)
    assert found[:, 0, 0, 1].tolist() == [200, 27]
    assert gallery_crops(asked, chosen.iloc[:0]).shape == (0, 8, 8, 2)


def test_crops_stand_side_by_side_above_their_channels():
    crops = np.zeros((3, 4, 4, 2), np.uint8)
    crops[2, ..., 1] = 77
    sheet = montage(crops, ["DNA", "ROS"], [2, 1])

    # Rows: composite, DNA, ROS, 2 px apart; the second group begins 14 px after the first.
    assert sheet.shape == (3 * 4 + 2 * 2, 10 + 14 + 4, 3)
    assert (sheet[12:16, 24:28] == 77).all()
    assert (sheet[:, 10:24] == 255).all()
    assert (sheet[4:6] == 255).all()
