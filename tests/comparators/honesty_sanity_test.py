import numpy as np
import pandas as pd
import pytest

from cellscreen.comparators.honesty_sanity import sanity_figures

WELLS, CELLS = 20, 6


def manifest(folds=2, controls=10):
    """Twenty wells of six cells, half of them controls, dealt over folds by well."""
    wells = np.repeat(np.arange(WELLS), CELLS)
    return pd.DataFrame(
        {
            "key": [f"P/{well}:{n}" for n, well in enumerate(wells)],
            "group": [f"P/{well}" for well in wells],
            "fold": wells // 2 % folds,
            "label": 3,
            "trained": True,
            "Metadata_Plate": "P",
            "Metadata_Well": [f"W{well}" for well in wells],
            "Metadata_control_type": np.where(wells % 20 < controls, "negcon", "trt"),
        }
    )


def value(table, metric):
    return table.set_index("metric").loc[metric, "value"]


def features(rows, shift):
    random = np.random.default_rng(0)
    treated = rows["Metadata_control_type"] == "trt"
    return pd.DataFrame({"size": random.normal(size=len(rows)) + shift * treated}, rows.index)


def test_features_that_differ_tell_controls_from_treated_cells():
    table = sanity_figures(features(manifest(), 9.0), manifest())
    assert value(table, "accuracy") == pytest.approx(1, abs=0.02)
    assert value(table, "auroc") == pytest.approx(1, abs=0.02)
    assert value(table, "majority_share") == 0.5
    assert set(table["n_cells"]) == {WELLS * CELLS}
    assert set(table["n_wells"]) == {WELLS}
    assert table["low"].iloc[0] <= table["value"].iloc[0] <= table["high"].iloc[0]


def test_features_of_nothing_reach_no_more_than_the_larger_class():
    rows = manifest(controls=15)
    table = sanity_figures(features(rows, 0.0), rows)
    assert value(table, "majority_share") == 0.75
    assert value(table, "accuracy") == pytest.approx(0.75, abs=0.05)
    assert 0.3 < value(table, "auroc") < 0.7


def test_the_question_is_not_the_classes_of_the_net():
    rows = manifest()
    other = rows.assign(label=np.arange(len(rows)) % 7)
    made = features(rows, 1.0)
    pd.testing.assert_frame_equal(sanity_figures(made, rows), sanity_figures(made, other))


def test_cells_that_are_scored_only_or_no_control_nor_treated_are_left_out():
    rows = manifest()
    rows.loc[rows["Metadata_Well"] == "W0", "trained"] = False
    rows.loc[rows["Metadata_Well"] == "W19", "Metadata_control_type"] = "poscon"
    table = sanity_figures(features(rows, 9.0), rows)
    assert set(table["n_wells"]) == {WELLS - 2}


def test_without_controls_it_is_undefined():
    table = sanity_figures(features(manifest(), 1.0), manifest(controls=0))
    assert table["value"].isna().all()
    assert set(table["n_cells"]) == {0}
