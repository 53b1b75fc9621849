import numpy as np
import pandas as pd
import pytest

from cellscreen.judging.dose_metrics import dose_metrics, dose_metrics_table
from cellscreen.judging.metrics import below_baselines

TRUE = np.array([0.0, 1.0, 2.0, 3.0])


def test_figures_by_hand():
    found = dose_metrics(TRUE, np.array([1.0, 0.0, 3.0, 2.0]))
    assert found == pytest.approx({"rmse": 1, "spearman": 0.6, "r2": 1 - 4 / 5})


def test_undefined_figures_are_nan():
    assert np.isnan(list(dose_metrics(TRUE[:0], TRUE[:0]).values())).all()
    assert np.isnan(list(dose_metrics(TRUE, TRUE * np.nan).values())).all()
    constant = dose_metrics(TRUE, np.ones(4))
    assert np.isnan(constant["spearman"])
    assert constant["rmse"] == pytest.approx(np.sqrt(6 / 4))
    assert np.isnan(dose_metrics(np.ones(4), TRUE)["r2"])


def test_the_table_has_folds_spread_and_intervals_over_groups():
    generator = np.random.default_rng(0)
    value = np.tile(TRUE, 10)
    frame = pd.DataFrame({"group": np.repeat(np.arange(20), 2), "fold": np.repeat([0, 1], 20)})
    frame = frame.assign(value=value, answer=value + generator.normal(0, 0.5, 40))
    flat = frame.assign(answer=1.5)
    table = dose_metrics_table({"net": frame, "mean_dose": flat}, draws=100)
    pooled = table[table["fold"] == "pooled"].set_index(["model", "metric"])
    net = pooled.loc[("net", "rmse")]
    assert net["low"] < net["value"] < net["high"]
    assert 0.25 < net["low"] < net["high"] < 0.7
    assert np.isnan(pooled.loc[("mean_dose", "spearman"), "value"])
    assert set(table["fold"]) == {"0", "1", "pooled", "mean", "sd"}
    assert below_baselines(table, "net") == []
    assert "net (rmse" in below_baselines(table, "mean_dose")[0]


def test_a_single_group_has_no_interval():
    frame = pd.DataFrame({"group": "a", "fold": 0, "value": TRUE, "answer": TRUE})
    table = dose_metrics_table({"net": frame})
    assert table[["low", "high"]].isna().all().all()
