import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ScoreError
from cellscreen.screening.dose_scores import (
    compound_scores,
    dose_points,
    dose_scores,
    vehicle_scores,
)

COLUMN = "Score_tox_yes"


def table(rows, level="well"):
    """Rows of compound, dose, control type, score."""
    names = ["Metadata_pert_iname", "Metadata_concentration_um", "Metadata_control_type", COLUMN]
    frame = pd.DataFrame(rows, columns=names)
    wells = [f"A{number + 1:02d}" for number in range(len(frame))]
    return frame.assign(
        **{"Metadata_Plate": "P", "Metadata_Well": wells, f"{COLUMN}_sd": 0.05},
        key=[f"P/{well}" for well in wells],
        level=level,
        model_id="m",
        fold=pd.array([0] * len(frame), dtype="Int64"),
        n_images=1,
    )


ROWS = [
    ("A", 10.0, "trt", 0.8),
    ("A", 1.0, "trt", 0.2),
    ("A", 10.0, "trt", 0.6),
    ("B", 1.0, "trt", 0.9),
    ("B", np.nan, "trt", 0.1),
    ("DMSO", np.nan, "negcon", 0.3),
    ("P", 5.0, "poscon", 1.0),
]


def test_points_are_the_treated_wells_with_a_dose():
    found = dose_points(table(ROWS), COLUMN)

    assert found["compound"].tolist() == ["A", "A", "A", "B"]
    assert found["concentration_um"].tolist() == [1, 10, 10, 1]
    assert found["score"].tolist() == [0.2, 0.8, 0.6, 0.9]
    assert found["well"].tolist() == ["A02", "A01", "A03", "A04"]
    assert set(found["deviation"]) == {0.05}


def test_where_no_well_states_its_type_all_with_a_dose_count():
    frame = table(ROWS).assign(Metadata_control_type="")

    assert dose_points(frame, COLUMN)["compound"].tolist() == ["A", "A", "A", "B", "P"]


def test_replicates_have_a_mean_and_a_spread():
    found = dose_scores(dose_points(table(ROWS), COLUMN)).iloc[1]

    assert (found["compound"], found["concentration_um"], found["n_wells"]) == ("A", 10, 2)
    assert found["mean"] == pytest.approx(0.7)
    assert found["sd"] == pytest.approx(0.1 * 2**0.5)
    assert (found["low"], found["high"]) == (0.6, 0.8)


def test_the_spread_of_one_well_is_undefined():
    assert np.isnan(dose_scores(dose_points(table(ROWS), COLUMN))["sd"][0])


def test_a_compound_has_its_mean_over_wells_and_its_highest_dose():
    found = compound_scores(dose_scores(dose_points(table(ROWS), COLUMN)))

    assert found["compound"].tolist() == ["B", "A"]
    a = found.iloc[1]
    assert a["mean"] == pytest.approx((0.2 + 0.8 + 0.6) / 3)
    assert (a["top_um"], a["n_doses"], a["n_wells"]) == (10, 2, 3)
    assert a["top_mean"] == pytest.approx(0.7)
    assert a["rise"] == pytest.approx(0.5)
    assert np.isnan(found["rise"][0])


def test_images_of_a_well_are_averaged_first():
    frame = table(ROWS[:2], "image").assign(Metadata_Well="A01", Metadata_concentration_um=10.0)
    found = dose_points(frame, COLUMN)

    assert found["score"].tolist() == [0.5]


def test_the_vehicle_is_kept_apart():
    assert vehicle_scores(table(ROWS), COLUMN).tolist() == [0.3]
    assert vehicle_scores(table(ROWS[:2]), COLUMN).empty


def test_no_treated_well_gives_empty_tables():
    doses = dose_scores(dose_points(table(ROWS[5:]), COLUMN))

    assert doses.empty
    assert compound_scores(doses).empty


def test_scores_without_doses_are_refused():
    with pytest.raises(ScoreError, match="missing: Metadata_concentration_um"):
        dose_points(table(ROWS).drop(columns="Metadata_concentration_um"), COLUMN)


def test_treatments_are_refused_since_their_wells_are_lost():
    with pytest.raises(ScoreError, match="got a table of treatments"):
        dose_points(table(ROWS, "treatment"), COLUMN)
