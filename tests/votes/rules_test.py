import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError, DataError
from cellscreen.votes.rules import RULES, vote

TWO, THREE = ["a", "b"], ["a", "b", "c"]


def cells(rows, label=0, classes=TWO):
    frame = pd.DataFrame(rows, columns=[f"p_{name}" for name in classes], dtype=float)
    return frame.assign(label=label)


def one(rows, rule, classes=TWO):
    """The answer of one unit."""
    return vote(cells(rows, classes=classes), pd.Series(["x"] * len(rows)), classes, rule).iloc[0]


@pytest.mark.parametrize(
    ("rule", "p_a", "called"),
    [
        ("majority", 2 / 3, 0),
        ("mean", 0.4, 1),
        # Weights (p - 1/2) / (1/2): 0.2, 0.2 and 1.
        ("weighted", (0.2 * 0.6 + 0.2 * 0.6 + 0) / 1.4, 1),
    ],
)
def test_rules_by_hand(rule, p_a, called):
    found = one([(0.6, 0.4), (0.6, 0.4), (0, 1)], rule)
    assert found["p_a"] == pytest.approx(p_a)
    assert found["p_a"] + found["p_b"] == pytest.approx(1)
    assert (found["called"], found["n_cells"], found["label"], found["unit"]) == (called, 3, 0, "x")


def test_a_tied_majority_goes_to_the_higher_mean_probability():
    found = one([(0.6, 0.4, 0), (0.1, 0.9, 0)], "majority", THREE)
    assert found[["p_a", "p_b", "p_c"]].tolist() == [0.5, 0.5, 0]
    assert found["called"] == 1


def test_a_class_without_a_vote_wins_no_tie():
    rows = [(0.5, 0.05, 0.45), (0.05, 0.5, 0.45)]  # c has the highest mean and no vote
    assert one(rows, "majority", THREE)["called"] == 0
    assert one(rows, "mean", THREE)["called"] == 2


def test_a_full_tie_goes_to_the_first_class_in_any_order_of_the_cells():
    thirds = [(0.7, 0.2, 0.1), (0.1, 0.7, 0.2), (0.2, 0.1, 0.7)]  # sums differ in the last digit
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        for rule in RULES:
            assert one([thirds[i] for i in order], rule, THREE)["called"] == 0


def test_cells_without_any_confidence_are_averaged():
    found = one([(0.5, 0.5), (0.5, 0.5)], "weighted")
    assert found[["p_a", "p_b", "called"]].tolist() == [0.5, 0.5, 0]


def test_an_unsure_cell_has_no_say_beside_a_sure_one():
    assert one([(0.5, 0.5)] * 9 + [(0.2, 0.8)], "weighted")["p_b"] == pytest.approx(0.8)


def test_one_class_is_always_called():
    assert one([(1.0,)], "weighted", ["a"])["called"] == 0


def test_units_stay_in_the_order_they_come_in():
    table = cells([(1, 0), (0, 1), (0, 1)], label=[0, 1, 0])
    found = vote(table, pd.Series(["z", "a", "z"]), TWO)
    assert found["unit"].tolist() == ["z", "a"]
    assert found["n_cells"].tolist() == [2, 1]
    assert found["label"].tolist() == [0, 1]
    assert found["p_a"].tolist() == [0.5, 0]
    assert found.columns.tolist() == ["unit", "n_cells", "label", "p_a", "p_b", "called"]


@pytest.mark.parametrize("rule", RULES)
def test_many_units_are_what_each_is_alone(rule):
    random = np.random.default_rng(0)
    rows = random.dirichlet(np.ones(3) / 2, 60)
    unit = pd.Series(random.integers(9, size=60)).astype(str)
    found = vote(cells(rows, classes=THREE), unit, THREE, rule).set_index("unit")
    for name, part in unit.groupby(unit):
        alone = one(rows[part.index], rule, THREE)
        columns = ["n_cells", "p_a", "p_b", "p_c", "called"]
        assert found.loc[name, columns].tolist() == pytest.approx(alone[columns].tolist())


def test_unknown_labels_stay_unknown():
    assert vote(cells([(1, 0)], label=-1), pd.Series(["x"]), TWO)["label"].tolist() == [-1]


def test_no_cells_make_no_units():
    assert len(vote(cells([]), pd.Series([], dtype=str), TWO)) == 0


@pytest.mark.parametrize(
    ("table", "unit", "error", "text"),
    [
        (cells([(1, 0)] * 2, label=[0, 1]), ["x", "x"], DataError, r"x has a and b \(1 of 1 units"),
        (cells([(1, 0)] * 2, label=[-1, 1]), ["x", "x"], DataError, r"x has -1 and b"),
        (cells([(np.nan, 1)]), ["x"], DataError, r"1 of 1 have none"),
        (cells([(1, 0)] * 2), ["x", None], DataError, r"1 of 2 have none, the first in row 1"),
        (cells([(1, 0)] * 2), ["", "x"], DataError, r"1 of 2 have none, the first in row 0"),
        (cells([(1, 0)] * 2), ["x"], DataError, r"each of 2 answers, on their index; got 1"),
        (cells([(1, 0)]).drop(columns="label"), ["x"], DataError, r"columns label once"),
        (cells([(1, 0)]).drop(columns="p_b"), ["x"], DataError, r"columns p_b once"),
    ],
)
def test_wrong_input_is_told(table, unit, error, text):
    with pytest.raises(error, match=text):
        vote(table, pd.Series(unit, dtype=object), TWO)


def test_units_of_other_rows_are_refused():
    with pytest.raises(DataError, match="on their index"):
        vote(cells([(1, 0)] * 2), pd.Series(["x", "y"], index=[1, 0]), TWO)


def test_an_unknown_rule_is_told():
    with pytest.raises(ConfigError, match=r"majority, mean, weighted; got 'median'"):
        vote(cells([(1, 0)]), pd.Series(["x"]), TWO, "median")
