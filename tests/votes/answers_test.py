import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import DataError
from cellscreen.votes.answers import called_cells, calls_of


def answers(*rows, classes="abc", **columns):
    return pd.DataFrame(rows, columns=[f"p_{name}" for name in classes]).assign(**columns)


def test_a_cell_calls_its_most_probable_class_and_the_first_of_equals():
    found = calls_of(answers((0.2, 0.5, 0.3), (0.2, 0.4, 0.4), (0.1, 0.2, 0.7)), "abc")
    assert found.called.tolist() == [1, 1, 2]
    assert found.confidence.tolist() == [0.5, 0.4, 0.7]


def test_the_order_of_classes_is_the_given_one():
    assert calls_of(answers((0.2, 0.5, 0.3)), "cba").called.tolist() == [1]
    assert calls_of(answers((0.2, 0.3, 0.5)), "cba").called.tolist() == [0]


def test_cells_are_units_of_their_own_and_share_memory_with_the_answers():
    given = answers((0.2, 0.5, 0.3), key=["p/A01/1:7"], label=[1])
    table = called_cells(given, "abc")
    assert table[["unit", "n_cells", "called"]].iloc[0].tolist() == ["p/A01/1:7", 1, 1]
    assert np.shares_memory(table["p_b"].to_numpy(), given["p_b"].to_numpy())
    assert "called" not in given


@pytest.mark.parametrize(
    ("table", "classes", "text"),
    [
        (answers((1.0, 0.0, 0.0)), "abd", r"columns p_d once .*got p_d 0 times"),
        (answers((1.0, 0.0, 0.0)), "abb", r"columns p_b once"),
        (answers((1.0, 0.0, 0.0), (np.nan, 0.5, 0.5), key=["x", "y"]), "abc", r"1 of 2 .* is y"),
        (answers((3.0, 1.0, -1.0)), "abc", r"sum to 1; those of row 0 sum to 3.* 1 of 1 rows"),
    ],
)
def test_wrong_answers_are_told(table, classes, text):
    with pytest.raises(DataError, match=text):
        calls_of(table, classes)


def test_no_cells_have_no_calls():
    assert len(calls_of(answers(), "abc").called) == 0
