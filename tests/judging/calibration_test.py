import numpy as np
import pytest

from cellscreen.judging.calibration import (
    TEMPERATURES,
    apply_temperature,
    fit_temperature,
)


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
