import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import DataError
from cellscreen.votes.class_table import class_table
from cellscreen.votes.confusion import (
    clustered_order,
    confusion_counts,
    largest_confusions,
    row_shares,
)

THREE = ["a", "b", "c"]
# a: right in w1, twice b in w2. b: twice a in w3 and w4, once right. Nobody is c, one is called c.
UNITS = pd.DataFrame({"label": [0, 0, 0, 1, 1, 1, 1], "called": [0, 1, 1, 0, 0, 1, 2]})
WELLS = pd.Series(["w1", "w2", "w2", "w3", "w4", "w4", "w4"])


def test_counts_and_shares_by_hand():
    counts = confusion_counts(UNITS, THREE)
    assert counts.to_numpy().tolist() == [[1, 2, 0], [2, 1, 1], [0, 0, 0]]
    assert counts.loc["a", "b"] == 2
    shares = row_shares(counts)
    assert shares.loc["b"].tolist() == [0.5, 0.25, 0.25]
    assert shares.loc["c"].isna().all()


def test_the_largest_confusions_come_first_with_their_wells():
    found = largest_confusions(UNITS, WELLS, THREE)
    assert found[["true", "called", "n"]].to_numpy().tolist() == [
        ["a", "b", 2],
        ["b", "a", 2],
        ["b", "c", 1],
    ]
    assert found["share"].tolist() == pytest.approx([2 / 3, 1 / 2, 1 / 4])
    assert found["n_groups"].tolist() == [1, 2, 1]
    assert found["n_groups_true"].tolist() == [2, 2, 2]
    assert found["right_share"].tolist() == pytest.approx([1 / 3, 1 / 4, 1 / 4])
    assert found["back_share"].tolist() == pytest.approx([1 / 2, 2 / 3, np.nan], nan_ok=True)
    assert (found["low"] < found["share"]).all()
    assert (found["high"] > found["share"]).all()
    assert found["high"].iloc[0] > 0.9  # two wells say little
    assert len(largest_confusions(UNITS, WELLS, THREE, most=1)) == 1
    without = largest_confusions(UNITS, WELLS, THREE, leave_out="b")
    assert without["called"].tolist() == ["a", "c"]
    assert without["share"].tolist() == pytest.approx([1 / 2, 1 / 4])


def test_no_wrong_call_leaves_no_row():
    right = pd.DataFrame({"label": [0, 1], "called": [0, 1]})
    assert len(largest_confusions(right, WELLS[:2], THREE)) == 0


def test_classes_called_alike_stand_side_by_side():
    random = np.random.default_rng(0)
    order = random.permutation(12)
    blocks = np.kron(np.eye(4, dtype=int), np.full((3, 3), 5)) + 0
    names = [f"{'wxyz'[k // 3]}{k % 3}" for k in order]
    counts = pd.DataFrame(blocks[np.ix_(order, order)], index=names, columns=names)
    found = clustered_order(counts)
    assert sorted(found) == sorted(names)
    families = [name[0] for name in found]
    assert all(len(set(families[start : start + 3])) == 1 for start in range(0, 12, 3))


def test_classes_that_do_not_occur_come_last():
    counts = pd.DataFrame([[0, 0, 0], [0, 1, 0], [1, 1, 1]], index=THREE, columns=THREE)
    assert clustered_order(counts)[-1] == "a"
    assert clustered_order(counts * 0) == THREE


def test_numbers_of_no_class_are_told():
    with pytest.raises(DataError, match=r"from 0 to 1 in called; got 2 in row 6"):
        confusion_counts(UNITS, ["a", "b"])


def test_every_class_by_hand():
    found = class_table(UNITS, WELLS, THREE).set_index("class")
    assert found["n"].tolist() == [3, 4, 0]
    assert found["share"].tolist() == pytest.approx([3 / 7, 4 / 7, 0])
    assert found["n_groups"].tolist() == [2, 2, 0]
    assert found["called"].tolist() == [3, 3, 1]
    assert found["called_share"].tolist() == pytest.approx([3 / 7, 3 / 7, 1 / 7])
    assert found["recall"].tolist() == pytest.approx([1 / 3, 1 / 4, np.nan], nan_ok=True)
    assert found["precision"].tolist() == pytest.approx([1 / 3, 1 / 3, 0])
    assert found["top_wrong"].tolist() == ["b", "a", ""]
    assert found["top_wrong_share"].tolist() == pytest.approx([2 / 3, 1 / 2, np.nan], nan_ok=True)
    assert found["beaten"].tolist() == [True, True, False]


def test_recall_has_as_many_trials_as_wells():
    units = pd.DataFrame({"label": [0] * 300, "called": [0] * 300})
    wells = pd.Series(np.repeat(["w1", "w2", "w3"], 100))
    found = class_table(units, wells, THREE).set_index("class").loc["a"]
    assert (found["recall"], found["n_groups"]) == (1, 3)
    assert (found["low"], found["high"]) == pytest.approx((3 / (3 + 1.959964**2), 1))


def test_a_class_that_is_not_called_has_no_precision_and_none_without_units_a_recall():
    found = class_table(pd.DataFrame({"label": [0], "called": [0]}), WELLS[:1], THREE)
    assert found["precision"].isna().tolist() == [False, True, True]
    assert found[["recall", "low", "high"]].isna().all(axis=1).tolist() == [False, True, True]
    empty = class_table(pd.DataFrame({"label": [], "called": []}, dtype=int), WELLS[:0], THREE)
    assert empty[["share", "called_share", "recall"]].isna().all(axis=None)
