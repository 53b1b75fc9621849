import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ScoreError
from cellscreen.screening.truth import precision_against_truth, read_truth, write_precision

TRUTH = pd.DataFrame(
    {"pert_iname": list("abcd"), "kind": ["protects", "protects", "one_line", "inactive"]}
)


def _votes(names, paper, bh):
    return pd.DataFrame({"pert_iname": list(names), "paper_active": paper, "bh_active": bh})


def test_both_rules_are_counted_by_compound():
    votes = _votes("aabcd", [True, True, False, True, True], [True, False, False, False, True])
    table = precision_against_truth(votes, TRUTH).set_index("rule")
    assert table.loc["paper's rule alone"].tolist() == [3, 1, 2, 2, pytest.approx(1 / 3), 0.5]
    assert table.loc["paper's rule and q"].tolist() == [2, 1, 1, 2, 0.5, 0.5]


def test_undefined_shares_are_nan():
    table = precision_against_truth(_votes("a", [False], [False]), TRUTH)
    assert np.isnan(table["precision"]).all()
    assert (table["recall"] == 0).all()
    nothing = precision_against_truth(_votes("d", [True], [True]), TRUTH[3:])
    assert np.isnan(nothing["recall"]).all()


def test_a_truth_that_does_not_fit_is_named(tmp_path):
    with pytest.raises(ScoreError, match=r"missing: x, y\..*belongs to this simulation"):
        precision_against_truth(_votes("yx", [True] * 2, [True] * 2), TRUTH)
    with pytest.raises(ScoreError, match="missing: column kind"):
        precision_against_truth(_votes("a", [True], [True]), TRUTH[["pert_iname"]])
    with pytest.raises(ScoreError, match=r"no such file\. \[file .*truth\.csv\]"):
        read_truth(tmp_path / "truth.csv")


def test_counts_are_written(tmp_path):
    TRUTH.to_csv(tmp_path / "truth.csv", index=False)
    truth = read_truth(tmp_path / "truth.csv")
    precision = precision_against_truth(_votes("a", [True], [True]), truth)
    write_precision(precision, tmp_path / "precision.csv")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "precision.csv"), precision)
