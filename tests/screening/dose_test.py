import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cellscreen.errors import ScoreError
from cellscreen.screening.dose import control_metrics, dose_correlation
from cellscreen.screening.scores import aggregate

SCORE = "Score_hypoxia_hypoxia"


@pytest.fixture
def series(score_table):
    def make(scores, doses, **more):
        rows = [
            {"well": f"A{n:02d}", "score": score, "dose": dose, "name": "x", "control_type": "trt"}
            | {"fold": n % 4}
            | more
            for n, (score, dose) in enumerate(zip(scores, doses, strict=True))
        ]
        return score_table(rows)

    return make


@pytest.fixture
def controls(score_table):
    def make(**wells):
        return score_table(
            [
                {"well": f"{kind}-{n}", "score": score, "control_type": kind, "fold": n % 2}
                for kind, scores in wells.items()
                for n, score in enumerate(scores)
            ]
        )

    return make


def test_correlation_by_hand(series):
    """Ranks of dose 1.5 1.5 3.5 3.5 5.5 5.5, of score 1 2 4 3 5 6: rho = 16 / sqrt(16 * 17.5)."""
    scores = series([0.1, 0.2, 0.4, 0.3, 0.5, 0.6], [1, 1, 2, 2, 4, 4])
    result = dose_correlation(scores, "x", SCORE)
    assert result.rho == pytest.approx(16 / np.sqrt(16 * 17.5))
    assert (result.n_wells, result.n_doses, result.note) == (6, 3, "")
    assert result.low <= result.rho <= result.high
    assert result == dose_correlation(aggregate(scores), "x", SCORE)


def test_correlation_equals_scipy_and_keeps_its_sign(series):
    rng = np.random.default_rng(0)
    doses = np.repeat([1.0, 2, 4, 8, 16, 32, 64, 125, 250], 4)
    scores = np.round(np.log(doses) / 8 + rng.random(36) / 2, 1)
    expected = stats.spearmanr(doses, scores).statistic
    rising = dose_correlation(series(scores, doses), "x", SCORE)
    falling = dose_correlation(series(-scores, doses), "x", SCORE)
    assert rising.rho == pytest.approx(expected)
    assert falling.rho == pytest.approx(-expected)
    assert rising.p == falling.p == pytest.approx(1 / 2001)
    assert rising.low > 0.5


def test_chance_reaches_a_third_with_36_wells(series):
    rng = np.random.default_rng(1)
    doses = np.repeat(np.arange(1.0, 10), 4)
    result = dose_correlation(series(rng.random(36), doses), "x", SCORE)
    assert result.null == pytest.approx(0.33, abs=0.02)
    assert result.p > 0.05
    assert result.low < 0 < result.high


def test_equal_scores_have_no_correlation_and_say_so(series):
    result = dose_correlation(series([0.5] * 6, [1, 1, 2, 2, 4, 4]), "x", SCORE)
    assert np.isnan([result.rho, result.low, result.p]).all()
    assert "All 6 wells of x have one score" in result.note


def test_other_compounds_and_controls_are_not_pooled(series, controls):
    own = series([0.1, 0.2, 0.4, 0.3, 0.5, 0.6], [1, 1, 2, 2, 4, 4])
    other = series([0.9, 0.1], [100, 200], name="y", plate="q")
    pooled = pd.concat([own, other, controls(poscon=[0.0, 0.1])], ignore_index=True)
    expected = dose_correlation(own, "x", SCORE)
    assert dose_correlation(pooled, "x", SCORE) == expected


@pytest.mark.parametrize(
    ("more", "doses", "compound", "message"),
    [
        ({}, [1, 1, 2, 2, 4, 4], "y", "wells of y with control_type=trt, got none"),
        ({}, [1, 2, 3, 4, 5, 6], "x", r"6 doses in 6 wells\. Pool all rows"),
        ({}, [1, 1, 1, 2, 2, 2], "x", "at least 3 doses of x.*got 2 doses in 6 wells"),
        ({}, [1, 1, 2, 2, 4, np.nan], "x", r"every well of x, got NaN\. \[plate p, well A05\]"),
    ],
)
def test_series_that_say_nothing_are_refused(series, more, doses, compound, message):
    scores = series([0.1, 0.2, 0.4, 0.3, 0.5, 0.6], doses, **more)
    with pytest.raises(ScoreError, match=message):
        dose_correlation(scores, compound, SCORE)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("Metadata_unit", ["nM", "uM"] * 3, "one unit in the wells of x, got nM, uM"),
        ("Metadata_cell_line", ["AC16", "H9C2"] * 3, "one cell_line .* got AC16, H9C2"),
        ("model_id", ["a", "b"] * 3, "one model_id .* got a, b"),
    ],
)
def test_different_units_lines_and_models_are_not_pooled(series, column, values, message):
    scores = series([0.1, 0.2, 0.4, 0.3, 0.5, 0.6], [1, 1, 2, 2, 4, 4])
    with pytest.raises(ScoreError, match=message):
        dose_correlation(scores.assign(**{column: values}), "x", SCORE)


def test_tables_without_doses_are_named(series):
    scores = series([0.1, 0.2, 0.4], [1, 1, 2])
    with pytest.raises(ScoreError, match="missing: Metadata_concentration_um"):
        dose_correlation(scores.drop(columns="Metadata_concentration_um"), "x", SCORE)
    with pytest.raises(ScoreError, match="got a table of treatments"):
        control_metrics(aggregate(scores, "treatment"), SCORE)


def test_controls_by_hand(controls):
    """Of six pairs five are in order; 0.5 itself counts as positive."""
    metrics = control_metrics(
        controls(poscon=[0.9, 0.5], negcon=[0.1, 0.2, 0.6], empty=[0.1, 0.7, 0.2, 0.3], trt=[1]),
        SCORE,
    )
    assert metrics.auc == pytest.approx(5 / 6)
    assert metrics.accuracy == pytest.approx(4 / 5)
    assert (metrics.n_positive, metrics.n_negative, metrics.n_empty) == (2, 3, 4)
    assert metrics.empty_negative == pytest.approx(3 / 4)
    assert metrics.notes == ()


def test_wrong_sign_is_told_from_no_signal(controls):
    metrics = control_metrics(controls(poscon=[0.1, 0.2], negcon=[0.8, 0.9]), SCORE)
    assert (metrics.auc, metrics.accuracy) == (0.0, 0.0)


@pytest.mark.parametrize(("kind", "absent"), [("poscon", "negative"), ("negcon", "positive")])
def test_one_class_is_undefined_and_never_zero(controls, kind, absent):
    metrics = control_metrics(controls(**{kind: [0.1, 0.2]}), SCORE)
    assert np.isnan([metrics.auc, metrics.accuracy, metrics.empty_negative]).all()
    assert metrics.notes[0] == f"No {absent} control wells: AUC and accuracy are undefined."
    assert "No empty wells" in metrics.notes[1]


def test_no_controls_are_an_error(series):
    with pytest.raises(ScoreError, match=r"control wells .* got none"):
        control_metrics(series([0.1], [1]), SCORE)
