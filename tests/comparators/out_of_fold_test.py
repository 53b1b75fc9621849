import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from cellscreen.comparators.out_of_fold import out_of_fold
from cellscreen.errors import DataError

CLASSES = ("nontoxic", "toxic")


class Spy:
    """Notes the rows that it is fitted on and asked for, by their index."""

    def __init__(self, notes):
        self._notes = notes

    def fit(self, columns, labels):
        self.classes_ = np.unique(labels)
        self._notes.append((set(columns.index), set(), list(labels)))
        return self

    def predict_proba(self, columns):
        self._notes[-1][1].update(columns.index)
        return np.full((len(columns), len(self.classes_)), 0.5)


def manifest(labels, folds, trained=True):
    n = len(labels)
    return pd.DataFrame(
        {
            "key": [f"P/{i}" for i in range(n)],
            "group": [f"g{i // 2}" for i in range(n)],
            "fold": folds,
            "inner": -1,
            "label": labels,
            "trained": trained,
        }
    )


def test_rows_of_a_held_out_compound_never_enter_its_fit(make_cells, make_manifest):
    cells = make_cells()
    rows, notes = make_manifest(cells), []
    inputs = pd.DataFrame({"x": np.arange(len(rows), dtype=float)}, index=rows.index)
    out_of_fold(rows, lambda fold: inputs, lambda: Spy(notes), CLASSES)
    assert len(notes) == 3
    for fold, (fitted, asked, _) in enumerate(notes):
        held_out = set(rows.index[rows["fold"] == fold])
        assert fitted
        assert asked
        assert not fitted & held_out
        assert asked <= held_out
        assert not set(rows.loc[list(fitted), "group"]) & set(rows.loc[list(asked), "group"])
        assert rows.loc[list(fitted | asked), "trained"].all()


def test_inputs_are_asked_for_by_fold():
    rows = manifest([0, 1] * 4, [0, 0, 0, 0, 1, 1, 1, 1])
    told = {0: [0.0, 1.0] * 4, 1: [1.0, 0.0] * 4}

    def columns_of(fold):
        return pd.DataFrame({"x": told[fold]}, index=rows.index)

    found = out_of_fold(rows, columns_of, LogisticRegression, CLASSES)
    assert (found["p_toxic"].round() == found["label"]).all()
    assert list(found.columns) == ["key", "group", "fold", "label", "p_nontoxic", "p_toxic"]


def test_a_row_without_inputs_has_no_answer():
    rows, notes = manifest([0, 1] * 4, [0, 0, 0, 0, 1, 1, 1, 1]), []
    inputs = pd.DataFrame({"x": [np.nan, *range(7)]}, index=rows.index)
    found = out_of_fold(rows, lambda fold: inputs, lambda: Spy(notes), CLASSES)
    assert found["p_toxic"].isna().tolist() == [True] + [False] * 7
    assert notes[1][0] == {1, 2, 3}


def test_rows_that_are_never_held_out_always_train():
    rows, notes = manifest([0, 1, 0, 1], [-1, -1, 0, 0]), []
    inputs = pd.DataFrame({"x": [0.0, 1.0, 0.0, 1.0]}, index=rows.index)
    found = out_of_fold(rows, lambda fold: inputs, lambda: Spy(notes), CLASSES)
    assert found["key"].tolist() == ["P/2", "P/3"]
    assert notes[0][0] == {0, 1}


def test_a_fold_that_leaves_a_class_without_features_is_refused():
    rows = manifest([0, 1, 0, 1], [0, 0, 1, 1])
    inputs = pd.DataFrame({"x": [0.0, 1.0, 0.0, np.nan]}, index=rows.index)
    with pytest.raises(DataError, match=r"fold 0 leaves none of class \[1\]"):
        out_of_fold(rows, lambda fold: inputs, LogisticRegression, CLASSES)
