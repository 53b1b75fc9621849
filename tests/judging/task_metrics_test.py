import numpy as np
import pandas as pd
import pytest

from cellscreen.judging.task_metrics import task_figures, task_metrics_table

FRAME = pd.DataFrame(
    {
        "group": list("abcdefgh"),
        "fold": [0, 0, 0, 0, 1, 1, 1, 1],
        "label_herg": [0, 1, 0, 1, 0, 1, 0, 1],
        "p_herg": [0.1, 0.9, 0.2, 0.8, 0.1, 0.9, 0.2, 0.8],
        "label_mito": [0, 1, -1, -1, 0, 1, 0, 1],
        "p_mito": [0.9, 0.1, 0.1, 0.9, 0.1, 0.9, 0.2, 0.8],
    }
)


@pytest.fixture(scope="module")
def table():
    return task_metrics_table({"net": FRAME}, ("herg", "mito"), draws=50).set_index(
        ["fold", "metric"]
    )


def test_a_task_is_judged_where_its_label_is_known(table):
    assert table.loc[("pooled", "accuracy[herg]"), "value"] == 1
    assert table.loc[("pooled", "accuracy[mito]"), "value"] == pytest.approx(4 / 6)
    assert table.loc[("0", "accuracy[mito]"), "value"] == 0


def test_means_are_over_tasks_and_have_no_interval(table):
    assert table.loc[("pooled", "accuracy"), "value"] == pytest.approx((1 + 4 / 6) / 2)
    assert np.isnan(table.loc[("pooled", "accuracy"), "low"])
    assert table.loc[("pooled", "accuracy[mito]"), "low"] < 4 / 6


def test_the_spread_is_that_of_the_folds_means(table):
    assert table.loc[("0", "accuracy"), "value"] == 0.5
    assert table.loc[("1", "accuracy"), "value"] == 1
    assert table.loc[("sd", "accuracy"), "value"] == pytest.approx(np.std([0.5, 1], ddof=1))


def test_a_mean_is_undefined_where_a_tasks_figure_is():
    single = FRAME.assign(label_mito=[0, 0, -1, -1, 0, 0, 0, 0])
    found = task_metrics_table({"net": single}, ("herg", "mito"), draws=10)
    found = found[found["fold"] == "pooled"].set_index("metric")["value"]
    assert found["auroc[herg]"] == 1
    assert np.isnan(found["auroc[mito]"])
    assert np.isnan(found["auroc"])


def test_validation_figures_mask_missing_labels():
    values = np.array([[0, -1], [1, 0], [1, 1]])
    answers = np.array([[0.2, 0.9], [0.7, 0.4], [0.9, 0.6]])
    found = task_figures(values, answers)
    assert found["accuracy"] == found["auroc"] == 1
    losses = -np.log([0.8, 0.7, 0.9]).mean(), -np.log([0.6, 0.6]).mean()
    assert found["loss"] == pytest.approx(np.mean(losses))
