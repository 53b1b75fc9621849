import numpy as np
import pytest

from cellscreen.training.calibration import (
    TEMPERATURES,
    apply_temperature,
    expected_calibration_error,
    fit_temperature,
    reliability_curve,
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


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_the_temperature_of_scaled_logits_is_found_again(temperature):
    honest = np.array([[0.8, 0.15, 0.05], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6]])
    labels = np.concatenate(
        [np.repeat([0, 1, 2], (row * 100).round().astype(int)) for row in honest]
    )
    distorted = apply_temperature(np.repeat(honest, 100, axis=0), 1 / temperature)
    assert fit_temperature(labels, distorted) == pytest.approx(temperature, rel=1e-3)


@pytest.mark.parametrize(
    ("labels", "rows"),
    [([], np.zeros((0, 2))), ([1, 1], two := np.full((2, 2), 0.5)), ([0, 1], two * np.nan)],
)
def test_no_labels_one_class_or_no_answers_have_no_temperature(labels, rows):
    assert np.isnan(fit_temperature(np.array(labels, int), rows))


def test_saturated_answers_keep_the_temperature_within_bounds():
    sure = np.eye(2, dtype=np.float32)[[0, 1]]
    assert TEMPERATURES[0] < fit_temperature(np.array([0, 1]), sure) < 1
    assert 19 < fit_temperature(np.array([1, 0]), sure) < TEMPERATURES[1]


def test_temperatures_apply_row_by_row():
    scaled = apply_temperature(
        np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]]), np.array([1, 2, np.nan])
    )
    assert scaled[0] == pytest.approx([0.9, 0.1])
    assert scaled[1] == pytest.approx([0.75, 0.25])  # odds 9 become 3
    assert np.isnan(scaled[2]).all()
