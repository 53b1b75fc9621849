import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import DataError
from cellscreen.explain.spaces import (
    centred,
    defined_values,
    feature_columns,
    into_spaces,
    negative,
    spaces,
    treated,
)


def _wells(**columns):
    return pd.DataFrame({"Metadata_Plate": "P", "Metadata_Well": ["A01", "A02", "A03"], **columns})


def test_profiles_of_each_net_are_a_space_of_their_own():
    table = _wells(Metadata_fold=[1, 0, 1], f=[1.0, 2.0, 3.0])
    assert [(fold, part["f"].tolist()) for fold, part in spaces(table)] == [
        (0, [2.0]),
        (1, [1.0, 3.0]),
    ]


def test_profiles_that_no_net_made_are_one_space():
    ((fold, part),) = spaces(_wells(f=[1.0, 2.0, 3.0]))
    assert (fold, len(part)) == (-1, 3)


@pytest.mark.parametrize("table", [_wells(), _wells(f=1.0).head(0)])
def test_a_table_without_rows_or_features_is_an_error(table):
    with pytest.raises(DataError, match=r"Expected profiles with features; got \d rows and \d"):
        list(spaces(table))


def test_plates_are_centred_on_their_controls_each_on_its_own():
    table = pd.DataFrame(
        {
            "Metadata_Plate": ["P", "P", "P", "Q", "Q", "Q"],
            "Metadata_control_type": ["negcon", "negcon", "trt"] * 2,
            "f": [1.0, 3.0, 5.0, 11.0, 13.0, 10.0],
        }
    )
    moved, on = centred(table)
    assert on == "negcon"
    assert moved["f"].tolist() == [-1, 1, 3, -1, 1, -2]
    assert table["f"].tolist()[0] == 1.0


def test_one_plate_without_two_controls_centres_all_plates_on_their_means():
    table = pd.DataFrame(
        {
            "Metadata_Plate": ["P", "P", "P", "Q", "Q"],
            "Metadata_control_type": ["negcon", "negcon", "trt", "negcon", "trt"],
            "f": [1.0, 3.0, 5.0, 10.0, 20.0],
        }
    )
    moved, on = centred(table)
    assert on == "plate"
    assert moved["f"].tolist() == [-2, 0, 2, -5, 5]


def test_controls_empty_and_unnamed_wells_and_those_of_another_fold_are_no_compounds():
    table = pd.DataFrame(
        {
            "Metadata_pert_iname": ["a", "DMSO", "b", "", "c", "d"],
            "Metadata_control_type": ["trt", "negcon", "empty", "trt", "poscon", "trt"],
            "Metadata_own_fold": [True, True, True, True, True, False],
        }
    )
    assert treated(table).tolist() == [True, False, False, False, True, False]
    assert negative(table).tolist() == [False, True, False, False, False, False]
    assert not negative(table[["Metadata_pert_iname"]]).any()


def test_other_profiles_are_cut_to_the_wells_of_each_space():
    wells = pd.DataFrame(
        {
            "Metadata_Plate": "P",
            "Metadata_Well": ["A01", "A01", "A02"],
            "Metadata_pert_iname": ["DMSO", "DMSO", "a"],
            "Metadata_fold": [0, 1, 1],
            "Metadata_own_fold": [True, False, True],
        }
    )
    found = into_spaces(_wells(f=[1.0, 2.0, 3.0]), wells)
    assert sorted(found[["Metadata_fold", "f"]].itertuples(index=False, name=None)) == [
        (0, 1.0),
        (1, 1.0),
        (1, 2.0),
    ]
    assert feature_columns(found) == ["f"]
    assert set(found["Metadata_pert_iname"]) == {"DMSO", "a"}


def test_profiles_of_a_baselines_own_nets_stay_with_their_fold():
    wells = _wells(Metadata_fold=[0, 0, 1], Metadata_own_fold=True)
    found = into_spaces(_wells(Metadata_fold=[0, 1, 1], f=[1.0, 2.0, 3.0]), wells)
    assert found["f"].tolist() == [1.0, 3.0]


def test_features_that_are_undefined_anywhere_are_not_among_the_defined():
    table = _wells(a=[1.0, np.nan, 1.0], b=[1.0, 2.0, 3.0], c=[1.0, np.inf, 1.0])
    assert defined_values(table).tolist() == [[1.0], [2.0], [3.0]]
