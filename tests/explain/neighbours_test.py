import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.explain.neighbours import cosines, nearest_compounds


def _wells(names, values, **columns):
    table = pd.DataFrame(
        {
            "Metadata_Plate": "P",
            "Metadata_Well": [f"A{number:02d}" for number in range(1, len(names) + 1)],
            "Metadata_pert_iname": names,
            "Metadata_control_type": ["negcon" if name == "DMSO" else "trt" for name in names],
        }
    ).assign(**columns)
    return table.join(pd.DataFrame(values, columns=["Nuclei_MID_0000", "Nuclei_MID_0001"]))


PLATE = _wells(
    ["DMSO", "DMSO", "a", "a", "b", "c"],
    # Controls have the mean (1, 1); less it a is (2, 0), b (4, 4), c (-1, 0).
    [[0.0, 1], [2, 1], [3, 0], [3, 2], [5, 5], [0, 1]],
)


def test_neighbours_follow_from_the_angle_of_centred_means():
    found = nearest_compounds(PLATE, k=2).set_index(["Metadata_pert_iname", "rank"])
    assert found.loc[("a", 1), "neighbour"] == "b"
    assert found.loc[("a", 1), "cosine"] == pytest.approx(np.sqrt(0.5))
    assert found.loc[("a", 2), "neighbour"] == "c"
    assert found.loc[("a", 2), "cosine"] == pytest.approx(-1)
    assert found.loc[("b", 1), ["n_wells", "neighbour_wells", "among"]].tolist() == [1, 2, 2]
    assert set(found["centred_on"]) == {"negcon"}
    assert "DMSO" not in {*found.index.get_level_values(0), *found["neighbour"]}


def test_plates_are_centred_before_wells_are_averaged():
    other = PLATE.assign(Metadata_Plate="Q", Nuclei_MID_0000=PLATE["Nuclei_MID_0000"] + 100)
    both = nearest_compounds(pd.concat([PLATE, other], ignore_index=True), k=1)
    assert both["cosine"].tolist() == pytest.approx(nearest_compounds(PLATE, k=1)["cosine"])


def test_compounds_of_different_nets_are_never_neighbours():
    folds = np.array([0, 0, 0, 0, 0, 1])
    found = nearest_compounds(PLATE.assign(Metadata_fold=folds), k=5)
    assert found.loc[found["Metadata_fold"] == 0, "neighbour"].tolist() == ["b", "a"]
    alone = found[found["Metadata_fold"] == 1].iloc[0]
    assert (alone["neighbour"], alone["among"]) == (None, 0)
    assert np.isnan(alone["cosine"])


def test_a_profile_of_zeros_has_no_neighbour_and_says_why():
    table = _wells(["DMSO", "DMSO", "a", "b"], [[0.0, 0], [2, 2], [1, 1], [3, 1]])
    found = nearest_compounds(table).set_index("Metadata_pert_iname")
    assert found.loc["a", "reason"] == "its profile is zero or undefined"
    assert found.loc["b", "reason"] == "no other compound"
    assert np.isnan(found.loc["a", "cosine"])


def test_equal_cosines_are_told_apart_by_name():
    table = _wells(["DMSO", "DMSO", "b", "c", "a"], [[0.0, 0], [0, 0], [1, 1], [1, 1], [1, 1]])
    found = nearest_compounds(table, k=1)
    assert found["neighbour"].tolist() == ["b", "a", "a"]


def test_features_that_a_compound_lacks_do_not_count():
    table = PLATE.assign(more=[1.0, 1, np.nan, 1, 1, 1])
    assert nearest_compounds(table)["cosine"].tolist() == pytest.approx(
        nearest_compounds(PLATE)["cosine"]
    )


def test_no_neighbours_is_an_error():
    with pytest.raises(ConfigError, match="Expected k of 1 or more; got 0"):
        nearest_compounds(PLATE, k=0)


def test_cosine_of_a_zero_row_is_undefined():
    found = cosines(np.array([[3.0, 4], [0, 0], [-6, -8]]))
    assert found[0].tolist()[::2] == pytest.approx([1, -1])
    assert np.isnan(found[1]).all()
