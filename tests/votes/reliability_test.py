import numpy as np
import pandas as pd
import pytest

from cellscreen.votes.reliability import (
    confidence_of,
    expected_calibration_error,
    reliability_curve,
    reliability_table,
)

LABELS = np.array([0, 1, 1, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.4, 0.6]])


def test_reliability_by_hand():
    curve = reliability_curve(LABELS, PROBABILITIES, bins=5)
    assert curve["n"].tolist() == [0, 0, 1, 0, 3]  # 0.6 closes the third bin
    assert curve["confidence"].tolist() == pytest.approx(
        [np.nan] * 2 + [0.6, np.nan, 0.9], nan_ok=True
    )
    assert curve["accuracy"].tolist() == pytest.approx(
        [np.nan] * 2 + [1, np.nan, 2 / 3], nan_ok=True
    )


def test_calibration_error_by_hand():
    expected = (1 * 0.4 + 3 * (0.9 - 2 / 3)) / 4
    assert expected_calibration_error(LABELS, PROBABILITIES, bins=5) == pytest.approx(expected)


def test_certain_and_right_is_calibrated_and_falls_into_the_last_bin():
    curve = reliability_curve(np.array([0, 1]), np.eye(2))
    assert (len(curve), curve["n"].iloc[-1]) == (15, 2)
    assert expected_calibration_error(np.array([0, 1]), np.eye(2)) == 0


@pytest.mark.parametrize("rows", [np.zeros((0, 2)), np.full((2, 2), np.nan)])
def test_no_answers_have_no_calibration_error(rows):
    assert np.isnan(expected_calibration_error(np.arange(len(rows)), rows))


def voted(labels, called, confidence):
    """Units of two classes; the called one has the given probability."""
    p = np.where(np.array(called) == 0, confidence, 1 - np.array(confidence))
    return pd.DataFrame({"label": labels, "called": called, "p_a": p, "p_b": 1 - p})


def test_the_confidence_of_a_unit_is_that_of_its_called_class():
    table = voted([0, 0], [0, 1], [0.9, 0.7])
    assert confidence_of(table, ["a", "b"]).tolist() == pytest.approx([0.9, 0.7])


def test_bins_have_intervals_over_wells_not_units():
    table = voted([0] * 4, [0, 0, 0, 1], [0.9] * 4)
    curve = reliability_table(table, pd.Series(["w1", "w1", "w2", "w2"]), ["a", "b"], bins=2)
    assert curve["n"].tolist() == [0, 4]
    assert curve["n_groups"].tolist() == [0, 2]
    assert np.isnan(curve.loc[0, ["confidence", "accuracy", "low", "high"]].to_numpy(float)).all()
    last = curve.loc[1]
    assert (last["above"], last["up_to"], last["accuracy"]) == (0.5, 1, 0.75)
    # Wilson with 1.5 right of 2: centre (0.75 + z²/4) / (1 + z²/2), z = 1.96.
    z = 1.959964
    centre = (0.75 + z**2 / 4) / (1 + z**2 / 2)
    half = z * np.sqrt(0.75 * 0.25 / 2 + z**2 / 16) / (1 + z**2 / 2)
    assert (last["low"], last["high"]) == pytest.approx((centre - half, centre + half), abs=1e-6)
