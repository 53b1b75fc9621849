import pandas as pd
import pytest

from cellscreen.errors import ScoreError
from cellscreen.explain.false_predictions import compound_calls, most_right, most_wrong

CLASSES = ("safe", "toxic")


def scores(rows):
    frame = pd.DataFrame(rows, columns=["Metadata_pert_iname", "Metadata_concentration_um", "p"])
    return frame.assign(
        key=[f"P/{number}" for number in range(len(frame))],
        fold=pd.array([0] * len(frame), dtype="Int64"),
        Score_tox_safe=1 - frame["p"],
        Score_tox_toxic=frame["p"],
    )


def calls(rows, labels):
    keys = [f"P/{number}" for number in range(len(rows))]
    return compound_calls(scores(rows), pd.Series(labels, index=keys), "tox", CLASSES)


def test_a_compound_is_called_by_its_mean_over_all_doses():
    found = calls([("A", 1.0, 0.2), ("A", 9.0, 0.6)], [1, 1]).iloc[0]

    assert (found["called"], found["label"], bool(found["wrong"])) == ("safe", "toxic", True)
    assert found["p_called"] == pytest.approx(0.6)
    assert found["p_label"] == pytest.approx(0.4)
    assert found["top_p_label"] == pytest.approx(0.6)
    assert (found["bags"], found["doses"], found["folds"]) == (2, 2, "0")


def test_the_most_confidently_wrong_come_first_and_the_most_confidently_right_last():
    rows = [("A", 1.0, 0.1), ("B", 1.0, 0.4), ("C", 1.0, 0.1), ("D", 1.0, 0.9), ("E", 1.0, 0.7)]
    found = calls(rows, [1, 1, 0, 1, 0])

    assert most_wrong(found, 2)["compound"].tolist() == ["A", "E"]
    assert most_wrong(found, 9)["compound"].tolist() == ["A", "E", "B"]
    assert most_right(found, 1)["compound"].tolist() == ["C", "D"]


def test_compounds_without_a_known_class_are_not_called():
    assert calls([("A", 1.0, 0.1)], [-1]).empty


def test_a_compound_with_two_labels_has_a_row_each():
    found = calls([("A", 1.0, 0.1), ("A", 1.0, 0.3)], [0, 1])

    assert found["label"].tolist() == ["toxic", "safe"]


def test_scores_without_a_class_are_refused():
    lacking = scores([("A", 1.0, 0.1)]).drop(columns="Score_tox_safe")
    with pytest.raises(ScoreError, match="missing: Score_tox_safe"):
        compound_calls(lacking, pd.Series({"P/0": 1}), "tox", CLASSES)
