import numpy as np
import pandas as pd

from cellscreen.judging.levels import averaged, levels_of

FRAME = pd.DataFrame(
    {
        "fold": [0, 0, 0, 0, 1],
        "group": ["c1", "c1", "c1", "c2", ""],
        "label": [1, 1, 1, 0, 0],
        "Metadata_Plate": "P1",
        "Metadata_Well": ["A01", "A01", "A02", "A03", "A04"],
        "Metadata_pert_iname": ["c1", "c1", "c1", "c2", ""],
        "Metadata_concentration_um": [1.0, 1.0, 10.0, np.nan, np.nan],
        "p_no": [0.2, 0.4, 0.9, 0.5, 0.1],
        "p_yes": [0.8, 0.6, 0.1, 0.5, 0.9],
    }
)
ANSWERS = ["p_no", "p_yes"]


def test_fields_are_averaged_to_wells():
    wells = averaged(FRAME, "well", ANSWERS)
    assert wells["Metadata_Well"].tolist() == ["A01", "A02", "A03", "A04"]
    np.testing.assert_allclose(wells["p_yes"], [0.7, 0.1, 0.5, 0.9])
    assert wells["n_bags"].tolist() == [2, 1, 1, 1]


def test_wells_are_averaged_to_compound_and_dose_and_a_missing_dose_is_one():
    doses = averaged(FRAME, "compound_dose", ANSWERS)
    assert doses["Metadata_pert_iname"].tolist() == ["c1", "c1", "c2"]
    np.testing.assert_allclose(doses["p_yes"], [0.7, 0.1, 0.5])


def test_wells_without_a_compound_are_in_no_compounds_mean():
    compounds = averaged(FRAME, "compound", ANSWERS)
    assert compounds["Metadata_pert_iname"].tolist() == ["c1", "c2"]
    np.testing.assert_allclose(compounds["p_yes"], [0.5, 0.5])


def test_a_mean_is_undefined_where_an_answer_is():
    undefined = FRAME.assign(p_yes=[np.nan, 0.6, 0.1, 0.5, 0.9])
    assert np.isnan(averaged(undefined, "compound", ANSWERS)["p_yes"][0])


def test_scores_of_two_folds_are_not_mixed():
    leaky = FRAME.assign(fold=[0, 1, 0, 0, 1])
    assert len(averaged(leaky, "compound", ANSWERS)) == 3


def test_there_are_only_the_levels_that_metadata_tell():
    assert levels_of(FRAME, "field") == ["field", "well", "compound_dose", "compound"]
    bare = FRAME.drop(columns=["Metadata_concentration_um"])
    assert levels_of(bare, "well") == ["well", "compound"]
    assert levels_of(bare.assign(Metadata_pert_iname=""), "well") == ["well"]
