import numpy as np
import pandas as pd
import pytest

from cellscreen.training.metrics import below_baselines, binary_metrics, figure, metrics_table


def test_figures_by_hand():
    figures = binary_metrics(np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.7, 0.4]))
    assert figures == pytest.approx(
        {"accuracy": 0.5, "precision": 0.5, "recall": 0.5, "f1": 0.5, "auroc": 0.75}
    )


def test_one_class_has_no_auroc_and_no_recall():
    figures = binary_metrics(np.array([0, 0]), np.array([0.1, 0.2]))
    assert figures["accuracy"] == 1
    assert np.isnan([figures["auroc"], figures["recall"], figures["precision"]]).all()


def test_a_constant_score_has_no_auroc():
    assert np.isnan(binary_metrics(np.array([0, 1]), np.array([0.5, 0.5]))["auroc"])


def test_a_model_without_answer_is_undefined():
    figures = binary_metrics(np.array([0, 1]), np.array([np.nan, 0.5]))
    assert np.isnan(list(figures.values())).all()


def predictions(scores):
    return pd.DataFrame({"fold": [0, 0, 1, 1], "label": [0, 1, 0, 1], "score": scores})


def test_mean_and_sample_sd_over_folds():
    table = metrics_table({"net": predictions([0.1, 0.9, 0.1, 0.2])})
    assert figure(table, "net", "accuracy", "0") == 1
    assert figure(table, "net", "accuracy", "1") == 0.5
    assert figure(table, "net", "accuracy") == 0.75
    assert figure(table, "net", "accuracy", "sd") == pytest.approx(np.std([1, 0.5], ddof=1))


def test_a_net_that_beats_no_baseline_is_named():
    table = metrics_table(
        {
            "net": predictions([0.1, 0.9, 0.1, 0.2]),
            "good": predictions([0.1, 0.9, 0.1, 0.9]),
            "none": predictions([np.nan] * 4),
        }
    )
    names = below_baselines(table, "net")
    assert len(names) == 2
    assert all(name.startswith("good") for name in names)
