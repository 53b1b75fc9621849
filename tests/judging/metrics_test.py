import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import DataError
from cellscreen.judging.metrics import (
    AFTER_TEMPERATURE,
    METRICS,
    below_baselines,
    class_metrics,
    figure,
    metrics_table,
)

TWO, THREE = ("normoxia", "hypoxia"), ("a", "b", "c")


def two(scores):
    """Probabilities of two classes from those of the positive one."""
    return np.column_stack([1 - np.array(scores), scores])


def figures(labels, scores):
    return class_metrics(np.array(labels), two(scores), TWO)


def test_two_classes_by_hand():
    found = figures([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.4])
    expected = {"accuracy": 0.5, "precision": 0.5, "recall": 0.5, "f1": 0.5, "macro_f1": 0.5}
    # ranked 0.7+ 0.6- 0.4+ 0.1-: precision 1 and 2/3 at the positives, 3 of 4 pairs in order
    expected |= {"auroc": 0.75, "auprc": 5 / 6, "mcc": 0}
    # confidences 0.9 right, 0.6 wrong, 0.7 right, 0.6 wrong, the two 0.6 in one bin
    expected |= {"ece": (0.1 + 0.3 + 1.2) / 4}
    expected |= {"log_loss": -np.log([0.9, 0.4, 0.7, 0.4]).mean()}
    assert found == pytest.approx(expected)
    assert list(found)[:1] == ["accuracy"]
    assert set(METRICS) < set(found)


def test_three_classes_are_averaged_and_given_each():
    calls = np.array([0, 0, 1, 2, 2])
    found = class_metrics(np.array([0, 1, 1, 2, 2]), 0.1 + 0.7 * np.eye(3)[calls], THREE)
    assert found["accuracy"] == pytest.approx(0.8)
    assert found["recall[a]"] == 1
    assert found["recall[b]"] == pytest.approx(0.5)
    assert found["precision[a]"] == pytest.approx(0.5)
    assert found["recall"] == pytest.approx(2.5 / 3)
    assert found["f1"] == found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    # a: 3 of 4 negatives below its one positive, 1 tied; b: one of two above all; c: all above
    assert found["auroc"] == pytest.approx((0.875 + 0.75 + 1) / 3)


def test_a_class_that_is_never_called_has_no_precision_and_no_macro_precision():
    found = class_metrics(np.array([0, 1, 2]), np.eye(3)[[0, 1, 1]] * 0.7 + 0.1, THREE)
    assert np.isnan([found["precision[c]"], found["precision"]]).all()
    assert found["recall[c]"] == 0


def test_one_class_has_no_ranking_no_recall_and_no_mcc():
    found = figures([0, 0], [0.1, 0.2])
    assert found["accuracy"] == 1
    lacking = [found[name] for name in ("auroc", "auprc", "recall", "precision", "mcc")]
    assert np.isnan(lacking).all()


def test_a_constant_score_ranks_nothing_and_has_no_mcc():
    found = figures([0, 1], [0.2, 0.2])
    assert np.isnan([found["auroc"], found["auprc"], found["mcc"]]).all()
    assert (found["accuracy"], found["recall"]) == (0.5, 0)


@pytest.mark.parametrize("labels", [[0, 1], []])
def test_a_model_without_answer_is_undefined_throughout(labels):
    found = figures(labels, [np.nan, 0.5][: len(labels)])
    assert np.isnan(list(found.values())).all()
    assert list(found) == list(figures([0, 1], [0.1, 0.9]))


def test_probabilities_of_float32_are_not_taken_for_wrong_sums():
    found = class_metrics(np.array([0, 1]), np.array([[0.9, 0.1 + 3e-7], [0.2, 0.8]]), TWO)
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.8]).mean(), abs=1e-6)


def test_answers_of_half_precision_are_taken():
    answers = np.array([[0.75, 0.25], [0.25, 0.75]])
    halves = class_metrics(np.array([0, 1]), answers.astype(np.float16), TWO)
    assert halves == class_metrics(np.array([0, 1]), answers, TWO)


def test_a_label_out_of_range_is_refused():
    with pytest.raises(DataError, match="labels from 0 to 1; got -1"):
        figures([0, -1], [0.1, 0.2])


def predictions(scores, groups="abcd", **columns):
    frame = pd.DataFrame({"key": list("wxyz"), "group": list(groups)})
    frame = frame.assign(fold=[0, 0, 1, 1], label=[0, 1, 0, 1], **columns)
    return frame.assign(p_normoxia=1 - np.array(scores), p_hypoxia=scores)


def test_mean_and_sample_sd_over_folds():
    table = metrics_table({"net": predictions([0.1, 0.9, 0.1, 0.2])}, TWO)
    assert list(table.columns) == ["model", "fold", "metric", "value", "low", "high"]
    assert figure(table, "net", "accuracy", "0") == 1
    assert figure(table, "net", "accuracy", "1") == 0.5
    assert figure(table, "net", "accuracy") == 0.75
    assert figure(table, "net", "accuracy", "sd") == pytest.approx(np.std([1, 0.5], ddof=1))


def test_only_pooled_figures_have_an_interval():
    table = metrics_table({"net": predictions([0.1, 0.9, 0.1, 0.2])}, TWO)
    given = table[table["low"].notna()]
    assert set(given["fold"]) == {"pooled"}
    assert figure(table, "net", "accuracy", "pooled") == 0.75
    assert figure(table, "net", "accuracy", "pooled", "low") == 0.25
    assert figure(table, "net", "accuracy", "pooled", "high") == 1


def test_one_group_has_no_interval():
    table = metrics_table({"net": predictions([0.1, 0.9, 0.1, 0.2], "aaaa")}, TWO)
    assert table["low"].isna().all()


def test_a_single_held_out_fold_has_no_spread():
    table = metrics_table({"net": predictions([0.1, 0.9, 0.1, 0.2]).assign(fold=0)}, TWO)
    assert figure(table, "net", "accuracy", "mean") == 0.75
    assert np.isnan(table.loc[table["fold"] == "sd", "value"]).all()
    assert not figure(table, "net", "auroc", "pooled", "high") < figure(table, "net", "auroc")


def test_temperatures_of_the_nets_give_a_second_calibration_error():
    scores = [0.1, 0.9, 0.1, 0.2]
    table = metrics_table({"net": predictions(scores, temperature=[1, 1, 1e6, 1e6])}, TWO)
    assert figure(table, "net", "ece", "0") == pytest.approx(0.1)
    assert figure(table, "net", "ece_after_temperature", "0") == pytest.approx(0.1)
    assert figure(table, "net", "ece", "1") == pytest.approx(0.45)  # off by 0.1 and 0.8
    assert figure(table, "net", "ece_after_temperature", "1") == pytest.approx(0, abs=1e-5)
    highs = [figure(table, "net", name, "pooled", "high") for name in ("ece", AFTER_TEMPERATURE)]
    assert highs[1] < highs[0]
    unfitted = metrics_table({"net": predictions(scores, temperature=np.nan)}, TWO)
    assert np.isnan(figure(unfitted, "net", "ece_after_temperature", "pooled"))
    assert "ece_after_temperature" not in set(metrics_table({"n": predictions(scores)}, TWO).metric)


def test_a_net_that_beats_no_baseline_is_named():
    frames = {
        "net": predictions([0.1, 0.9, 0.1, 0.2]),
        "good": predictions([0.1, 0.9, 0.1, 0.9]),
        "none": predictions([np.nan] * 4),
    }
    names = below_baselines(metrics_table(frames, TWO), "net")
    assert len(names) == 2
    assert all(name.startswith("good") for name in names)
